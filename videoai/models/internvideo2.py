"""InternVideo2 (Wang et al. 2024, arXiv:2403.15377): a ViT of a billion parameters, and smaller ones distilled from it.

A ViT over 1x14x14 patches with joint space-time attention, RMSNorm, queries and keys normalised over their whole width,
LayerScale (arXiv:2103.17239), and attention pooling: the mean token asks, all tokens answer. Differs: the attention is
PyTorch's own, which needs no compiled extension, and whose numbers are those of the authors' plain path.

Suffixes: B batch, L tokens (one for the class, then T, H, W), N heads, D token width, F head width.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import DropPath, Mlp, drop_path_rates, init_linear
from videoai.models.blocks import run_blocks
from videoai.models.clip_size import check_clip
from videoai.models.layers import make_head
from videoai.models.positions import Positions
from videoai.models.video_vit import BASE, GIANT, LARGE, SMALL, Width, token_grid

TUBELET = (1, 14, 14)  # T, H, W
POOL_HEADS = 16  # heads of the attention pooling, in all sizes
RMS_EPS = 1e-6
SCALE = 1e-5  # LayerScale at the start


class InternVideo2(nn.Module):
    """Patches and a class token -> blocks -> attention pooling -> norm -> head.

    Args:
        width: size of the network, one of those in ``video_vit``.
        num_frames, size: the one clip size that the position table is made for.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.
    """

    num_features = 768  # after the pool, in all sizes; tokens are ``feature_width`` wide

    def __init__(
        self, num_classes: int, *, width: Width, num_frames: int, size: int, dropout: float, drop_path: float
    ) -> None:
        super().__init__()
        self.feature_width = dim = width.width
        self.input_size = (num_frames, size, size)
        grid = token_grid(self.input_size, TUBELET)
        self.patch_embed = nn.Conv3d(3, dim, kernel_size=TUBELET, stride=TUBELET)
        self.positions = Positions("joint", grid, dim)
        self.class_token = nn.Parameter(torch.empty(dim))
        self.class_position = nn.Parameter(torch.zeros(dim))
        rates = drop_path_rates(drop_path, width.depth)
        blocks = [ScaledBlock(dim, width.num_heads, width.hidden, rate) for rate in rates]
        self.blocks = nn.ModuleList(blocks)
        self.pool = AttentionPool(dim, self.num_features)
        self.norm = nn.LayerNorm(self.num_features)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.class_token, std=0.02)
        init_linear(self, into_stream=[(block.attention.project, block.mlp.fc2) for block in blocks])
        rows = columns = size // TUBELET[1]
        self.positions.get_parameter("joint").data.copy_(sincos_3d((grid[0], rows, columns), dim).flatten(1, 2))
        self.head = make_head(self.num_features, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> tokens [B, L, D], the class token first.

        Raises: ValueError: a clip of another size than the model was built for.
        """
        check_clip("internvideo2", video.shape[2:], self.input_size, TUBELET)
        x_BTSD = self.patch_embed(video).flatten(3).permute(0, 2, 3, 1)  # [B, D, T, H, W] -> [B, T, S, D]
        x_BLD = (x_BTSD + self.positions()).flatten(1, 2)
        token_B1D = (self.class_token + self.class_position).expand(x_BLD.shape[0], 1, -1)
        return run_blocks(self.blocks, torch.cat([token_B1D, x_BLD], dim=1), checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, L, D] -> logits [B, K], or the pooled [B, 768]."""
        pooled = self.norm(self.pool(features))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block, then the pool. ``coarse`` is the same."""
        blocks = [(r"^blocks\.(\d+)", None), (r"^(?:pool|norm)\.", (99999,))]
        return {"stem": r"^(?:patch_embed|positions|class_)", "blocks": blocks}

    def no_weight_decay(self) -> set[str]:
        """The class token and the positions."""
        return {"class_token", "class_position", "positions.joint"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks."""
        return list(self.blocks)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of another clip size, its position table resampled to this one."""
        return self.positions.fit_state_dict(state, "positions.")


class ScaledBlock(nn.Module):
    """Pre-norm attention and MLP, each scaled channel by channel."""

    def __init__(self, width: int, num_heads: int, hidden: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = RmsNorm(width)
        self.attention = NormedAttention(width, num_heads)
        self.scale1 = nn.Parameter(torch.full((width,), SCALE))
        self.norm2 = RmsNorm(width)
        self.mlp = Mlp(width, hidden)
        self.scale2 = nn.Parameter(torch.full((width,), SCALE))
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, D]."""
        x_BLD = x_BLD + self.drop_path(self.scale1 * self.attention(self.norm1(x_BLD)))
        return x_BLD + self.drop_path(self.scale2 * self.mlp(self.norm2(x_BLD)))


class NormedAttention(nn.Module):
    """Multi-head self-attention; queries and keys are normalised over all heads together."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.norm_q = RmsNorm(width)
        self.norm_k = RmsNorm(width)
        self.project = nn.Linear(width, width)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, D]."""
        q_BLD, k_BLD, v_BLD = self.qkv(x_BLD).chunk(3, dim=-1)
        return self.project(attend(self.norm_q(q_BLD), self.norm_k(k_BLD), v_BLD, self.num_heads))


class RmsNorm(nn.Module):
    """As torch's, which warns when autocast gives it bfloat16 beside a weight in float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., D]."""
        return F.rms_norm(x, x.shape[-1:], eps=RMS_EPS) * self.weight


