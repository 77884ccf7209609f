"""A folder of numbered images as a video: img_00001.jpg, img_00002.jpg, ...

Images carry no times: frame i is shown at i / fps, and the rate must be given. Numbers decide the
order and may have gaps. Where a folder holds several series (img_, flow_x_, flow_y_), the one named img is read.
"""

import os
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from videoai.data.decode.stills import Picture, Stills
from videoai.data.media import MAX_FRAMES, MAX_PIXELS, BadVideo, open_regular

DEFAULT_FPS = 30.0  # rate of most cameras; only clip.fps and times in seconds depend on it
NUMBERED = re.compile(r"(.*?)(\d+)\.(?:jpe?g|png)", re.IGNORECASE)
# What Pillow raises for damaged images, as its own fuzz tests list it.
DAMAGED = (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError)


def open_frame_folder(path: str | Path, fps: float = DEFAULT_FPS) -> Stills:
    """A Video over the .jpg and .png files in a folder; an image is read when it is asked for.

    Raises: BadVideo: not_a_file without a numbered image, unknown_format with several series of them, too_large, and
        whatever is wrong with the first image.
    """
    path = os.fspath(path)
    names = _frame_names(path)

    def fetch(index: int) -> Picture:
        picture = _read_image(path, names[index])
        if picture.shape != first.shape:
            sizes = f"{names[index]} is {_size(picture)}, {names[0]} is {_size(first)}"
            raise BadVideo(path, "corrupt", "decode", sizes)
        return picture

    first = _read_image(path, names[0])
    height, width, _ = first.shape
    times = np.arange(len(names)) / fps
    return Stills(path, fetch, height=height, width=width, timestamps=times, fps=fps)


def _frame_names(path: str) -> list[str]:
    series: dict[str, list[tuple[int, str]]] = defaultdict(list)
    try:
        for name in os.listdir(path):
            if match := NUMBERED.fullmatch(name):
                series[match[1]].append((int(match[2]), name))
    except OSError as error:
        raise BadVideo(path, "missing", "open", error.strerror or str(error)) from error
    if not series:
        raise BadVideo(path, "not_a_file", "open", "a folder without numbered .jpg or .png files")
    images = [prefix for prefix in series if prefix.lower().startswith("img")] if len(series) > 1 else list(series)
    if len(images) != 1:
        several = ", ".join(f"{prefix}*" for prefix in sorted(series)[:4])
        raise BadVideo(path, "unknown_format", "open", f"{len(series)} series of numbered images ({several}); keep one")
    names = [name for _, name in sorted(series[images[0]])]
    if len(names) > MAX_FRAMES:
        raise BadVideo(path, "too_large", "open", f"more than {MAX_FRAMES} frames; cut the folder into parts")
    return names


def _read_image(folder: str, name: str) -> Picture:
    try:
        with open_regular(os.path.join(folder, name)) as file, Image.open(file, formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MAX_PIXELS:
                size = f"{name} is {image.width} x {image.height}, above {MAX_PIXELS} pixels"
                raise BadVideo(folder, "too_large", "decode", size)
            return np.asarray(image.convert("RGB"))
    except BadVideo as bad:
        raise BadVideo(folder, bad.reason, "decode", bad.detail or name) from bad
    except (*DAMAGED, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadVideo(folder, "corrupt", "decode", f"{name}: {error} ({type(error).__name__})") from error


def _size(picture: Picture) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
