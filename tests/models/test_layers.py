import pytest
import torch
from torch import nn

from videoai.models.layers import (
    FrameMaxPool,
    check_choice,
    make_head,
    max_pool_time,
    motion_input,
    num_input_channels,
)


def test_the_difference_is_to_the_frame_before_and_starts_at_zero() -> None:
    video = torch.tensor([1.0, 4.0, 2.0]).view(1, 1, 3, 1, 1)
    assert motion_input(video, "only").flatten().tolist() == [0.0, 3.0, -2.0]
    assert motion_input(video, "append").flatten().tolist() == [1.0, 4.0, 2.0, 0.0, 3.0, -2.0]
    assert motion_input(video, "none") is video


@pytest.mark.parametrize(("mode", "channels"), [("none", 3), ("append", 6), ("only", 3)])
def test_the_channel_count_is_that_of_the_input(mode: str, channels: int) -> None:
    video = torch.zeros(1, 3, 4, 2, 2)
    assert num_input_channels(mode) == channels == motion_input(video, mode).shape[1]  # pyright: ignore[reportArgumentType]


def test_a_fresh_head_says_nothing_about_the_classes() -> None:
    torch.manual_seed(0)
    logits = make_head(64, 10)(torch.randn(1000, 64))
    assert logits.std().item() == pytest.approx(0.01 * 64**0.5, rel=0.2)  # 640 weights: their std is known to 3 %


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
def test_pooling_frame_by_frame_is_max_pool_3d_and_keeps_the_memory_format(memory_format: torch.memory_format) -> None:
    x = torch.randn(2, 3, 5, 8, 6).contiguous(memory_format=memory_format)
    pooled = FrameMaxPool(3, stride=2, padding=1)(x)
    assert torch.equal(pooled, nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))(x))
    assert pooled.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("keep_rest", [False, True])
def test_pooling_over_time_is_max_pool_3d(keep_rest: bool) -> None:
    x = torch.randn(2, 3, 7, 4, 4)
    wanted = nn.MaxPool3d((2, 1, 1), (2, 1, 1), ceil_mode=keep_rest)(x)
    assert torch.equal(max_pool_time(x, 2, keep_rest=keep_rest), wanted)


def test_a_choice_that_is_none_of_the_allowed_is_refused() -> None:
    check_choice("pool", "mean", ("last", "mean"))
    with pytest.raises(
        ValueError, match=r"model\.pool='maen' is unknown\. Did you mean 'mean'\? Choose from: last, mean\."
    ):
        check_choice("pool", "maen", ("last", "mean"))
