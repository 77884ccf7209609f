"""The two blocks of UniFormerV2 (arXiv:2211.09552): CLIP's own on each frame, and the one that reads the whole clip.

Suffixes: B batch, T frames after the stem, S patches of a frame, L = 1 + S tokens of a frame, N heads, D token width,
F head width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import DropPath, SelfAttention

REDUCTION = 1.5  # reduction of the width inside ``OverTime`` (section 3.2)


class LocalBlock(nn.Module):
    """CLIP's ViT block on each frame, between two mixings over time where asked for."""

    def __init__(self, width: int, num_heads: int, local_temporal: bool, drop_path: float) -> None:
        super().__init__()
        self.local1 = OverTime(width) if local_temporal else None
        self.norm1 = nn.LayerNorm(width)
        self.attn = SelfAttention(width, num_heads)
        self.local2 = OverTime(width) if local_temporal else None
        self.norm2 = nn.LayerNorm(width)
        self.mlp = mlp(width, dropout=0.0)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BTLD: Tensor) -> Tensor:
        """[B, T, L, D] -> [B, T, L, D]."""
        x = self._over_time(x_BTLD, self.local1)
        # [B, T, L, D] -> [B*T, L, D]: fused attention kernels want one batch dimension
        frames = self.attn(self.norm1(x).flatten(0, 1)).unflatten(0, x.shape[:2])
        x = self._over_time(x + self.drop_path(frames), self.local2)
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _over_time(self, x_BTLD: Tensor, mixer: "OverTime | None") -> Tensor:
        if mixer is None:
            return x_BTLD
        patches_BTSD = x_BTLD[:, :, 1:]
        patches_BTSD = patches_BTSD + self.drop_path(mixer(patches_BTSD))
        return torch.cat([x_BTLD[:, :, :1], patches_BTSD], dim=2)


class OverTime(nn.Module):
    """Batch norm, fewer channels, a depthwise convolution over three frames, as many channels as before."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = int(width // REDUCTION)
        self.layers = nn.Sequential(
            nn.BatchNorm3d(width),
            nn.Conv3d(width, inner, 1),
            nn.Conv3d(inner, inner, (3, 1, 1), padding=(1, 0, 0), groups=inner),
            nn.Conv3d(inner, width, 1),
        )

    def forward(self, x_BTSD: Tensor) -> Tensor:
        """[B, T, S, D] -> [B, T, S, D]."""
        # [B, T, S, D] -> [B, D, T, S, 1] and back: every place is treated alike, so rows and columns need no telling
        return self.layers(x_BTSD.permute(0, 3, 1, 2)[..., None])[..., 0].permute(0, 2, 3, 1)

    def zero_output(self) -> None:
        """Zero the last convolution, so that the mixing starts as no change."""
        nn.init.zeros_(self.layers[-1].weight)  # pyright: ignore[reportArgumentType]
        nn.init.zeros_(self.layers[-1].bias)  # pyright: ignore[reportArgumentType]


class GlobalBlock(nn.Module):
    """The video token reads all tokens of the clip, then passes an MLP. The clip's tokens stay as they are."""

    def __init__(self, width: int, num_heads: int, dropout: float, side: int) -> None:
        super().__init__()
        self.num_heads, self.side = num_heads, side
        self.position = nn.Conv3d(width, width, 3, padding=1, groups=width)
        self.norm1, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width)  # norms of the query and of the keys
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = mlp(width, dropout)

    def forward(self, token_B1D: Tensor, x_BTLD: Tensor) -> Tensor:
        """The video token [B, 1, D] and the clip [B, T, L, D] -> the video token [B, 1, D]."""
        token = token_B1D + self._attention(self.norm1(token_B1D), self.norm3(self._with_positions(x_BTLD)))
        return token + self.mlp(self.norm2(token))

    def _with_positions(self, x_BTLD: Tensor) -> Tensor:
        """[B, T, L, D] -> [B, T*L, D]."""
        patches_BTSD = x_BTLD[:, :, 1:]
        # [B, T, S, D] -> [B, D, T, H, W] and back
        grid = patches_BTSD.unflatten(2, (self.side, self.side)).permute(0, 4, 1, 2, 3)
        positions_BTSD = self.position(grid).flatten(3).permute(0, 2, 3, 1)
        return torch.cat([x_BTLD[:, :, :1], patches_BTSD + positions_BTSD], dim=2).flatten(1, 2)

    def _attention(self, token_B1D: Tensor, x_BLD: Tensor) -> Tensor:
        q, k, v = self.q(token_B1D), *self.kv(x_BLD).chunk(2, dim=-1)
        q_NLF, k_NLF, v_NLF = (part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for part in (q, k, v))
        out_NLF = F.scaled_dot_product_attention(q_NLF, k_NLF, v_NLF)
        return self.project(out_NLF.transpose(1, 2).flatten(2))

    def zero_output(self) -> None:
        """Zero the last layers of both branches, so that the token passes unchanged at the start."""
        for last in (self.project, self.mlp[-1]):
            nn.init.zeros_(last.weight)  # pyright: ignore[reportArgumentType]
            nn.init.zeros_(last.bias)  # pyright: ignore[reportArgumentType]
        nn.init.zeros_(self.position.bias)  # pyright: ignore[reportArgumentType]


class QuickGELU(nn.Module):
    """CLIP's approximation of GELU; the exact one gives other logits."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * torch.sigmoid(1.702 * x)


def mlp(width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 4 * width), QuickGELU(), nn.Dropout(dropout), nn.Linear(4 * width, width))
