"""Occlusion (Zeiler & Fergus 2014, arXiv:1311.2901) in space and time: what an output loses when a block is hidden.

A hidden block shows a blurred picture, or, over time alone, the frame before it: a black block would be a thing of its
own, and an abrupt one in a video is a motion.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from videoai.attribution.blur import blurred
from videoai.attribution.maps import upsampled

Slices = tuple[slice, slice, slice]
CELLS = (4, 7, 7)  # blocks along time, rows and columns; each reaches half a block into its neighbours
CLIPS_PER_PASS = 8


@torch.no_grad()
def occlusion(network: nn.Module, video: Tensor, target: int, *, cells: tuple[int, int, int] = CELLS) -> Tensor:
    """How much the target's output falls when a block of the clip is blurred; 0 where it rises.

    Args:
        video: float [1, C, T, H, W], normalised.
        target: the number of the output.
        cells: blocks along each direction.

    Returns: float [T, H, W].
    """
    shape = tuple(video.shape[2:])
    hidden = blurred(video)
    blocks = list(blocks_of(shape, cells))
    heat = outputs_without(network, video, hidden, blocks, target).relu()
    grid = tuple(min(cell, length) for cell, length in zip(cells, shape, strict=True))
    return upsampled(heat.reshape(grid), shape)


@torch.no_grad()
def temporal_occlusion(network: nn.Module, video: Tensor, target: int) -> Tensor:
    """How much the target's output falls when a stretch of frames stands still; float [T, H, W], alike within a frame.

    A stretch is an eighth of the clip, two frames at least, and shows the frame before it. There is one at each frame.
    """
    shape = tuple(video.shape[2:])
    length = max(2, shape[0] // 8)
    blocks = [(slice(max(0, end - length), end),) for end in range(1, shape[0])]
    blocks += [(slice(start, shape[0]),) for start in range(shape[0] - length, shape[0])]
    total, count = torch.zeros(shape[0]), torch.zeros(shape[0])
    for (stretch,), fall in zip(blocks, outputs_without(network, video, None, blocks, target), strict=True):
        total[stretch] += fall
        count[stretch] += 1
    return (total / count).relu()[:, None, None].expand(shape).clone()


def outputs_without(
    network: nn.Module, video: Tensor, hidden: Tensor | None, blocks: Sequence[tuple[slice, ...]], target: int
) -> Tensor:
    """[N]: the target's output of the clip minus that with each block replaced by ``hidden``'s, or, without it, by the
    frame before it."""
    base, falls = network(video)[0, target].float(), list[Tensor]()
    for start in range(0, len(blocks), CLIPS_PER_PASS):
        part = blocks[start : start + CLIPS_PER_PASS]
        clips = video.repeat(len(part), 1, 1, 1, 1)
        for row, block in enumerate(part):
            before = max(0, block[0].start - 1)
            shown = video[:, :, before : before + 1] if hidden is None else hidden[(slice(None), slice(None), *block)]
            clips[(row, slice(None), *block)] = shown[0]
        falls.append(base - network(clips)[:, target].float())
    return torch.cat(falls).cpu()


def blocks_of(shape: tuple[int, ...], cells: tuple[int, int, int]) -> Iterator[Slices]:
    """The blocks, the last direction fastest."""
    rows = [list(_stretches(length, min(cell, length))) for length, cell in zip(shape, cells, strict=True)]
    for time in rows[0]:
        for row in rows[1]:
            for column in rows[2]:
                yield time, row, column


def _stretches(length: int, cells: int) -> Iterator[slice]:
    """``cells`` stretches of twice their distance, cut at the ends."""
    for cell in range(cells):
        middle, half = (cell + 0.5) * length / cells, length / cells
        yield slice(max(0, round(middle - half)), min(length, max(round(middle + half), round(middle - half) + 1)))
