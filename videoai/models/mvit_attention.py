"""MViT's attention on PyTorch's fused kernels, which never hold the matrix of all queries and keys.

torchvision forms that matrix and adds the relative positions of MViTv2 to it. They are a sum of one score an axis, each
of a query and a row, column or frame of keys. So they become more channels of the queries, and the keys get a one where
their row, column and frame are: the same numbers in one product, without a mask, which fused kernels take badly. It
costs MViTv2-S 7 % more multiply-adds (L, with its narrow heads, 27 %); on one CPU thread its attention over 32 frames
took 0.88 instead of 1.28 s forward and backward, and 84 instead of 207 MB.

Suffixes: B batch, N heads, L tokens (the class token, then T, H, W), F head width, Q and K positions on an axis.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.video import mvit

Grid = tuple[int, int, int]  # (T, H, W) tokens
ALIGNED = 8  # channels: fused CUDA kernels want rows of 16 bytes, also of bfloat16


class MultiscaleAttention(mvit.MultiscaleAttention):
    """torchvision's, with its parameters and its numbers but for rounding."""

    def forward(self, x: Tensor, thw: Grid) -> tuple[Tensor, Grid]:
        """[B, L, D] on a grid -> the same, pooled where queries are."""
        if x.is_meta and not torch.is_grad_enabled():  # FLOPs are counted so: the paper's, without the added channels
            return super().forward(x, thw)
        parts = self.qkv(x).unflatten(2, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)  # 3, B, N, L, F
        pools = (self.pool_q, self.pool_k, self.pool_v)
        (q, grid), (k, grid_k), (v, _) = (
            (part, thw) if pool is None else pool(part, thw) for pool, part in zip(pools, parts, strict=True)
        )
        mixed = self._attend(q, k, v, grid, grid_k)
        if self.residual_pool:  # not for the class token
            mixed = mixed + F.pad(q[:, :, 1:], (0, 0, 1, 0))
        return self.project(mixed.transpose(1, 2).flatten(2)), grid

    def _attend(self, q_BNLF: Tensor, k_BNLF: Tensor, v_BNLF: Tensor, grid: Grid, grid_k: Grid) -> Tensor:
        if self.rel_pos_t is None or self.rel_pos_h is None or self.rel_pos_w is None:
            return F.scaled_dot_product_attention(q_BNLF, k_BNLF, v_BNLF)
        tables = (self.rel_pos_t, self.rel_pos_h, self.rel_pos_w)
        scores, places = position_scores(q_BNLF, tables, grid, grid_k), one_hot_places(grid_k, like=k_BNLF)
        width, more = v_BNLF.shape[-1], scores.shape[-1]
        rest = -(width + more) % ALIGNED
        q = F.pad(torch.cat([self.scaler * q_BNLF, scores], dim=-1), (0, rest))
        k = F.pad(torch.cat([k_BNLF, places.expand(*k_BNLF.shape[:2], -1, -1)], dim=-1), (0, rest))
        v = F.pad(v_BNLF, (0, more + rest))
        return F.scaled_dot_product_attention(q, k, v, scale=1.0)[..., :width]


def position_scores(q_BNLF: Tensor, tables: tuple[Tensor, ...], grid: Grid, grid_k: Grid) -> Tensor:
    """What each query says to each frame, row and column of keys: [B, N, L, K_t + K_h + K_w]; the class token says
    nothing."""
    q = q_BNLF[:, :, 1:].unflatten(2, grid)  # B, N, T, H, W, F
    sums = ("bnthwf,tkf->bnthwk", "bnthwf,hkf->bnthwk", "bnthwf,wkf->bnthwk")
    axes = zip(sums, tables, grid, grid_k, strict=True)
    scores = [torch.einsum(terms, q, relative_rows(table, *lengths)) for terms, table, *lengths in axes]
    return F.pad(torch.cat(scores, dim=-1).flatten(2, 4), (0, 0, 1, 0))


def relative_rows(table: Tensor, num_q: int, num_k: int) -> Tensor:
    """The rows of a table of relative positions, [rows, F], for each pair on an axis: [Q, K, F]. A table of another
    length is interpolated in every step, as published."""
    rows = 2 * max(num_q, num_k) - 1
    if len(table) != rows:
        table = F.interpolate(table.T[None], size=rows, mode="linear")[0].T
    place_q = torch.arange(num_q, device=table.device)[:, None] * max(num_k / num_q, 1.0)
    place_k = (torch.arange(num_k, device=table.device) + (1.0 - num_k)) * max(num_q / num_k, 1.0)
    return table[(place_q - place_k).long()]


def one_hot_places(grid: Grid, *, like: Tensor) -> Tensor:
    """Frame, row and column of every key, one-hot: [L, K_t + K_h + K_w]; zeros for the class token."""
    t, h, w = (torch.eye(length, dtype=like.dtype, device=like.device) for length in grid)
    axes = (t[:, None, None], h[:, None], w)
    places = torch.cat([axis.expand(*grid, -1) for axis in axes], dim=-1)  # [T, H, W, K_t + K_h + K_w]
    return F.pad(places.flatten(0, 2), (0, 0, 1, 0))


def fuse_attention(model: nn.Module) -> None:
    """Let every attention of torchvision's below ``model`` run this forward pass; parameters stay where they are."""
    for module in model.modules():
        if type(module) is mvit.MultiscaleAttention:
            module.__class__ = MultiscaleAttention
