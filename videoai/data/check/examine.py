"""One file, looked at from end to end: does it decode, how long is it, what does it show."""

import hashlib
import os
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from videoai.data.check.extent import missing_bytes
from videoai.data.decode import Video, open_video
from videoai.data.media import BadVideo

LOOKS = 8  # frames that the fingerprint of a video is made of, at equal distances
SIDE = 16  # pixels of each of them, grey
CHUNK_FRAMES = 64  # decoded at a time; a frame is scaled to 16 px, so memory does not grow with the video

MIN_GAP_SECONDS = 1.0  # without a new picture; shorter ones are dropped frames
UNUSUAL = 5  # times the median distance of two frames


class Examined(NamedTuple):
    """What was found in one file."""

    path: str
    reason: str = ""  # why it cannot be used, of media.Reason, or crash, timeout; "" = it can
    detail: str = ""
    sha256: str = ""
    num_frames: int = 0
    seconds: float = 0.0
    gap: tuple[float, float] = (0.0, 0.0)  # the longest time without a new picture: when it begins and ends, in seconds
    looks: bytes = b""  # uint8 [LOOKS, SIDE, SIDE], grey; empty where nothing decodes


def examine(path: str, frame_fps: float | None = None) -> Examined:
    """Decodes every frame. Never raises for what is in the file. ``frame_fps``: of folders of numbered images."""
    file = Examined(path)
    try:
        file = file._replace(sha256=_sha256(path) if os.path.isfile(path) else "")
        with open_video(path, frame_fps=frame_fps) as video:
            looks = _decode_all(video).tobytes()
            gap = _longest_gap(video.timestamps)
            file = file._replace(num_frames=video.num_frames, seconds=video.duration_seconds, gap=gap, looks=looks)
        if os.path.isfile(path) and (gone := missing_bytes(path)):
            return file._replace(reason="short", detail=f"cut off: its last {gone} bytes are not there")
    except BadVideo as bad:
        return file._replace(reason=bad.reason, detail=f"while {bad.stage}: {bad.detail}".strip(": "))
    except OSError as error:
        return file._replace(reason="missing", detail=error.strerror or str(error))
    return file


def _decode_all(video: Video) -> npt.NDArray[np.uint8]:
    """uint8 [LOOKS, SIDE, SIDE], after every frame was decoded."""
    num_frames = video.num_frames
    wanted = np.linspace(0, num_frames - 1, LOOKS).round().astype(int).tolist()
    pictures: dict[int, npt.NDArray[np.uint8]] = {}
    for first in range(0, num_frames, CHUNK_FRAMES):
        numbers = range(first, min(first + CHUNK_FRAMES, num_frames))
        grey = video.frames(numbers, size=(SIDE, SIDE)).float().mean(1).round().byte().numpy()
        if video.num_frames != num_frames:
            return _decode_all(video)  # pictures that are never shown were counted; now the numbers are final
        pictures |= {number: grey[number - first] for number in wanted if number in numbers}
    return np.stack([pictures[number] for number in wanted])


def _longest_gap(timestamps: npt.NDArray[np.float64]) -> tuple[float, float]:
    """When it begins and ends, where it is long beside those of this video; else (0, 0)."""
    gaps = np.diff(timestamps)
    if not len(gaps) or gaps.max() < max(MIN_GAP_SECONDS, UNUSUAL * float(np.median(gaps))):
        return 0.0, 0.0
    at = int(gaps.argmax())
    return float(timestamps[at]), float(timestamps[at + 1])


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
