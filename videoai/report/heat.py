"""A heat over frames, as colours: dark where nothing is, then red, yellow and white."""

import torch
from torch import Tensor

HOTTEST = 0.995  # the quantile that is shown as the hottest: one bright pixel would darken all others
OPACITY = 0.75  # opacity of the colour over the hottest place; frames are seen through it
DIMMED = 0.55  # brightness of a frame where it is cold


def strength(heat: Tensor) -> Tensor:
    """[T, H, W], 0 and more -> 0 to 1 for the whole clip."""
    top = torch.quantile(heat.flatten()[:: max(1, heat.numel() // 1_000_000)].float(), HOTTEST)
    top = top if top > 0 else heat.max()
    return (heat / top).clamp(0, 1) if top > 0 else torch.zeros_like(heat)


def overlay(frames: Tensor, heat: Tensor) -> Tensor:
    """uint8 [T, C, H, W] RGB and [T, H, W] -> uint8 [T, C, H, W]: grey frames under the colours of the heat.

    Brightness rises with heat, so that the order is seen without telling red from green.
    """
    share = strength(heat)[:, None]
    grey = frames.float().mean(1, keepdim=True) / 255 * (DIMMED + (1 - DIMMED) * share)
    colour = torch.cat([(3 * share - shift).clamp(0, 1) for shift in range(3)], 1)
    mixed = grey * (1 - OPACITY * share) + colour * OPACITY * share
    return mixed.mul(255).round().clamp(0, 255).to(torch.uint8)
