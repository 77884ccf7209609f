"""Frames that are decoded already: an array, or a file of the clip cache that ``data prepare to=clips`` writes.

A cache file is in the safetensors format, so that it is mapped into memory, checked by its library, and no code in it
can run:

    frames       uint8 [T, H, W, 3] RGB
    yuv420       in their place, uint8 [T, 3 H' / 2, W'], 4:2:0 in BT.601, limited range: H' rows of Y, then U and V
                 without a gap. H' and W' are ``height`` and ``width`` of the metadata, or one more where those are odd
    timestamps   float64 [T] seconds, the first 0
    fps          in the metadata, average frames per second
"""

import json
import math
import os
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter
from safetensors import SafetensorError, safe_open

from videoai.data.decode.picture import from_yuv420, yuv420_shape
from videoai.data.decode.stills import Picture, Stills
from videoai.data.media import MAX_FRAMES, MAX_PIXELS, BadVideo, open_regular

Pixels = Literal["rgb", "yuv420"]


def video_from_array(frames: npt.NDArray[np.uint8], fps: float = 30.0, *, path: str = "array") -> Stills:
    """A Video over frames uint8 [T, H, W, 3] RGB; they are not copied. ``path`` names it in messages.

    Raises: ValueError: another type or shape, or no frame.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape:
        raise ValueError(f"{path}: frames are {frames.dtype} {list(frames.shape)}; they must be uint8 [T, H, W, 3]")
    num_frames, height, width, _ = frames.shape
    times = np.arange(num_frames) / fps
    return Stills(path, frames.__getitem__, height=height, width=width, timestamps=times, fps=fps)


def open_cached(path: str | Path) -> Stills:
    """A Video over a file of the clip cache: a frame is read when it is asked for. Raises BadVideo."""
    path = os.fspath(path)
    open_regular(path).close()  # missing, or no file
    try:
        with safe_open(path, "pt") as file:  # the slice below keeps the map
            about, times = file.metadata() or {}, file.get_tensor("timestamps").numpy()
            is_rgb = "width" not in about
            frames = file.get_slice("frames" if is_rgb else "yuv420")
            fps, shape, kind = float(about["fps"]), frames.get_shape(), frames.get_dtype()
            if not is_rgb:
                shape = _shape_of(shape, int(about["height"]), int(about["width"]))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise BadVideo(path, "corrupt", "open", f"no whole file of the clip cache ({error})") from error
    _check(path, shape, kind, times, fps)
    scaler = VideoReformatter()

    def fetch(index: int) -> Picture:
        picture = frames[index].numpy()
        return picture if is_rgb else from_yuv420(picture, scaler)[: shape[1], : shape[2]]

    return Stills(path, fetch, height=shape[1], width=shape[2], timestamps=times, fps=fps)


def write_cache_header(
    file: BinaryIO,
    timestamps: npt.NDArray[np.float64],
    *,
    height: int,
    width: int,
    fps: float,
    pixels: Pixels = "rgb",
) -> None:
    """All of a cache file but the frames, which follow as they are: long videos need not fit into memory."""
    num_frames, times = len(timestamps), np.asarray(timestamps, dtype="<f8").tobytes()
    name, picture, about = "frames", [height, width, 3], {"fps": repr(float(fps))}
    if pixels == "yuv420":
        name, picture = "yuv420", yuv420_shape(height, width)
        about |= {"height": str(height), "width": str(width)}
    end = len(times) + num_frames * math.prod(picture)
    entries = {
        "__metadata__": about,
        "timestamps": {"dtype": "F64", "shape": [num_frames], "data_offsets": [0, len(times)]},
        name: {"dtype": "U8", "shape": [num_frames, *picture], "data_offsets": [len(times), end]},
    }
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)  # numbers lie at multiples of their size
    file.write(len(header).to_bytes(8, "little") + header + times)


def _shape_of(planes: list[int], height: int, width: int) -> list[int]:
    """[T, H, W, 3] of the frames that planes of 4:2:0 show. Raises: ValueError: they have another size."""
    if planes[1:] != yuv420_shape(height, width):
        raise ValueError(f"planes {planes} for {width} x {height}")
    return [planes[0], height, width, 3]


def _check(path: str, shape: list[int], kind: str, times: npt.NDArray[np.float64], fps: float) -> None:
    """The library vouches that the bytes are there, not for what they mean."""
    if kind != "U8" or len(shape) != 4 or shape[3] != 3 or 0 in shape or times.shape != (shape[0],):
        raise BadVideo(path, "corrupt", "open", f"frames are {kind} {shape}, times {list(times.shape)}")
    if times.dtype != np.float64 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise BadVideo(path, "corrupt", "open", "the timestamps do not rise")
    if not (math.isfinite(fps) and fps > 0):
        raise BadVideo(path, "corrupt", "open", f"fps is {fps}")
    if shape[0] > MAX_FRAMES or shape[1] * shape[2] > MAX_PIXELS:
        raise BadVideo(path, "too_large", "open", f"{shape[0]} frames of {shape[2]} x {shape[1]}")
