"""Drawn operations applied to the pixels of a batch of clips, on the device and without randomness.

The worker draws, because a draw is a function of the clip's position (``transforms.py``, ``policies.py``). Collating
brings the draws of a batch into turns: the first operation of every clip, then the second, and so on. In each turn the
clips are sorted by kernel, so that a kernel sees its clips as one slice, each with its values beside it. All this is
known on the host, and crosses to the device with the clips: no kernel has to ask the device what it shall do.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from videoai.core.types import Clips, Kernel, Op, Turn
from videoai.data.augment.kernels import autocontrast, blend_with_grey, equalize, erase, look_up, resample, sharpen

Size = Sequence[int]  # height, width of a frame
Values = Callable[..., list[float]]  # (size, *values of an operation) -> values of its kernel


def apply_ops(clips: Clips) -> Clips:
    """Apply every clip's operations, in its order, on the device where the clips are.

    uint8 [B, T, C, H, W] -> the same in a new tensor, laid out alike; without any operation the clips themselves.
    """
    if not clips.ops:
        return clips
    video = clips.video.clone(memory_format=torch.contiguous_format)  # in which kernels are faster
    for turn in clips.ops:
        if turn.order is not None:
            video = video.index_select(0, turn.order)
        first = 0
        for kernel, count in turn.kernels:
            size = 1 if video.is_cpu else count  # on a CPU clip after clip, which stays in the cache
            for row in range(first, first + count, size):
                part = slice(row, row + size)
                video[part].copy_(kernel(video[part], turn.values[part]))
            first += count
    return clips._replace(video=torch.empty_like(clips.video).copy_(video), ops=())


def arrange(ops: Sequence[Sequence[Op]], size: Size) -> list[Turn]:
    """The operations of each of B clips of this size in turns, the last of which brings the clips back into their
    order; none without operations."""
    standing, turns = list(range(len(ops))), []  # the clip in each place
    for number in range(max(map(len, ops), default=0)):
        drawn = {clip: kernel_of(ops[clip][number], size) for clip in standing if number < len(ops[clip])}
        kernels = Counter(kernel for kernel, _ in drawn.values())
        wanted = [clip for kernel in kernels for clip in drawn if drawn[clip][0] is kernel]
        values = [drawn[clip][1] for clip in wanted]
        wanted += [clip for clip in standing if clip not in drawn]
        turns.append(Turn(order(standing, wanted), list(kernels.items()), padded(values)))
        standing = wanted
    back = order(standing, sorted(standing))
    return turns if back is None else [*turns, Turn(back, [], padded([]))]


def order(standing: list[int], wanted: list[int]) -> Tensor | None:
    """int64 [B], the place that each wanted clip has now; None where all stand as they should."""
    return None if standing == wanted else torch.tensor([standing.index(clip) for clip in wanted])


def padded(rows: list[list[float]]) -> Tensor:
    """float32 [n, V], as wide as the longest row."""
    longest = max(map(len, rows), default=0)
    return torch.tensor([row + [0.0] * (longest - len(row)) for row in rows], dtype=torch.float32)


def kernel_of(op: Op, size: Size) -> tuple[Kernel, list[float]]:
    """The kernel of an operation on clips of this size, and the values that it takes."""
    kernel, values = OPERATIONS[op.name]
    return kernel, values(size, *op.values)


LEVELS = torch.arange(256)


def levels(change: Callable[..., Tensor]) -> Values:
    """The values of ``look_up``; change: all levels, int64 [256], and the operation's values -> the new levels."""
    return lambda size, *values: change(LEVELS, *values).tolist()


def blend(is_mean: float) -> Values:
    """The values of ``blend_with_grey``."""
    return lambda size, factor: [factor, 1 - factor, is_mean]


def affine(size: Size, matrix: Sequence[float] = (1.0, 0.0, 0.0, 1.0), move: Sequence[float] = (0, 0)) -> list[float]:
    """The values of ``resample``. matrix: [xx, xy, yx, yy], the inverse of the one that turns or shears; move: pixels,
    to the right and down."""
    (height, width), (xx, xy, yx, yy) = size, matrix
    columns = torch.tensor([[xx, yx], [xy, yy], [-move[0], -move[1]]])  # float32 as torchvision's, to the bit
    return (columns / torch.tensor([width / 2, height / 2])).flatten().tolist()


def rotation(size: Size, degrees: float) -> list[float]:
    """Counterclockwise, about the centre."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return affine(size, (cos, -sin, sin, cos))


# By the name of an Op: its kernel, and the kernel's values, made of the operation's.
OPERATIONS: dict[str, tuple[Kernel, Values]] = {
    # A factor; 1 changes nothing. Contrast is about the mean of each frame.
    "brightness": (look_up, levels(lambda level, factor: level.float().mul(factor).clamp(max=255))),
    "contrast": (blend_with_grey, blend(is_mean=1.0)),
    "saturation": (blend_with_grey, blend(is_mean=0.0)),
    "sharpness": (sharpen, lambda size, factor: [1 - factor]),
    # Fewer levels: bits kept, 1 .. 8. Pixels from a level up, 0 .. 255, or all of them, turned into their negative.
    "posterize": (look_up, levels(lambda level, bits: level & -(1 << (8 - int(bits))))),
    "solarize": (look_up, levels(lambda level, first: torch.where(level >= first, 255 - level, level))),
    "invert": (look_up, levels(lambda level: 255 - level)),
    # Stretched between the darkest and the brightest pixel, or to equal shares of every level.
    "autocontrast": (autocontrast, lambda size: []),
    "equalize": (equalize, lambda size: []),
    # Degrees, about the centre, and shares of the side; black comes in.
    "rotate": (resample, rotation),
    "shear_x": (resample, lambda size, degrees: affine(size, (1.0, math.tan(math.radians(degrees)), 0.0, 1.0))),
    "shear_y": (resample, lambda size, degrees: affine(size, (1.0, 0.0, math.tan(math.radians(degrees)), 1.0))),
    "translate_x": (resample, lambda size, share: affine(size, move=(round(share * size[1]), 0))),
    "translate_y": (resample, lambda size, share: affine(size, move=(0, round(share * size[0])))),
    # Top, left, height and width of a box, in pixels, and its colour, a value a channel.
    "erase": (erase, lambda size, top, left, *rest: [top, left, top + rest[0], left + rest[1], *rest[2:]]),
}
