"""``decoder=nvdec`` with torchcodec on the CPU in the place of a GPU: which videos it reads, and where frames go."""

from itertools import islice

import pytest
import torch

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import TrainClips
from videoai.data.decode import open_video
from videoai.data.decode.choose import missing_torchcodec
from videoai.data.decode.nvdec import MIN_SIDE, NvdecVideo, check_nvdec, refused_clip
from videoai.data.loader import train_batches
from videoai.data.reading import read_views

LARGE, SMALL = (MIN_SIDE, MIN_SIDE + 64), (MIN_SIDE - 2, 2 * MIN_SIDE)
CLIP = ClipSpec(num_frames=4, size=64)
ON_CPU = {"decoder": "nvdec", "device": "cpu"}
needs_torchcodec = pytest.mark.skipif(bool(missing_torchcodec()), reason="torchcodec is not usable here")


def frames_by(path, decoder, **how):
    with open_video(path, decoder=decoder, **how) as video:
        return video.frames([5, 0, 5, 3], size=64), getattr(video, "left_to_pyav", "")


@needs_torchcodec
def test_a_large_video_is_read_by_torchcodec(make_video):
    path = make_video(num_frames=6, size=LARGE)
    frames, left = frames_by(path, "nvdec", device="cpu")
    assert torch.equal(frames, frames_by(path, "torchcodec")[0]) and not left
    assert not torch.equal(frames, frames_by(path, "pyav")[0])  # scaled in another way: the test tells them apart


@needs_torchcodec
def test_pictures_that_are_scaled_part_by_part_are_the_same(make_video, monkeypatch):
    path = make_video(num_frames=6, size=LARGE)
    frames, _ = frames_by(path, "nvdec", device="cpu")
    monkeypatch.setattr("videoai.data.decode.torchcodec.MAX_PIXELS_AT_ONCE", 2 * LARGE[0] * LARGE[1])
    assert torch.equal(frames, frames_by(path, "nvdec", device="cpu")[0])  # three frames in two parts


def test_a_small_video_is_pyavs(make_video):
    path = make_video(num_frames=6, size=SMALL)
    frames, left = frames_by(path, "nvdec", device="cpu")
    assert left == "its short side is below 720 pixels"
    assert torch.equal(frames, frames_by(path, "pyav")[0])


def test_a_large_video_that_is_left_to_pyav_is_said_once(make_video, monkeypatch, caplog):
    monkeypatch.setattr(NvdecVideo, "has_warned", False)
    paths = [make_video(f"{n}.mp4", num_frames=6, size=LARGE, pix_fmt="yuv420p10le") for n in range(2)]
    for path in paths:
        assert torch.equal(*(frames_by(path, decoder, device="cpu")[0] for decoder in ("nvdec", "pyav")))
    (said,) = caplog.messages
    assert said.startswith(f"{paths[0]}: read by PyAV and not on the GPU: more than 8 bits a colour")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_leaves_the_video_to_pyav(make_video):
    path = make_video(num_frames=6, size=LARGE)
    frames, left = frames_by(path, "nvdec")
    assert left and torch.equal(frames, frames_by(path, "pyav")[0])


def test_a_device_that_is_no_gpu_is_refused():
    with pytest.raises(ValueError, match=r"decoder=nvdec cannot be used here \(device=cpu is no NVIDIA GPU\).*pyav"):
        check_nvdec(torch.device("cpu"))


@needs_torchcodec
def test_the_clip_that_is_tried_at_the_start_can_be_decoded():
    assert refused_clip(torch.device("cpu")) == ""


@pytest.mark.slow
@needs_torchcodec
def test_another_process_reads_the_same_frames(make_video):
    """``isolated=true``: a process of its own, which may use CUDA."""
    item = VideoItem(str(make_video(num_frames=6, size=LARGE)), 0)
    (here,), (there,) = (read_views(item, CLIP, reading={**ON_CPU, "isolated": isolated}) for isolated in (False, True))
    assert torch.equal(here, there) and not torch.equal(here, read_views(item, CLIP)[0])


@pytest.mark.slow
@needs_torchcodec
def test_spawned_workers_decode_large_videos_with_torchcodec_and_small_ones_with_pyav(make_video):
    items = [
        VideoItem(str(make_video(f"{n}.mp4", num_frames=6, size=size)), n) for n, size in enumerate((LARGE, SMALL))
    ]
    streams = []
    for reading, workers in ((ON_CPU, 0), (ON_CPU, 2), ({}, 0)):
        dataset = TrainClips(items, CLIP, TrainTransform(size=64), seed=0, reading=reading)
        streams.append(islice(train_batches(dataset, batch_size=1, seed=0, num_workers=workers), 4))
    for here, there, by_pyav in zip(*streams, strict=True):
        assert torch.equal(here.video, there.video) and there.video.is_shared()
        assert torch.equal(here.video, by_pyav.video) == (int(here.label) == 1)


@pytest.mark.gpu
@needs_torchcodec
def test_a_gpu_decodes_large_videos_in_spawned_workers_close_to_pyav(make_video):
    check_nvdec(torch.device("cuda"))
    path = make_video(num_frames=20, size=LARGE)
    frames, left = frames_by(path, "nvdec", device="cuda")
    assert frames.device.type == "cpu" and not left
    assert (frames.int() - frames_by(path, "torchcodec")[0].int()).abs().float().mean() < 3.0
    dataset = TrainClips(
        [VideoItem(str(path), 0)], CLIP, TrainTransform(size=64), seed=0, reading={"decoder": "nvdec", "device": "cuda"}
    )
    batches = [next(train_batches(dataset, batch_size=1, seed=0, num_workers=workers)) for workers in (0, 1)]
    assert (batches[0].video.int() - batches[1].video.int()).abs().float().mean() < 1.0
