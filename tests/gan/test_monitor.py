"""Faults are planted in real networks and real clips; each has a healthy twin that must stay silent."""

import pytest
import torch

from videoai.gan.discriminator import DualDiscriminator
from videoai.gan.energy_distance import motion_features, spread
from videoai.gan.losses import discriminator_hinge
from videoai.gan.monitor import Monitor

PATIENCE = 20


def watch(real, made, *, lr: float, steps: int = 300) -> Monitor:
    """Train a discriminator to tell ``real(step)`` from ``made(step)``, both uint8 [N, T, C, H, W], under a monitor."""
    torch.manual_seed(0)
    discriminator = DualDiscriminator(num_classes=1, num_frames=8, size=8, width=8, spectral_norm=False)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=lr)
    monitor = Monitor(patience=PATIENCE)
    for step in range(steps):
        video = torch.cat([real(step), made(step)])[:, ::2, :, ::4, ::4].transpose(1, 2) / 127.5 - 1
        scores = discriminator(video, torch.zeros(len(video), dtype=torch.int64))
        real_scores, made_scores = scores.chunk(2)
        loss = discriminator_hinge(real_scores, made_scores)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        monitor.update(real_scores.sign().mean(), loss)
    return monitor


def test_a_discriminator_that_learns_four_clips_by_heart_is_told(motion_clips):
    """Made clips are real ones of the same class, so only memory tells them apart."""
    few, others = motion_clips("left", 0, 4), motion_clips("left", 4, 40)
    monitor = watch(lambda step: few, lambda step: others[torch.arange(4 * step, 4 * step + 4) % 40], lr=3e-3)
    kinds = [event.kind for event in monitor.events({})]
    assert "discriminator_overfit" in kinds
    overfit = monitor.events({})[0]
    assert overfit.value > 0.95 and "gan.ada_target=0.6" in overfit.message


@pytest.mark.slow
def test_a_discriminator_with_nothing_to_tell_apart_is_well(motion_clips):
    clips = motion_clips("left", 0, 40)
    half = [clips[torch.arange(4 * step, 4 * step + 4) % 40] for step in range(300)]
    assert not watch(half.__getitem__, half.__getitem__, lr=3e-3).events({})


def test_a_lost_generator_is_told(motion_clips):
    clips = motion_clips("left", 0, 4)
    monitor = watch(lambda step: clips, lambda step: torch.zeros_like(clips), lr=3e-3)
    assert "generator_lost" in [event.kind for event in monitor.events({})]


def spreads(made: dict[str, torch.Tensor], motion_clips) -> dict[str, float]:
    return {
        name: spread(motion_features(clips)) / spread(motion_features(motion_clips(name, 20)))
        for name, clips in made.items()
    }


def test_a_class_whose_clips_are_one_clip_and_noise_is_told_and_the_others_are_not(motion_clips):
    made = {name: motion_clips(name) for name in ("left", "up")}
    noise = torch.randint(0, 3, made["up"].shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    collapsed = {**made, "up": made["up"][:1].clamp(max=250) + noise}
    monitor = Monitor(patience=1)
    monitor.update(torch.tensor(0.0), torch.tensor(2.0))
    assert not monitor.events(spreads(made, motion_clips))
    (event,) = monitor.events(spreads(collapsed, motion_clips))
    assert event.kind == "mode_collapse" and event.value < 0.3
    assert "1 of 2 classes are nearly alike (spread over that of real ones: up" in event.message


def test_clips_are_given_time_to_become_different():
    monitor = Monitor(patience=2)
    for expected in (0, 0, 1):
        assert len(monitor.events({"left": 0.1})) == expected
        monitor.update(torch.tensor(0.0), torch.tensor(2.0))


def test_running_means_follow_by_a_twentieth_and_a_loss_above_the_limit_starts_the_count_again():
    monitor = Monitor(patience=2)
    monitor.update(torch.tensor(1.0), torch.tensor(0.0))
    assert monitor.real_sign.item() == pytest.approx(0.05)
    assert monitor.discriminator_loss.item() == pytest.approx(2 * 0.95)
    for loss, lost_for in ((0.0, 1), (0.0, 2), (2.0, 0)):
        monitor.discriminator_loss.fill_(0.1)  # at the limit
        monitor.update(torch.tensor(0.0), torch.tensor(loss))
        assert monitor.lost_for == lost_for


@pytest.mark.parametrize("break_at", [None, 10])
def test_one_good_stretch_starts_the_count_again_and_the_count_is_kept_in_the_state(break_at):
    monitor = Monitor(patience=300)
    for step in range(400):
        monitor.update(torch.tensor(-1.0 if break_at and 200 <= step < 200 + break_at else 1.0), torch.tensor(1.0))
    again = Monitor(patience=150)
    again.load_state_dict(monitor.state_dict())
    assert bool(again.events({})) == (break_at is None)
