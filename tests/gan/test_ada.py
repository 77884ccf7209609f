import pytest
import torch

from videoai.gan.ada import Augmentation


def step(augmentation: Augmentation, *scores: torch.Tensor) -> None:
    """One micro-batch for each of ``scores``."""
    for each in scores:
        augmentation.note(each)
    augmentation.update()


def test_without_a_target_everything_is_augmented():
    always = Augmentation()
    step(always, torch.full((4,), -5.0))
    assert always.p == 1


@pytest.mark.parametrize(("score", "p"), [(2.0, 0.4), (-2.0, 0.0)])
def test_p_follows_the_sign_of_real_scores(score, p):
    adaptive = Augmentation(0.6, clips_to_one=100)
    for _ in range(10):
        step(adaptive, torch.full((2,), score), torch.full((2,), score))
    assert adaptive.p.item() == pytest.approx(p)


def test_p_stays_below_what_leaks_and_is_kept_in_the_state():
    adaptive = Augmentation(0.6, clips_to_one=8)
    for _ in range(10):
        step(adaptive, torch.ones(4))
    assert adaptive.state_dict()["p"].item() == pytest.approx(0.8)


def test_a_step_decides_by_all_of_its_clips():
    """Three of four signs are positive, a mean of 0.5; by micro-batch p would have gone up once and down once."""
    adaptive = Augmentation(0.4, clips_to_one=8)
    step(adaptive, torch.ones(2), torch.tensor([1.0, -1.0]))
    assert adaptive.p.item() == pytest.approx(0.5)
    step(adaptive, -torch.ones(2))
    assert adaptive.p.item() == pytest.approx(0.25)
