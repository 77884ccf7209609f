"""Clips as pictures that a logger can show."""

import io
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def contact_sheet(video: Tensor, max_frames: int = 8) -> Tensor:
    """uint8 [B, T, C, H, W] -> uint8 [C, B*H, F*W], with F = min(T, max_frames) frames spread over the clip."""
    chosen = torch.linspace(0, video.shape[1] - 1, min(max_frames, video.shape[1])).long()
    frames = video[:, chosen]  # [B, F, C, H, W] -> [C, B*H, F*W]
    b, f, c, h, w = frames.shape
    return frames.permute(2, 0, 3, 1, 4).reshape(c, b * h, f * w)


def sheet_image(video: Tensor) -> Image.Image:
    """uint8 [B, T, 3, H, W] -> the contact sheet as a picture."""
    return Image.fromarray(contact_sheet(video).permute(1, 2, 0).cpu().numpy())


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
