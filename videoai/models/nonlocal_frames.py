"""The non-local block (Wang et al. 2018, arXiv:1711.07971) inside a 2-D network: each place of a clip reads all places.

Keys and values are pooled 2x2 in space, as the paper's sub-sampling. The last norm starts at zero, so that a fresh
block changes nothing.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.frames import AcrossFrames

Affinity = Literal["embedded_gaussian", "gaussian", "dot_product"]


class NonLocal(AcrossFrames):
    """theta, phi and g are the paper's names of query, key and value; W follows them.

    Args:
        affinity: between places. "embedded_gaussian": softmax of theta(x) phi(x); "gaussian": softmax of x x;
            "dot_product": theta(x) phi(x) divided by the number of places.
    """

    def __init__(self, channels: int, affinity: Affinity) -> None:
        super().__init__()
        self.affinity: Affinity = affinity
        inner = channels // 2
        embedded = affinity != "gaussian"
        self.theta = nn.Conv2d(channels, inner, kernel_size=1) if embedded else nn.Identity()
        self.phi = nn.Conv2d(channels, inner, kernel_size=1) if embedded else nn.Identity()
        self.g = nn.Conv2d(channels, inner, kernel_size=1)
        norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(norm.weight)
        self.W = nn.Sequential(nn.Conv2d(inner, channels, kernel_size=1, bias=False), norm)

    def forward(self, x: Tensor) -> Tensor:
        """[B*T, C, H, W] -> the same."""
        query, key, value = self.theta(x), _pooled(self.phi(x)), _pooled(self.g(x))
        read = self.attend(self.places(query), self.places(key), self.places(value))  # [B, 1, T*H*W, D]
        maps = read.squeeze(1).unflatten(1, (self.num_frames, *x.shape[2:]))  # -> [B, T, H, W, D]
        return x + self.W(maps.flatten(0, 1).permute(0, 3, 1, 2))  # -> [B*T, D, H, W]

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """[B, 1, L, D], [B, 1, M, D], [B, 1, M, D'] -> [B, 1, L, D']."""
        if self.affinity == "dot_product":
            return query @ (key.transpose(-2, -1) @ value) / key.shape[-2]  # in this order linear in L
        return F.scaled_dot_product_attention(query, key, value, scale=1.0)

    def places(self, x: Tensor) -> Tensor:
        """[B*T, D, H, W] -> [B, 1, T*H*W, D]."""
        return self.by_clip(x).permute(0, 1, 3, 4, 2).flatten(1, 3).unsqueeze(1)


def _pooled(x: Tensor) -> Tensor:
    return F.max_pool2d(x, kernel_size=2)