class AttentionPool(nn.Module):
    """The mean token reads all tokens: [B, L, D] -> [B, out]."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.norm_q, self.norm_k, self.norm_v = (nn.LayerNorm(width) for _ in range(3))
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.project = nn.Linear(width, out)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] -> [B, out]."""
        q_B1D = self.q(self.norm_q(x_BLD.mean(1, keepdim=True)))
        k_BLD, v_BLD = self.k(self.norm_k(x_BLD)), self.v(self.norm_v(x_BLD))
        return self.project(attend(q_B1D, k_BLD, v_BLD, POOL_HEADS)).squeeze(1)


def attend(q_BQD: Tensor, k_BLD: Tensor, v_BLD: Tensor, num_heads: int) -> Tensor:
    """Multi-head attention of projected queries, keys and values: [B, Q, D]."""
    q_BNQF, k_BNLF, v_BNLF = (x.unflatten(-1, (num_heads, -1)).transpose(1, 2) for x in (q_BQD, k_BLD, v_BLD))
    return F.scaled_dot_product_attention(q_BNQF, k_BNLF, v_BNLF).transpose(1, 2).flatten(2)


def sincos_3d(grid: tuple[int, int, int], width: int) -> Tensor:
    """[T, H, W, D], the positions at the start: sines, then cosines, of time in a quarter of the width, of columns and
    of rows in the rest."""
    places = torch.meshgrid(*(torch.arange(float(length)) for length in grid), indexing="ij")
    parts = ((places[0], width // 4), (places[2], width * 3 // 8), (places[1], width * 3 // 8))
    angles = [place[..., None] / 10_000 ** (torch.arange(0, part, 2) / part) for place, part in parts]
    return torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], dim=-1)


def internvideo2_s(
    num_classes: int, *, num_frames: int = 8, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> InternVideo2:
    """ViT-S/14: 23 M parameters at 400 classes."""
    return InternVideo2(
        num_classes, width=SMALL, num_frames=num_frames, size=size, dropout=dropout, drop_path=drop_path
    )


def internvideo2_b(
    num_classes: int, *, num_frames: int = 8, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> InternVideo2:
    """ViT-B/14: 90 M parameters at 400 classes."""
    return InternVideo2(num_classes, width=BASE, num_frames=num_frames, size=size, dropout=dropout, drop_path=drop_path)


def internvideo2_l(
    num_classes: int, *, num_frames: int = 8, size: int = 224, dropout: float = 0.0, drop_path: float = 0.35
) -> InternVideo2:
    """ViT-L/14: 309 M parameters at 400 classes."""
    return InternVideo2(
        num_classes, width=LARGE, num_frames=num_frames, size=size, dropout=dropout, drop_path=drop_path
    )


def internvideo2_1b(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.0, drop_path: float = 0.3
) -> InternVideo2:
    """ViT-g/14: 1024 M parameters at 400 classes."""
    return InternVideo2(
        num_classes, width=GIANT, num_frames=num_frames, size=size, dropout=dropout, drop_path=drop_path
    )
