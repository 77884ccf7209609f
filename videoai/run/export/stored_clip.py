"""The clip that lies in a bundle, with the logits of the original: whoever gets it can prove that it runs alike.

It is rendered, so a bundle holds no picture of anybody's data.
"""

import io

import numpy as np
import torch
from torch import Tensor, nn

from videoai.core.types import ClipSpec
from videoai.data.motion16.motion import render
from videoai.data.normalize import ToModelInput

FILE = "clip.npz"
TOLERANCE = 1e-4  # share of the largest logit: float32 sums in another order


def rendered_clip(clip: ClipSpec) -> Tensor:
    """uint8 [T, C, S, S], RGB."""
    frames, _ = render(label=0, seed=0, split="test", index=0, size_px=clip.size, num_frames=max(2, clip.num_frames))
    return torch.from_numpy(frames[: clip.num_frames]).permute(0, 3, 1, 2)


def different_clips(frames: Tensor, clip: ClipSpec) -> Tensor:
    """Three clips made of one, as a network takes them: as it is, mirrored, darker and backwards."""
    clips = torch.stack([frames, frames.flip(-1), (frames // 2).flip(0)])
    return ToModelInput(clip).normalized(clips)


def outputs_of_clip(model: nn.Module, frames: Tensor, clip: ClipSpec) -> Tensor:
    """float32 [K]."""
    with torch.inference_mode():
        return model(ToModelInput(clip).normalized(frames[None]))[0].float()


def clip_bytes(frames: Tensor, logits: Tensor) -> bytes:
    """The file: ``frames`` uint8 [T, H, W, 3] and ``logits`` float32 [K]."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, frames=frames.permute(0, 2, 3, 1).contiguous().numpy(), logits=logits.numpy())
    return buffer.getvalue()
