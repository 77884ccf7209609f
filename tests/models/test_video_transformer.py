import logging
from typing import Any

import pytest
import torch
from torch import Tensor

from videoai.models.video_transformer import Attention, Block, VideoTransformer


def small(**options: Any) -> VideoTransformer:
    torch.manual_seed(0)
    given: dict[str, Any] = {"tubelet": (2, 8, 8), "num_frames": 8, "size": 32, "width": 16, "depth": 2, "num_heads": 2}
    return VideoTransformer(4, **{**given, **options}).eval()


def clips(*size: int) -> Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("stem", ["tubelet", "conv"])
@pytest.mark.parametrize("attention", ["joint", "divided"])
def test_every_combination_trains(attention: Attention, stem: str) -> None:
    model = small(attention=attention, stem=stem, temporal_difference="append").train()
    model(clips(8, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("attention", ["joint", "divided"])
@torch.no_grad()
def test_the_order_of_frames_matters(attention: Attention) -> None:
    model, video = small(attention=attention), clips(8, 32, 32)
    torch.nn.init.normal_(model.time_position)  # at its initial 0.02 the effect is small
    assert not torch.allclose(model.forward_features(video), model.forward_features(video.flip(2)), atol=1e-3)


@torch.no_grad()
def test_other_sizes_interpolate_the_positions_and_say_so_once(caplog: pytest.LogCaptureFixture) -> None:
    model = small()
    with caplog.at_level(logging.INFO, logger="videoai"):
        model(clips(8, 32, 32))
        assert caplog.text == ""
        model(clips(4, 48, 32))
        model(clips(4, 48, 32))
    assert caplog.text.count("positions interpolated from (4, 4, 4) to (2, 6, 4)") == 1


def test_a_clip_that_the_patches_do_not_divide_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"clip of 8x36x36 .*does not divide into 2x8x8 patches\. Set .* clip\.size=32\.",
    ):
        small()(clips(8, 36, 36))
    with pytest.raises(ValueError, match="does not divide"):
        small(num_frames=5)


def test_misspelt_choices_are_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.attention='divide' is unknown\. Did you mean divided\?"):
        small(attention="divide")
    with pytest.raises(ValueError, match=r"model\.stem='tubelets' is unknown\. Did you mean tubelet\?"):
        small(stem="tubelets")


@torch.no_grad()
def test_divided_attention_reaches_along_time_then_space_and_joint_reaches_everything() -> None:
    """One block, one token changed: divided attention over time alone stays in its place, over space it spreads."""
    torch.manual_seed(0)
    x, changed = torch.randn(1, 3, 4, 16), torch.randn(16)
    y = x.clone()
    y[0, 1, 2] = changed
    block = Block(16, 2, "divided", 0.0)
    moved = (block.time(x.transpose(1, 2)) - block.time(y.transpose(1, 2))).transpose(1, 2).abs().sum(-1)[0] > 1e-6
    assert moved.tolist() == [[False, False, True, False]] * 3
    for attention in ("joint", "divided"):
        block = Block(16, 2, attention, 0.0)
        assert ((block(x) - block(y)).abs().sum(-1) > 1e-7).all()
