"""One clip of one file through each decoder that a person may have installed: what ``videoai benchmark`` compares.

Every reader opens the file, reads the frames at the given numbers in one thread, scales them to the short side asked
for, and returns uint8 [T, C, H, W] in memory, the way its own documentation shows. Libraries are imported when used,
and by name where they are no dependency.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.data.decode import open_video


class ClipRequest(NamedTuple):
    """Which frames of which file."""

    path: str
    indices: tuple[int, ...]  # one clip after the other, rising in each
    seconds: tuple[float, ...]  # when each of them is shown
    size: tuple[int, int] | None  # (H, W); None = as stored


def videoai(clip: ClipRequest) -> Tensor:
    with open_video(clip.path) as video:
        return video.frames(clip.indices, size=clip.size)


def torchcodec(clip: ClipRequest) -> Tensor:
    decoders, transforms = import_module("torchcodec.decoders"), import_module("torchcodec.transforms")
    resize = [transforms.Resize(clip.size)] if clip.size else None
    decoder = decoders.VideoDecoder(clip.path, num_ffmpeg_threads=1, transforms=resize)
    return decoder.get_frames_at(list(clip.indices)).data


def decord(clip: ClipRequest) -> Tensor:
    height, width = clip.size or (-1, -1)
    reader = import_module("decord").VideoReader(clip.path, num_threads=1, height=height, width=width)
    return torch.from_numpy(reader.get_batch(list(clip.indices)).asnumpy()).permute(0, 3, 1, 2)


def pytorchvideo(clip: ClipRequest) -> Tensor:
    from pytorchvideo.data.encoded_video import EncodedVideo

    video = EncodedVideo.from_path(clip.path, decode_audio=False)
    step = (clip.seconds[-1] - clip.seconds[0]) / max(1, len(clip.seconds) - 1)
    frames = video.get_clip(clip.seconds[0], clip.seconds[-1] + step / 2)["video"]
    places = torch.linspace(0, frames.shape[1] - 1, len(clip.indices)).long()  # as its UniformTemporalSubsample does
    frames = frames[:, places].permute(1, 0, 2, 3)
    if clip.size:
        frames = F.interpolate(frames, size=clip.size, mode="bilinear", align_corners=False)
    return frames.to(torch.uint8)


def sequential(clip: ClipRequest) -> Tensor:
    """Every frame up to the last wanted one, with PyAV as in its examples: torchvision's ``read_video`` until 0.25."""
    import av

    wanted = set(clip.indices)
    pictures: dict[int, Tensor] = {}
    with av.open(clip.path) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                pictures[number] = torch.from_numpy(frame.to_ndarray(format="rgb24", interpolation="BILINEAR"))
            if number >= clip.indices[-1]:
                break
    frames = torch.stack([pictures[index] for index in clip.indices]).permute(0, 3, 1, 2)
    return F.interpolate(frames, size=clip.size, mode="bilinear", antialias=True) if clip.size else frames


@lru_cache(maxsize=1)  # every turn of a clip
def prepare_floor(clip: ClipRequest) -> Callable[[], int]:
    """Everything but what each reader on FFmpeg must do; the call returned does that alone, in one thread.

    That is decoding the wanted pictures and those which others refer to, and converting the wanted ones to RGB at their
    stored size. Packets are in memory, the decoder is open, and no picture is copied. Groups are taken for closed ones.
    """
    import av
    from av.video.reformatter import Interpolation, VideoReformatter

    with av.open(clip.path) as container:
        ticks = sorted(packet.pts or 0 for packet in container.demux(video=0) if packet.size)
    wanted = {ticks[index] for index in clip.indices}
    container = av.open(clip.path)  # kept open by its packets
    needed: list[av.Packet] = []
    group: list[av.Packet] = []
    for packet in container.demux(video=0):
        group = [packet] if packet.is_keyframe else [*group, packet]
        if packet.pts in wanted:  # up to here, and no further
            needed, group = needed + group, []
    codec, scaler = container.streams.video[0].codec_context, VideoReformatter()
    codec.thread_count = 1
    codec.open(strict=False)

    def decode() -> int:
        num_wanted = 0
        codec.flush_buffers()
        for packet in [*needed, None]:
            codec.skip_frame = "DEFAULT" if packet is None or packet.pts in wanted else "NONREF"
            for frame in codec.decode(packet):
                if frame.pts in wanted:
                    scaler.reformat(frame, format="rgb24", interpolation=Interpolation.BILINEAR, threads=1)
                    num_wanted += 1
        return num_wanted

    return decode


READERS: dict[str, Callable[[ClipRequest], Tensor]] = {
    "videoai": videoai,
    "torchcodec": torchcodec,
    "decord": decord,
    "pytorchvideo": pytorchvideo,
    "sequential": sequential,
}
FLOOR = "floor"  # no reader: the part of reading that none can do without


def prepare(name: str, clip: ClipRequest) -> Callable[[], object]:
    """What to measure. A reader starts from the name of the file; for the floor all else is done before."""
    return prepare_floor(clip) if name == FLOOR else partial(READERS[name], clip)


def missing(name: str) -> str:
    """Why a reader cannot be used here, in one line; "" = it can. Imports the library."""
    module = {"videoai": "av", "sequential": "av", FLOOR: "av", "torchcodec": "torchcodec.decoders"}.get(name, name)
    try:
        import_module(module)
    except Exception as error:  # a wheel built for another torch raises OSError or RuntimeError, not ImportError
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
    return ""


def spread_clips(path: str, num_frames: int, stride: int, short_side: int | None, num_clips: int = 1) -> ClipRequest:
    """Clips of ``num_frames`` at ``stride`` in the middle of ``num_clips`` equal parts of a video, all read at once.

    The last frame is repeated past the end of the video.

    Raises: BadVideo.
    """
    with open_video(path) as video:
        room = video.num_frames - (num_frames - 1) * stride - 1
        firsts = [max(0, room * (2 * part + 1) // (2 * num_clips)) for part in range(num_clips)]
        indices = [min(first + place * stride, video.num_frames - 1) for first in firsts for place in range(num_frames)]
        size = None
        if short_side is not None:
            scale = short_side / min(video.height, video.width)
            size = (round(video.height * scale), round(video.width * scale))
        return ClipRequest(path, tuple(indices), tuple(float(video.timestamps[i]) for i in indices), size)


def equals_sequential(clip: ClipRequest) -> bool:
    """Whether our frames are bit for bit those of decoding the file from its start, at the stored size."""
    full = clip._replace(size=None)
    return torch.equal(videoai(full), sequential(full))
