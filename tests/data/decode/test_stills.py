import numpy as np
import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.decode.memory import video_from_array


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (5, 12, 20, 3), dtype=np.uint8)


def test_frames_come_in_any_order_and_repeat(frames):
    with video_from_array(frames, 10.0) as video:
        got = video.frames([4, 0, 4])
        assert (video.num_frames, video.height, video.width, video.fps) == (5, 12, 20, 10.0)
        assert video.duration_seconds == pytest.approx(0.5)
    assert torch.equal(got, torch.from_numpy(frames[[4, 0, 4]]).permute(0, 3, 1, 2))


def test_indices_may_be_a_tensor(frames):
    with video_from_array(frames) as video:
        assert torch.equal(video.frames(torch.tensor([1, 3])), video.frames([1, 3]))


@pytest.mark.parametrize(("size", "shape"), [(6, (6, 10)), (24, (24, 40)), ((7, 9), (7, 9)), (None, (12, 20))])
def test_size_is_the_short_side_or_both(frames, size, shape):
    with video_from_array(frames) as video:
        assert video.frames([0, 1], size=size).shape == (2, 3, *shape)


def test_scaling_is_that_of_the_decoder(make_video):
    """Within rounding: the decoder scales while it converts from YUV, this converts first."""
    with open_video(make_video(size=(64, 96))) as video:
        scaled, whole = video.frames([3, 8], size=32), video.frames(range(10))
    with video_from_array(whole.permute(0, 2, 3, 1).numpy()) as video:
        assert (video.frames([3, 8], size=32).float() - scaled.float()).abs().mean() < 2  # grey levels


@pytest.mark.parametrize("indices", [[-1], [5], []])
def test_indices_outside_are_refused(frames, indices):
    with (
        video_from_array(frames) as video,
        pytest.raises(ValueError, match=r"requested, but the video has frames 0 \.\. 4"),
    ):
        video.frames(indices)


def test_a_size_below_one_is_refused(frames):
    with video_from_array(frames) as video, pytest.raises(ValueError, match="size is 0; the short side"):
        video.frames([0], size=0)


def test_a_closed_video_says_so(frames):
    video = video_from_array(frames)
    video.close()
    with pytest.raises(ValueError, match="the video is closed"):
        video.frames([0])
