import pytest
import torch

from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.gan.ada import Augmentation
from videoai.gan.auxiliary import AuxiliaryClassifier
from videoai.gan.discriminator import DualDiscriminator
from videoai.gan.gan import Gan
from videoai.gan.generator import Generator
from videoai.gan.losses import discriminator_hinge, generator_hinge, r1_penalty
from videoai.gan.monitor import Monitor
from videoai.gan.sampling import batch_latents
from videoai.tasks.gan.step import Generate, frozen

FP32 = Precision("fp32", device=torch.device("cpu"))
CLIP = ClipSpec(num_frames=8, size=16, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def make(**options) -> Generate:
    torch.manual_seed(0)
    size = {"num_classes": 2, "num_frames": 8, "size": 16, "width": 4}
    gan = Gan(Generator(**size), DualDiscriminator(**size, spectral_norm=False), Augmentation(), Monitor())
    return Generate(model=gan, to_input=ToModelInput(CLIP), **{"policy": [], **options})


def clips() -> Clips:
    video = torch.randint(0, 256, (4, 8, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return Clips(video, torch.tensor([0, 1, 0, 1]), torch.arange(4), torch.zeros(4, dtype=torch.int64), [""] * 4)


def gradients(module: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.grad.clone() for parameter in module.parameters()]


@pytest.mark.parametrize(
    ("options", "seed", "conditioning", "r1"),
    [({}, 0, 1.0, 0.0), ({"seed": 3, "conditioning_steps": (0, 10), "r1": 0.2, "r1_every": 5}, 3, 0.5, 0.2 * 5)],
)
def test_one_backward_pass_gives_each_network_the_gradient_of_its_own_loss(options, seed, conditioning, r1):
    """Against two passes over two losses; 1e-6: the order of float32 sums."""
    task = make(**options)
    task.train_step(clips(), FP32, 5)["loss"].backward()
    together = gradients(task.model.generator), gradients(task.model.discriminator)

    generator, discriminator = make().model.generator, make().model.discriminator
    real, label, *_ = task.to_input(clips())
    fake = generator(batch_latents(4, generator.latent_size, seed=seed, position=5), label, conditioning)
    scores = discriminator(torch.cat([real, fake.detach()]), label.repeat(2), conditioning)
    loss_d = discriminator_hinge(*scores.chunk(2))
    (loss_d + r1 * r1_penalty(discriminator, real, label, conditioning)).backward()
    apart = gradients(discriminator)
    generator_hinge(discriminator(fake, label, conditioning)).backward()
    for ours, theirs in zip([*together[0], *together[1]], [*gradients(generator), *apart], strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_classifier_learns_from_real_clips_and_the_generator_from_being_named():
    """One step, seen by the gradients: 1e-6 is the order of float32 sums."""
    size = {"num_classes": 2, "num_frames": 8, "size": 16, "width": 8}
    task, plain = make(class_weight=0.5, conditioning_steps=(0, 10)), make(conditioning_steps=(0, 10))
    torch.manual_seed(1)
    task.model.auxiliary = AuxiliaryClassifier(**size)
    stats = task.train_step(clips(), FP32, 5)
    assert stats["loss"].item() == pytest.approx(
        (stats["loss_d"] + stats["loss_g"] + stats["class_real"] + 0.5 * 0.5 * stats["class_fake"]).item()
    )
    stats["loss"].backward()
    of_classifier, of_generator = gradients(task.model.auxiliary), gradients(task.model.generator)
    plain.train_step(clips(), FP32, 5)["loss"].backward()
    assert not all(
        torch.allclose(a, b, atol=1e-6) for a, b in zip(of_generator, gradients(plain.model.generator), strict=True)
    )
    task.model.zero_grad()
    real, label, *_ = task.to_input(clips())
    torch.nn.functional.cross_entropy(task.model.auxiliary(real), label).backward()
    for ours, alone in zip(of_classifier, gradients(task.model.auxiliary), strict=True):
        assert torch.allclose(ours, alone, atol=1e-6)


def test_made_clips_of_a_class_that_are_alike_cost_their_weight():
    stats = make(mode_seeking_weight=3.0).train_step(clips(), FP32, 5)
    assert 0 < stats["sameness"] <= 1
    rest = stats["loss_d"] + stats["loss_g"]
    assert stats["loss"].item() == pytest.approx((rest + 3 * stats["sameness"]).item())
    assert "sameness" not in make().train_step(clips(), FP32, 5)


def test_what_is_frozen_learns_again_afterwards_even_after_an_error():
    module = torch.nn.Linear(2, 1)
    with frozen(module):
        assert not any(parameter.requires_grad for parameter in module.parameters())
    with pytest.raises(RuntimeError, match="shapes"), frozen(module):
        module(torch.zeros(1, 3))
    assert all(parameter.requires_grad for parameter in module.parameters())


@pytest.mark.parametrize(("position", "weight"), [(0, 0.0), (10, 0.0), (15, 0.5), (20, 1.0), (99, 1.0)])
def test_the_class_fades_in(position, weight):
    assert make(conditioning_steps=(10, 20)).conditioning(position) == weight
    assert make().conditioning(position) == 1
    twice = make(conditioning_steps=(10, 20), accumulate=2)  # steps, of two micro-batches each
    assert [twice.conditioning(2 * position + number) for number in range(2)] == [weight] * 2


def test_the_gradient_penalty_comes_every_few_steps_with_the_weight_of_all():
    def loss(position: int, **options) -> float:
        return float(make(**options).train_step(clips(), FP32, position)["loss"].detach())

    once, twice = (loss(4, r1=r1, r1_every=4) - loss(4) for r1 in (1.0, 2.0))
    assert once > 0 and twice == pytest.approx(2 * once, rel=1e-4)
    assert loss(4, r1=1.0, r1_every=2) - loss(4) == pytest.approx(once / 2, rel=1e-4)
    assert loss(3, r1=1.0, r1_every=4) == loss(3)
    for position, has_penalty in ((4, True), (5, True), (6, False), (8, True)):  # steps 2, 2, 3 and 4
        assert (loss(position, r1=1.0, r1_every=2, accumulate=2) > loss(position) + 1e-6) == has_penalty


def test_real_and_made_clips_are_augmented_by_draws_of_their_own():
    task = make(policy=["color"])
    video = torch.zeros(2, 3, 8, 16, 16)
    assert not torch.equal(task.augment(video, "real", 0), task.augment(video, "fake", 0))
    assert not torch.equal(task.augment(video, "real", 0), task.augment(video, "real", 1))


def test_it_says_what_to_watch_and_counts_it():
    task = make()
    stats = task.train_step(clips(), FP32, 0)
    assert set(stats) == {"loss", "loss_d", "loss_g", "sign_real", "sign_fake", "augment_p"}
    assert stats["loss"] == stats["loss_d"] + stats["loss_g"]
    assert task.model.monitor.steps == 1


class Bright(torch.nn.Module):
    """A discriminator that takes white clips for real, and all others for made."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(()))

    def forward(self, video: torch.Tensor, label: torch.Tensor, conditioning: float = 1.0) -> torch.Tensor:
        return self.gain * (video.mean((1, 2, 3, 4)) - 0.9)


def test_augmentation_and_monitor_follow_the_scores_of_real_clips():
    task = make(accumulate=2)
    task.model.discriminator = Bright()
    task.model.augmentation = Augmentation(0.6, clips_to_one=100)
    white = clips()._replace(video=torch.full_like(clips().video, 255))
    for position in range(2):
        stats = task.train_step(white, FP32, position)
    assert (stats["sign_real"], stats["sign_fake"]) == (1, -1)
    assert stats["augment_p"] == pytest.approx(2 * 4 / 100)  # once, for the clips of both micro-batches
    assert task.model.monitor.steps == 1  # one step of two micro-batches
    assert task.model.monitor.real_sign > 0


def test_clips_are_augmented_as_often_as_the_discriminator_needs():
    task, video = make(policy=["cutout"]), torch.ones(64, 3, 8, 16, 16)
    task.model.augmentation = Augmentation(0.6)
    assert torch.equal(task.augment(video, "real", 0), video)
    task.model.augmentation.p.fill_(0.5)
    changed = (task.augment(video, "real", 0) != video).flatten(1).any(1).float().mean()
    assert 0.2 < changed < 0.8  # half of 64, give or take four standard deviations
