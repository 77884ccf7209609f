"""Spatial transforms of one clip: parameters are drawn once, then applied alike to every frame.

The worker cuts, because that saves bytes on the way to the device; what follows is drawn here too, from the same
generator, but carried out on the device (``operations.py``).

Built on the kernels of ``torchvision.transforms.v2.functional``; the draws come from our own generator, because v2's
transform classes draw from the global one and would then depend on the worker. torchvision is imported where it is
used: it takes two seconds, and evaluation and prediction only crop.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from videoai.core.types import Op
from videoai.data.augment.policies import PolicyName, draw_policy

ERASED_AREA = (0.02, 0.4)  # share of the picture: s_l and s_h of arXiv:1708.04896, section 4
ERASED_RATIO = (0.3, 1 / 0.3)  # r_1 there


# A custom transform: (video uint8 [T, C, H, W], the clip's generator) -> uint8 [T, C, size, size].
ClipTransform = Callable[[Tensor, Generator], Tensor]


class Transformed(NamedTuple):
    """What became of a clip."""

    video: Tensor  # uint8 [T, C, size, size]
    is_mirrored: bool  # so its class may be another one now
    is_reversed: bool  # likewise
    ops: tuple[Op, ...]  # for the device


@dataclass(frozen=True, kw_only=True)
class TrainTransform:
    """Reversal, random resized crop (arXiv:1409.4842), shift, mirror, colour jitter, a policy and an erased box, each
    drawn once a clip. Nothing is drawn for what is off."""

    size: int  # pixels, side of the crop
    scale: tuple[float, float] = (0.5, 1.0)  # share of the frame's area that the crop covers; (1, 1) = centre crop
    ratio: tuple[float, float] = (0.75, 4 / 3)  # width / height of the crop
    shift: float = 0.0  # the crop moves by up to this share of its side, black moves in
    flip: float = 0.5  # probability of a mirrored clip
    reverse: float = 0.0  # probability of a clip played backwards
    color_jitter: float = 0.0  # brightness, contrast and saturation are scaled by a factor in [1 - x, 1 + x]
    policy: PolicyName | None = None
    num_ops: int = 2  # RandAugment's operations a clip
    magnitude: int = 9  # RandAugment's strength, 0 .. 30
    erase: float = 0.0  # probability of an erased box, the same in every frame (arXiv:1708.04896)
    more: Sequence[ClipTransform] = ()  # the user's own transforms, in order, after the crop

    def __post_init__(self) -> None:
        import torchvision.transforms.v2  # noqa: F401 (once, before the workers start, instead of once in each)

    def __call__(self, video: Tensor, generator: Generator) -> Transformed:
        """video: uint8 [T, C, H, W], scaled by the decoder."""
        is_reversed = bool(self.reverse) and _uniform(generator) < self.reverse
        video = self._crop(video.flip(0) if is_reversed else video, generator)
        if self.shift:
            video = shifted(video, round(self.shift * self.size), generator)
        is_mirrored = bool(self.flip) and _uniform(generator) < self.flip
        video = video.flip(-1) if is_mirrored else video
        for transform in self.more:
            video = self._checked(transform(video, generator), transform)
        return Transformed(video, is_mirrored, is_reversed, tuple(self._ops(generator)))

    def _checked(self, video: Tensor, transform: ClipTransform) -> Tensor:
        if (
            not isinstance(video, Tensor)
            or video.dtype != torch.uint8
            or video.ndim != 4
            or tuple(video.shape[1:]) != (3, self.size, self.size)
        ):
            name = getattr(transform, "__name__", type(transform).__name__)
            given = f"{video.dtype} {list(video.shape)}" if isinstance(video, Tensor) else f"a {type(video).__name__}"
            raise ValueError(
                f"augment.clip_transforms: {name} gave {given}; a clip stays torch.uint8 "
                f"[T, 3, {self.size}, {self.size}]."
            )
        return video

    def _ops(self, generator: Generator) -> list[Op]:
        ops: list[Op] = []
        if x := self.color_jitter:
            names = ("brightness", "contrast", "saturation")
            ops += [Op(name, (_uniform(generator, 1 - x, 1 + x),)) for name in names]
        if self.policy:
            ops += draw_policy(self.policy, generator, num_ops=self.num_ops, magnitude=self.magnitude)
        if self.erase and _uniform(generator) < self.erase:
            box = random_box(self.size, self.size, ERASED_AREA, ERASED_RATIO, generator)
            colour = torch.randint(256, (3,), generator=generator).tolist()  # the paper draws one for every pixel
            ops.append(Op("erase", (*box, *colour)))
        return ops

    def _crop(self, video: Tensor, generator: Generator) -> Tensor:
        from torchvision.transforms.v2 import functional as F

        if self.scale[0] >= 1.0:
            return center_crop(video, self.size)
        box = random_box(video.shape[-2], video.shape[-1], self.scale, self.ratio, generator)
        return F.resized_crop(video, *box, size=[self.size, self.size], antialias=True)


def center_crop(video: Tensor, size: int) -> Tensor:
    """uint8 [T, C, H, W] -> uint8 [T, C, size, size]."""
    return three_crops(video, size)[1]


def three_crops(video: Tensor, size: int) -> list[Tensor]:
    """Start, centre and end of the longer side, each [T, C, size, size] (the 3-crop test of arXiv:1711.07971)."""
    height, width = video.shape[-2:]
    boxes = [((height - size) * part // 2, (width - size) * part // 2) for part in (0, 1, 2)]
    if width >= height:
        boxes = [((height - size) // 2, left) for _, left in boxes]
    else:
        boxes = [(top, (width - size) // 2) for top, _ in boxes]
    return [video[..., top : top + size, left : left + size] for top, left in boxes]


def eval_crops(video: Tensor, size: int, num_crops: int) -> list[Tensor]:
    """The crops that are averaged in evaluation: 1 (centre) or 3.

    Raises: ValueError: another number.
    """
    if num_crops not in (1, 3):
        raise ValueError(f"{num_crops} crops a clip: choose 1 (centre) or 3 (start, centre, end of the longer side).")
    return [center_crop(video, size)] if num_crops == 1 else three_crops(video, size)


def shifted(video: Tensor, most: int, generator: Generator) -> Tensor:
    """Move by up to ``most`` pixels each way, the same in every frame. video: uint8 [T, C, H, W] -> the same shape."""
    from torchvision.transforms.v2 import functional as F

    height, width = video.shape[-2:]
    down, right = (int(torch.randint(2 * most + 1, (), generator=generator)) for _ in range(2))
    return F.pad(video, [most] * 4)[..., down : down + height, right : right + width]


def random_box(
    height: int, width: int, scale: tuple[float, float], ratio: tuple[float, float], generator: Generator
) -> tuple[int, int, int, int]:
    """Top, left, height, width of a crop with random area and aspect; clamped to the frame rather than redrawn."""
    area = height * width * _uniform(generator, *scale)
    aspect = math.exp(_uniform(generator, math.log(ratio[0]), math.log(ratio[1])))
    box_width = min(width, max(1, round(math.sqrt(area * aspect))))
    box_height = min(height, max(1, round(math.sqrt(area / aspect))))
    top = int(torch.randint(height - box_height + 1, (), generator=generator))
    left = int(torch.randint(width - box_width + 1, (), generator=generator))
    return top, left, box_height, box_width


def _uniform(generator: Generator, low: float = 0.0, high: float = 1.0) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))
