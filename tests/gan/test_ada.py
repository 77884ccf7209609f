import pytest
import torch

from videoai.gan.ada import Augmentation


def test_without_a_target_everything_is_augmented():
    always = Augmentation()
    always.update(torch.full((4,), -5.0))
    assert always.p == 1


@pytest.mark.parametrize(("score", "p"), [(2.0, 0.4), (-2.0, 0.0)])
def test_p_follows_the_sign_of_real_scores(score, p):
    adaptive = Augmentation(0.6, clips_to_one=100)
    for _ in range(10):
        adaptive.update(torch.full((4,), score))
    assert adaptive.p.item() == pytest.approx(p)


def test_p_stays_below_what_leaks_and_is_kept_in_the_state():
    adaptive = Augmentation(0.6, clips_to_one=8)
    for _ in range(10):
        adaptive.update(torch.ones(4))
    assert adaptive.state_dict()["p"].item() == pytest.approx(0.8)
