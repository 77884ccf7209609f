import pytest
import torch

from videoai.models import create_model
from videoai.models.heads import head_parameters, num_outputs
from videoai.models.late_fusion import LateFusion, SoundNet, SoundOnly


def fused(**dropout: float) -> LateFusion:
    torch.manual_seed(0)
    return LateFusion(create_model("tiny_r3d", num_classes=4), SoundNet(4, width=4), **dropout)


def clips(num_clips: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(num_clips, 3, 8, 32, 32, generator=rng), torch.randn(num_clips, 64, 32, generator=rng)


def test_logits_are_those_of_picture_and_sound_together():
    model, (video, sound) = fused().eval(), clips()
    assert torch.allclose(model(video, sound), model.video(video) + model.sound(sound), atol=1e-6)


def test_a_clip_without_sound_is_answered_by_its_picture_alone():
    model, (video, sound) = fused().eval(), clips()
    sound[2] = torch.nan
    logits = model(video, sound)
    assert torch.equal(logits[2], model.video(video)[2])
    assert not torch.equal(logits[1], model.video(video)[1])
    assert torch.equal(model(video), model.video(video))


def test_training_takes_sound_or_picture_away_as_often_as_it_should_and_never_both():
    model = fused(drop=0.3, drop_video=0.2).train()
    has_sound = torch.arange(20_000) % 4 > 0
    torch.manual_seed(0)
    is_seen, is_heard = model.kept(has_sound)
    assert bool((is_seen | is_heard).all())
    assert bool(is_seen[~has_sound].all()) and not bool(is_heard[~has_sound].any())
    # five standard deviations of a share of 15,000 draws are at most 0.02
    assert float(is_heard[has_sound].float().mean()) == pytest.approx(0.7, abs=0.02)
    assert float(is_seen[has_sound].float().mean()) == pytest.approx(0.8, abs=0.02)


def test_draws_repeat_with_the_seed_that_a_step_sets():
    model, (video, sound) = fused().train(), clips(16)
    model.video.eval()
    model.sound.eval()
    outputs = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        outputs.append(model(video, sound))
    assert torch.equal(outputs[0], outputs[1]) and not torch.equal(outputs[0], outputs[2])


def test_gradients_stay_finite_where_clips_have_no_sound():
    model, (video, sound) = fused().train(), clips()
    sound[:3] = torch.nan
    model(video, sound).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in model.parameters())


def test_the_head_is_that_of_the_picture_and_the_whole_network_of_sounds():
    model = fused()
    head = head_parameters(model)
    expected = [f"video.{name}" for name in head_parameters(model.video)]
    assert head == expected + [name for name, _ in model.named_parameters() if name.startswith("sound.")]
    assert num_outputs(model) == 4


def test_layers_of_the_picture_keep_their_depths():
    from timm.models import group_parameters

    model = fused()
    inside = group_parameters(model.video, model.video.group_matcher())
    outside = group_parameters(model, model.group_matcher())
    names = [name for names in outside.values() for name in names if name.startswith("video.")]
    assert names == [f"video.{name}" for names in inside.values() for name in names]


def test_sound_alone_does_not_look():
    model, (video, sound) = SoundOnly(SoundNet(4, width=4), 64, 32).eval(), clips()
    assert torch.equal(model(video, sound), model(torch.zeros_like(video), sound))
    assert model(video).shape == (6, 4)  # as where precision is tried
