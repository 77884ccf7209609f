"""Clips as pictures that a logger can show."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from videoai.core.sheet import Cell, Row, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MAX_FRAMES = 8  # frames of a clip


def filmstrips(video: Tensor, captions: Sequence[str]) -> Image.Image:
    """uint8 [B, T, 3, H, W] -> a picture with a row a clip: its caption, and frames spread over it."""
    chosen = torch.linspace(0, video.shape[1] - 1, min(MAX_FRAMES, video.shape[1])).long()
    clips = zip(video[:, chosen].cpu(), captions, strict=True)
    return sheet([Row(caption, [Cell(frame) for frame in clip]) for clip, caption in clips])


def gif(video: Tensor, fps: float) -> bytes:
    """uint8 [T, 3, H, W] -> an animated GIF that repeats. Loggers that encode videos themselves need moviepy for it."""
    frames = [Image.fromarray(frame) for frame in video.permute(0, 2, 3, 1).cpu().numpy()]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=round(1000 / fps), loop=0)
    return buffer.getvalue()


def figure_image(figure: "Figure") -> Image.Image:
    """The figure as a picture. wandb and Trackio draw one themselves only where pyplot is loaded."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer)
