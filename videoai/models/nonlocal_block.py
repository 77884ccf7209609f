"""The non-local block (Wang et al. 2018, arXiv:1711.07971): attention among all positions of a feature map.

Two checkpoint variants fit the same network and give other logits: PySlowFast pools the map before keys and values
are projected, mmaction2 after, and has no bias where the block's norm follows. Softmax attention runs on PyTorch's
fused kernels; dot products are multiplied from the right, theta (phi^T g), which is linear in the number of positions.
"""

from typing import Literal, NamedTuple, get_args

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.layers import check_choice
from videoai.models.max_pool import FrameMaxPool

Affinity = Literal["softmax", "dot_product", "gaussian"]
Variant = Literal["pyslowfast", "mmaction2"]


class NonLocalSpec(NamedTuple):
    """The kind of a network's non-local blocks, and the residual blocks of its four stages that they follow."""

    affinity: Affinity = (
        "softmax"  # softmax of projections; dot_product = their mean; gaussian = softmax, no projections
    )
    scaled: bool = True  # softmax of products / sqrt(width)
    variant: Variant = "pyslowfast"
    after: tuple[tuple[int, ...], ...] = ((), (1, 3), (1, 3, 5), ())


class NonLocal(nn.Module):
    """x + norm(out(attention)); keys and values are max-pooled 2x2 in space."""

    def __init__(self, channels: int, spec: NonLocalSpec) -> None:
        super().__init__()
        check_choice("affinity", spec.affinity, get_args(Affinity))
        check_choice("non_local_variant", spec.variant, get_args(Variant))
        inner = channels // 2
        projected = spec.affinity != "gaussian"
        self.theta = nn.Conv3d(channels, inner, 1) if projected else nn.Identity()
        self.phi = nn.Conv3d(channels, inner, 1) if projected else nn.Identity()
        self.g = nn.Conv3d(channels, inner, 1)
        self.pool = FrameMaxPool(2, stride=2)
        self.out = nn.Conv3d(inner, channels, 1, bias=spec.variant == "pyslowfast")
        self.norm = nn.BatchNorm3d(channels)
        nn.init.zeros_(self.norm.weight)  # the block starts as the identity
        self.spec = spec

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> the same."""
        if self.spec.variant == "pyslowfast":
            pooled = self.pool(x)
            phi, g = self.phi(pooled), self.g(pooled)
        else:
            phi, g = (self.pool(part(x)) for part in (self.phi, self.g))
        # [B, D, T, H, W] -> [B, L, D]
        theta, phi, g = (part.flatten(2).transpose(1, 2) for part in (self.theta(x), phi, g))
        mixed = self._attend(theta, phi, g).transpose(1, 2).unflatten(2, x.shape[2:])  # [B, L, D] -> [B, D, T, H, W]
        return x + self.norm(self.out(mixed))

    def _attend(self, theta_BLD: Tensor, phi_BMD: Tensor, g_BMD: Tensor) -> Tensor:
        """Queries, keys and values -> [B, L, D]; M = L / 4."""
        if self.spec.affinity == "dot_product":
            return theta_BLD @ (phi_BMD.transpose(1, 2) @ g_BMD) / phi_BMD.shape[1]
        scale = None if self.spec.scaled else 1.0  # None = 1 / sqrt(D)
        query, key, value = (part.unsqueeze(1) for part in (theta_BLD, phi_BMD, g_BMD))  # one head
        return F.scaled_dot_product_attention(query, key, value, scale=scale).squeeze(1)
