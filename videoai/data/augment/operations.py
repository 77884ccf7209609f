"""Drawn operations applied to the pixels of a batch of clips, on the device and without randomness.

The worker draws, because a draw is a function of the clip's position (``transforms.py``, ``policies.py``); here it is
applied. All frames of a clip are treated alike by construction: an operation gets its values once, for the clip.
Neighbours that drew the same are treated in one call. The kernels are torchvision's.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import zip_longest

from torch import Tensor

from videoai.core.types import Clips, Op


def apply_ops(clips: Clips) -> Clips:
    """Apply every clip's operations, in its order, on the device where the clips are.

    uint8 [B, T, C, H, W] -> the same in a new tensor; without any operation the clips themselves.
    """
    if not any(clips.ops):
        return clips
    video = clips.video.clone()
    for turn in zip_longest(*clips.ops):  # the first operation of every clip, then the second, ...
        for op in dict.fromkeys(filter(None, turn)):
            for rows in runs([row for row, other in enumerate(turn) if other == op]):
                video[rows] = operate(video[rows], op)
    return clips._replace(video=video, ops=())


def runs(rows: Sequence[int]) -> Iterator[slice]:
    """Rising numbers as slices of neighbours: [0, 1, 4] -> 0:2, 4:5. A list as an index would be copied to the device,
    and the host would wait for it."""
    first = 0
    for place, row in enumerate(rows):
        if place + 1 == len(rows) or rows[place + 1] != row + 1:
            yield slice(rows[first], row + 1)
            first = place + 1


def operate(video: Tensor, op: Op) -> Tensor:
    """One operation on clips: uint8 [..., T, C, H, W] -> the same shape."""
    return kernels()[op.name](video, *op.values)


@cache
def kernels() -> dict[str, Callable[..., Tensor]]:
    """By the name of an Op. torchvision takes two seconds to import, which evaluation does not need."""
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    def affine(video: Tensor, *, move: tuple[int, int] = (0, 0), shear: tuple[float, float] = (0, 0)) -> Tensor:
        settings = {"angle": 0.0, "scale": 1.0, "interpolation": InterpolationMode.BILINEAR}
        return F.affine(video, translate=list(move), shear=list(shear), **settings)

    return {
        # A factor; 1 changes nothing. Contrast is about the mean of each frame.
        "brightness": F.adjust_brightness,
        "contrast": F.adjust_contrast,
        "saturation": F.adjust_saturation,
        "sharpness": F.adjust_sharpness,
        # Fewer levels: bits kept, 1 .. 8. Pixels from a level up, 0 .. 255, or all of them, turned into their negative.
        "posterize": lambda video, bits: F.posterize(video, int(bits)),
        "solarize": F.solarize,
        "invert": F.invert,
        # Stretched between the darkest and the brightest pixel, or to equal shares of every level.
        "autocontrast": lambda video: over_the_clip(video, F.autocontrast),
        "equalize": lambda video: over_the_clip(video, F.equalize),
        # Degrees, about the centre, and shares of the side; black comes in.
        "rotate": lambda video, degrees: F.rotate(video, degrees, interpolation=InterpolationMode.BILINEAR),
        "shear_x": lambda video, degrees: affine(video, shear=(degrees, 0.0)),
        "shear_y": lambda video, degrees: affine(video, shear=(0.0, degrees)),
        "translate_x": lambda video, share: affine(video, move=(round(share * video.shape[-1]), 0)),
        "translate_y": lambda video, share: affine(video, move=(0, round(share * video.shape[-2]))),
        "erase": erase,
    }


def over_the_clip(video: Tensor, kernel: Callable[[Tensor], Tensor]) -> Tensor:
    """A kernel that measures the picture sees all frames as one, [..., C, T*H, W]: each by itself would flicker."""
    frames, channels, height, width = video.shape[-4:]
    tall = video.transpose(-4, -3).reshape(*video.shape[:-4], channels, frames * height, width)
    return kernel(tall).unflatten(-2, (frames, height)).transpose(-4, -3)


def erase(video: Tensor, top: int, left: int, height: int, width: int, *colour: int) -> Tensor:
    """Paint one box, in pixels, in every frame: a tube (arXiv:1708.04896). colour: one value a channel."""
    painted = video.clone()
    for channel, value in enumerate(colour):
        painted[..., channel, top : top + height, left : left + width] = value
    return painted
