"""A filmstrip: the frames of a clip side by side in one JPEG, which the page plays."""

from base64 import b64encode
from io import BytesIO
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.report.page.html import Html, tag

MAX_SIDE = 144  # pixels of a frame on the page; larger ones are scaled down
MAX_FRAMES = 64  # a longer clip shows each second, third, ... frame
QUALITY = 85  # JPEG
FRAME_MS = (40.0, 250.0)  # a frame stays at least and at most this long
UNKNOWN_MS = 100.0  # where the times of the frames are unknown


class Film(NamedTuple):
    """The frames of one clip as a model got them, before normalisation."""

    video: Tensor  # uint8 [T, C, H, W], RGB
    first_seconds: float = 0.0  # time of the earliest frame in its video
    last_seconds: float = 0.0  # time of the latest; 0 = unknown


class Strip(NamedTuple):
    """A film that is ready for the page."""

    jpeg: bytes
    num_frames: int  # in the JPEG
    step: int  # each ``step``-th frame of the clip is there
    width: int  # pixels of a frame
    height: int
    frame_ms: float
    when: str  # "0.40 to 3.20 s"; "" = unknown


def strip(film: Film) -> Strip:
    """The frames of a film in one row, from left to right."""
    from PIL import Image

    step = -(-len(film.video) // MAX_FRAMES)
    frames = scaled(film.video[::step])
    num_frames, _, height, width = frames.shape
    row = frames.permute(2, 0, 3, 1).reshape(height, num_frames * width, 3)  # [H, T * W, C]
    buffer = BytesIO()
    Image.fromarray(row.contiguous().numpy()).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    frame_ms = 1000 * (film.last_seconds - film.first_seconds) / max(1, num_frames - 1) or UNKNOWN_MS
    frame_ms = min(max(frame_ms, FRAME_MS[0]), FRAME_MS[1])
    when = f"{film.first_seconds:.2f} to {film.last_seconds:.2f} s" if film.last_seconds else ""
    return Strip(buffer.getvalue(), num_frames, step, width, height, frame_ms, when)


def scaled(frames: Tensor) -> Tensor:
    """uint8 [T, C, H, W], the longer side ``MAX_SIDE`` pixels at most."""
    height, width = frames.shape[-2:]
    if max(height, width) <= MAX_SIDE:
        return frames
    factor = MAX_SIDE / max(height, width)
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    small = F.interpolate(frames.float(), size=size, mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).to(torch.uint8)


def screen(made: Strip, title: str) -> Html:
    """The button that shows a strip and plays it."""
    url = "data:image/jpeg;base64," + b64encode(made.jpeg).decode()
    style = (
        f"aspect-ratio:{made.width}/{made.height};background-image:url({url});"
        f"background-size:{100 * made.num_frames}% 100%"
    )
    return tag(
        "button",
        tag("span", class_="counter"),
        tag("span", class_="progress"),
        type="button",
        class_="screen" + (" pixels" if made.width < 64 else ""),
        aria_label=f"Play: {title}",
        aria_pressed="false",
        data_frames=made.num_frames,
        data_step=made.step,
        data_ms=round(made.frame_ms),
        style=style,
    )
