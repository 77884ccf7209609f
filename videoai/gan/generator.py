"""A 3-D convolutional generator whose every norm hears the class and the noise."""

from math import log2
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Upsample = Literal["deconv", "separable"]
MotionCode = Literal["none", "gru"]
SMALLEST_SIDE = 4  # pixels of the seed that everything grows from
MAX_TIME_DOUBLINGS = 3


class Growth(NamedTuple):
    """How a clip grows from its seed: ``factors[i]`` = (time, space) of stage i."""

    seed_frames: int
    seed_size: int
    factors: list[tuple[int, int]]


def growth(num_frames: int, size: int) -> Growth:
    """Space doubles in every stage, time in the first three at most: what is fine in space alone is cheap.

    16 frames of 32 px grow from 2 of 4 px in three stages.

    Raises: ValueError: sides or lengths that doubling cannot reach.
    """
    stages = int(log2(max(size, 1) / SMALLEST_SIDE)) if size >= SMALLEST_SIDE else 0
    doublings = next((n for n in range(min(MAX_TIME_DOUBLINGS, stages), -1, -1) if num_frames % 2**n == 0), 0)
    if stages < 1 or size % 2**stages:
        raise ValueError(f"clip.size={size}: a generator doubles the side; give 8, 16, 24, 32, 48, 64, 96, 128, ...")
    factors = [(2 if stage < doublings else 1, 2) for stage in range(stages)]
    return Growth(num_frames // 2**doublings, size // 2**stages, factors)


class ConditionalNorm(nn.Module):
    """Batch norm whose gain and bias are linear in the code of each clip (arXiv:1707.00683, with the noise in the code
    as in BigGAN, arXiv:1809.11096)."""

    def __init__(self, channels: int, code_size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm3d(channels, affine=False)
        self.gain, self.bias = nn.Linear(code_size, channels), nn.Linear(code_size, channels)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """x: [B, C, T, H, W]; code: [B, code_size]."""
        shape = (*x.shape[:2], 1, 1, 1)
        return torch.addcmul(self.bias(code).view(shape), 1 + self.gain(code).view(shape), self.norm(x))


class Generator(nn.Module):
    """Noise and a class -> a clip.

    Args:
        width: channels of the last stage; they double with every stage below it, up to ``8 * width``.
        content_size: numbers of noise that hold for the whole clip.
        class_size: numbers that describe a class.
        motion_code: ``gru`` = more noise for every coarse time step, run through a GRU (MoCoGAN, arXiv:1707.04993); for
            long clips.
        motion_size: numbers of noise a coarse time step, with ``motion_code=gru``.
        upsample: ``deconv`` = transposed convolution, 1.45 times cheaper per training step on a CPU; ``separable`` =
            upsample, then convolve space and time apart: no checkerboard.

    Raises: ValueError: a size that doubling cannot reach, or an unknown choice.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        num_frames: int,
        size: int,
        width: int = 16,
        content_size: int = 64,
        class_size: int = 32,
        motion_code: MotionCode = "none",
        motion_size: int = 16,
        upsample: Upsample = "deconv",
    ) -> None:
        super().__init__()
        _check_choice("motion_code", motion_code, get_args(MotionCode))
        _check_choice("upsample", upsample, get_args(Upsample))
        self.num_classes, self.num_frames, self.size = num_classes, num_frames, size
        self.growth = growth(num_frames, size)
        self.content_size = content_size
        self.motion = nn.GRU(motion_size, motion_size, batch_first=True) if motion_code == "gru" else None
        self.latent_size = content_size + (self.growth.seed_frames * motion_size if self.motion else 0)
        self.classes = nn.Embedding(num_classes, class_size)
        code_size = content_size + class_size
        widths = [width * 2 ** min(3, left) for left in range(len(self.growth.factors), -1, -1)]
        seed_cells = widths[0] * self.growth.seed_size**2
        if self.motion:
            self.seed = nn.Linear(code_size + motion_size, seed_cells)
        else:
            self.seed = nn.Linear(code_size, seed_cells * self.growth.seed_frames)
        self.norms = nn.ModuleList(ConditionalNorm(channels, code_size) for channels in widths)
        grow = _deconv if upsample == "deconv" else _separable
        pairs = zip(widths[:-1], widths[1:], self.growth.factors, strict=True)
        self.stages = nn.ModuleList(grow(wide, narrow, factor) for wide, narrow, factor in pairs)
        self.to_pixels = nn.Conv3d(widths[-1], 3, 3, padding=1)

    def forward(self, latent: Tensor, label: Tensor, conditioning: float = 1.0) -> Tensor:
        """latent: float [B, latent_size], standard normal; label: int64 [B]; conditioning: weight of the class in
        [0, 1] -> float [B, 3, T, H, W] in [-1, 1]."""
        code = torch.cat([latent[:, : self.content_size], conditioning * self.classes(label)], 1)
        x = self._seed(code, latent[:, self.content_size :])
        for norm, stage in zip(self.norms, self.stages, strict=False):
            x = stage(F.leaky_relu(norm(x, code), 0.2))
        return self.to_pixels(F.leaky_relu(self.norms[-1](x, code), 0.2)).float().tanh()

    def _seed(self, code: Tensor, noise: Tensor) -> Tensor:
        """[B, C, seed_frames, seed_size, seed_size]."""
        frames, side = self.growth.seed_frames, self.growth.seed_size
        if not self.motion:
            return self.seed(code).view(len(code), -1, frames, side, side)
        moving, _ = self.motion(noise.view(len(code), frames, -1))
        steps = self.seed(torch.cat([code[:, None].expand(-1, frames, -1), moving], 2))
        return steps.view(len(code), frames, -1, side, side).transpose(1, 2)


def _deconv(wide: int, narrow: int, factor: tuple[int, int]) -> nn.Module:
    """Kernel 4 at stride 2: every pixel is touched equally often. Time that does not grow has kernel 3."""
    time, space = factor
    kernel = (4 if time == 2 else 3, 4, 4)
    return nn.ConvTranspose3d(wide, narrow, kernel, stride=(time, space, space), padding=1, bias=False)


def _separable(wide: int, narrow: int, factor: tuple[int, int]) -> nn.Module:
    time, space = factor
    return nn.Sequential(
        nn.Upsample(scale_factor=(time, space, space)),
        nn.Conv3d(wide, narrow, (1, 3, 3), padding=(0, 1, 1), bias=False),
        nn.Conv3d(narrow, narrow, (3, 1, 1), padding=(1, 0, 0), bias=False),
    )


def _check_choice(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"gan.generator.{key}={value}: choose from {', '.join(allowed)}.")
