import pytest
import torch

from videoai.models.layers import (
    check_choice,
    make_head,
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


def test_a_choice_that_is_none_of_the_allowed_is_refused() -> None:
    check_choice("pool", "mean", ("last", "mean"))
    with pytest.raises(
        ValueError, match=r"model\.pool='maen' is unknown\. Did you mean mean\? Choose from: last, mean\."
    ):
        check_choice("pool", "maen", ("last", "mean"))
