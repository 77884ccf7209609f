"""Position tables that are added to tokens, and their resampling for another clip.

Suffixes: T frames, S places in a frame (H = W rows and columns) of tokens, L = T*S, D token width.
"""

import logging
from collections.abc import Mapping
from math import isqrt
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.layers import check_choice

logger = logging.getLogger(__name__)

Kind = Literal["sincos", "joint", "separate", "space"]


class Positions(nn.Module):
    """The sum of one or two tables [T, S, D]; a table has length 1 in a dimension along which it is constant.

    Args:
        kind: "sincos": fixed sines and cosines over the running number of a token; "joint": learned, one vector a
            token; "separate": learned, one a frame and one a place in the frame; "space": one a place in the frame.
    """

    def __init__(self, kind: Kind, grid: tuple[int, int], width: int) -> None:
        super().__init__()
        check_choice("positions", kind, get_args(Kind))
        self.fixed = kind == "sincos"
        over_time, over_space = (grid[0], 1), (1, grid[1])
        tables = {"separate": {"time": over_time, "space": over_space}, "space": {"space": over_space}}
        self.grids: dict[str, tuple[int, int]] = tables.get(kind, {"joint": grid})
        if self.fixed:  # a buffer that is saved: some publishers keep it in their files
            self.register_buffer("joint", sincos(grid, width))
            return
        for name, shape in self.grids.items():
            table = nn.Parameter(torch.empty(*shape, width))
            nn.init.trunc_normal_(table, std=0.02, a=-0.04, b=0.04)
            self.register_parameter(name, table)

    def forward(self) -> Tensor:
        """-> [T, S, D], or [1, S, D] for "space"."""
        first, *rest = (getattr(self, name) for name in self.grids)
        return first + rest[0] if rest else first

    def fit_state_dict(self, state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        """The state dict with tables for this grid: sines are computed again, learned tables resampled. Logs it."""
        tables = {f"{prefix}{name}": name for name in self.grids if f"{prefix}{name}" in state}
        others = {key: name for key, name in tables.items() if tuple(state[key].shape[:2]) != self.grids[name]}
        if not others:
            return dict(state)
        before = [max(lengths) for lengths in zip(*(state[key].shape[:2] for key in tables), strict=True)]
        after = [max(lengths) for lengths in zip(*self.grids.values(), strict=True)]
        how = "computed again for" if self.fixed else "resampled to"
        logger.info("positions of %dx%d (T, H*W) tokens are %s %dx%d", *before, how, *after)
        fitted = {
            key: getattr(self, name) if self.fixed else resample(state[key], self.grids[name])
            for key, name in others.items()
        }
        return {**state, **fitted}


def sincos(grid: tuple[int, int], width: int) -> Tensor:
    """[T, S, D]: sines and cosines in turn over the running number of a token (Vaswani et al. 2017,
    arXiv:1706.03762, section 3.5), in double precision until the end, as VideoMAE."""
    number_L = torch.arange(grid[0] * grid[1], dtype=torch.float64)
    angle_LF = number_L[:, None] / 10_000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angle_LF.sin(), angle_LF.cos()], dim=-1).float().view(*grid, width)


@torch.no_grad()
def resample(table_TSD: Tensor, grid: tuple[int, int]) -> Tensor:
    """Linear over time, bicubic over space, as UMT does it. Frames are square."""
    if grid[0] != table_TSD.shape[0]:
        table_TSD = resize(table_TSD, 0, grid[0])
    if grid[1] != table_TSD.shape[1]:
        before, after = isqrt(table_TSD.shape[1]), isqrt(grid[1])
        table_TDHW = table_TSD.transpose(1, 2).unflatten(2, (before, before))
        table_TSD = F.interpolate(table_TDHW, size=(after, after), mode="bicubic").flatten(2).transpose(1, 2)
    return table_TSD.contiguous()


def resize(table: Tensor, dim: int, length: int) -> Tensor:
    """Linear interpolation of one dimension, as a product: F.interpolate's CUDA backward is not deterministic."""
    eye = torch.eye(table.shape[dim], device=table.device, dtype=table.dtype)
    weight_OI = F.interpolate(eye[None], size=length, mode="linear", align_corners=False)[0].T
    return torch.einsum("oi,i...->o...", weight_OI, table.movedim(dim, 0)).movedim(0, dim)
