"""Parts of MoViNet (Kondratyuk et al. 2021, arXiv:2103.11511): padding as TensorFlow's, convolutions over frames and
over time, squeeze-and-excitation that sees the past alone, and the block they make.

Everything goes by [B, C, T, H, W]. A causal layer takes the ``Memory`` of a step, or None for whole clips.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.layers import multiple_of_8
from videoai.models.memory import Memory, PastConv, mean_so_far

NORM_EPS = 1e-3  # TensorFlow's default, as in the authors' code
SQUEEZE = 4  # channels over those of the squeezed vector


class Layer(NamedTuple):
    """What differs from block to block."""

    expanded: int  # channels of the depthwise convolution
    frames: int  # its kernel through time
    pixels: int  # its kernel through space
    stride: int = 1  # H and W shrink by it


def pad_as_tensorflow(x: Tensor, kernel: int, stride: int) -> Tensor:
    """H and W grow to what "same" padding asks: where it is odd, the larger half comes behind."""
    pads: list[int] = []
    for size in reversed(x.shape[-2:]):
        missing = max(kernel - (size % stride or stride), 0)
        pads += [missing // 2, missing - missing // 2]
    return F.pad(x, pads) if any(pads) else x


def over_frames(x: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B*T, C, H, W]; of one frame no copy."""
    return x.transpose(1, 2).flatten(0, 1)


def from_frames(x: Tensor, num_frames: int) -> Tensor:
    """[B*T, C, H, W] -> [B, C, T, H, W]."""
    return x.unflatten(0, (-1, num_frames)).transpose(1, 2)


class Conv(nn.Conv3d):
    """A convolution that never strides time. Without gradients one of a single frame runs in 2-D, which is several
    times as fast on a CPU where it is depthwise (torch 2.13, 24 channels of 86x86: 0.2 ms, 1.3 in 3-D). With gradients
    torch.compile (2.15, aot_eager on a CPU) expects other strides behind it than there are, and gives wrong ones."""

    def __init__(
        self, in_channels: int, out_channels: int, frames: int = 1, pixels: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            (frames, pixels, pixels),
            stride=(1, stride, stride),
            padding=(frames // 2, 0, 0),
            groups=groups,
            bias=False,
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        x = pad_as_tensorflow(x, self.kernel_size[1], self.stride[1])
        if self.kernel_size[0] > 1 or torch.is_grad_enabled():
            return super().forward(x)
        maps = F.conv2d(over_frames(x), self.weight[:, :, 0], stride=self.stride[1:], groups=self.groups)
        return from_frames(maps, x.shape[2])


class ConvNorm(nn.Module):
    """Convolution, norm, activation."""

    def __init__(self, conv: Conv | PastConv, activation: type[nn.Module]) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm3d(conv.out_channels, eps=NORM_EPS)
        self.act = activation()

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        x = self.conv(x, memory) if isinstance(self.conv, PastConv) else self.conv(x)
        return self.act(self.norm(x))


class Squeeze(nn.Module):
    """Each channel times a gate that sees the mean of all (Hu et al. 2018, arXiv:1709.01507): over the clip; causal, of
    this frame and of all so far."""

    def __init__(self, channels: int, *, causal: bool) -> None:
        super().__init__()
        means = 2 if causal else 1
        squeezed = multiple_of_8(channels // SQUEEZE * means)
        self.fc1 = nn.Linear(channels * means, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)
        self.causal = causal

    def forward(self, x: Tensor, memory: Memory | None) -> Tensor:
        """[B, C, T, H, W] -> the same shape."""
        if not self.causal:
            gate = self.fc2(F.silu(self.fc1(x.mean((2, 3, 4))))).sigmoid()
            return x * gate[:, :, None, None, None]
        here = x.mean((3, 4))  # [B, C, T]
        seen = torch.cat([mean_so_far(here, memory), here], dim=1).transpose(1, 2)  # [B, T, 2C]
        gate = self.fc2(F.hardswish(self.fc1(seen)))
        gate = (0.2 * gate + 0.5).clamp(0, 1)  # TensorFlow's hard sigmoid; torch's has a slope of a sixth
        return x * gate.transpose(1, 2)[..., None, None]


class Shortcut(nn.Module):
    """Mean over 3x3 pixels where H and W halve, then a convolution without activation."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = ConvNorm(Conv(in_channels, out_channels), nn.Identity)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        if self.stride > 1:
            # "same" as TensorFlow's: one pixel before where the side is odd, and what lies outside does not count
            maps, odd = over_frames(x), (x.shape[-2] % 2, x.shape[-1] % 2)
            pooled = F.avg_pool2d(maps, 3, self.stride, odd, ceil_mode=True, count_include_pad=False)
            x = from_frames(pooled, x.shape[2])
        return self.conv(x)


class Bottleneck(nn.Module):
    """1x1x1 wider, depthwise (through space and time at once, or causal: through space, then the past), squeeze, 1x1x1
    narrower; times a scale that starts at 0 (ReZero, Bachlechner et al. 2020, arXiv:2003.04887), beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, layer: Layer, *, causal: bool) -> None:
        super().__init__()
        middle, activation = layer.expanded, nn.Hardswish if causal else nn.SiLU
        frames = 1 if causal else layer.frames
        self.expand = ConvNorm(Conv(in_channels, middle), activation)
        self.conv = ConvNorm(Conv(middle, middle, frames, layer.pixels, layer.stride, groups=middle), activation)
        past = causal and layer.frames > 1
        self.past = ConvNorm(PastConv(middle, middle, layer.frames, groups=middle), activation) if past else None
        self.squeeze = Squeeze(middle, causal=causal)
        self.project = ConvNorm(Conv(middle, out_channels), nn.Identity)
        plain = in_channels == out_channels and layer.stride == 1
        self.shortcut = nn.Identity() if plain else Shortcut(in_channels, out_channels, layer.stride)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        residual = self.conv(self.expand(x))
        if self.past is not None:
            residual = self.past(residual, memory)
        residual = self.project(self.squeeze(residual, memory))
        return self.shortcut(x) + self.scale * residual
