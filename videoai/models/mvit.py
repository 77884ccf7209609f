"""MViT (Fan et al. 2021, arXiv:2104.11227) and MViTv2 (Li et al. 2022, arXiv:2112.01526), from torchvision.

Attention whose queries, keys and values are pooled by strided convolutions: from stage to stage fewer tokens, wider
ones, more heads. torchvision's public MViT behind our contract, with the stages of both papers; its names are ours.
(``MSBlockConfig``, what its argument ``block_setting`` takes, stands in torchvision.models.video.mvit, but not in its
``__all__``.) Differs: attention runs on fused kernels (``mvit_attention.py``), and the max pools of the shortcuts are
split into space and time, whose CUDA backward is deterministic; still not deterministic is MViTv2 at sizes that are no
multiple of 32, as 312, where position tables are interpolated in every step, as published.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.clip_size import check_clip, check_patches
from videoai.models.layers import check_choice, make_head
from videoai.models.max_pool import separate_max_pools

if TYPE_CHECKING:
    from torchvision.models.video import MViT
    from torchvision.models.video.mvit import MSBlockConfig

logger = logging.getLogger(__name__)

Widen = Literal["attention", "mlp"]
PATCH = (2, 4, 4)  # (T, H, W) pixels a token


class Plan(NamedTuple):
    """The sizes of one network."""

    depth: int
    stages: tuple[int, int, int]  # the blocks that begin a stage: half of H and W, twice the width and the heads
    width: int  # embedding dimension of the first block
    num_heads: int
    cubes: bool = True  # pools have 3x3x3 kernels; otherwise 1 x (stride + 1) x (stride + 1), none where that is 1


S = Plan(16, (1, 3, 14), 96, 1)
B = Plan(24, (2, 5, 21), 96, 1)
L = Plan(48, (2, 8, 44), 144, 2)


class MultiscaleViT(nn.Module):
    """Patches and a class token -> blocks -> norm -> the class token -> head. One clip size: tables are made for it."""

    def __init__(
        self, num_classes: int, *, network: "MViT", num_features: int, num_frames: int, size: int, dropout: float
    ) -> None:
        super().__init__()
        self.conv_proj, self.pos_encoding = network.conv_proj, network.pos_encoding
        self.blocks, self.norm = network.blocks, network.norm
        separate_max_pools(self.blocks)
        self.num_frames, self.size = num_frames, size
        self.num_features = num_features
        self.head = nn.Sequential(nn.Dropout(dropout), make_head(self.num_features, num_classes))
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, num_frames, size, size] -> tokens [B, 1 + L, D], the class token first.

        Raises: ValueError: a clip of another size.
        """
        check_clip("mvit", video.shape[2:], (self.num_frames, self.size, self.size), PATCH)
        x = self.conv_proj(video)
        grid = tuple(x.shape[2:])
        x = self.pos_encoding(x.flatten(2).transpose(1, 2))  # [B, D, T, H, W] -> [B, L, D] -> [B, 1 + L, D]
        steps = [partial(_step, block) for block in self.blocks]
        x, _ = run_blocks(steps, (x, grid), checkpointing=self.checkpointing)
        return self.norm(x)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 1 + L, D] -> logits [B, K], or the class token [B, D]."""
        pooled = features[:, 0]
        return pooled if pre_logits else self.head(pooled)

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head[1] = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: patches and positions, a depth a block, the last norm."""
        return {"stem": r"^(?:conv_proj|pos_encoding)", "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))]}

    def no_weight_decay(self) -> set[str]:
        """The class token and all positions, absolute and relative."""
        return {name for name, _ in self.named_parameters() if "pos_encoding" in name or "rel_pos" in name}

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks."""
        return list(self.blocks)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """The state with position tables of another clip size resampled (linearly, as the original code does)."""
        own = self.state_dict()
        tables = {
            name: table
            for name, table in state.items()
            if "_pos" in name and name in own and len(table) != len(own[name]) and table.ndim == own[name].ndim == 2
        }
        if tables:
            name, table = next(iter(tables.items()))
            logger.info(
                "%d position tables resampled for %d frames of %d px, e.g. %s from %d to %d rows",
                *(len(tables), self.num_frames, self.size, name, len(table), len(own[name])),
            )
        return state | {name: resample(name, table, len(own[name])) for name, table in tables.items()}


def _step(block: Callable[..., Any], state: tuple[Tensor, tuple[int, ...]]) -> Any:
    """torchvision's blocks take and give tokens together with the (T, H, W) they stand for."""
    return block(*state)


def resample(name: str, table: Tensor, rows: int) -> Tensor:
    """A position table [rows before, D] -> [rows, D]: over its one dimension, or over a square of H x W."""
    if not name.endswith("spatial_pos"):
        return F.interpolate(table.T[None], size=rows, mode="linear")[0].T
    before, after = round(len(table) ** 0.5), round(rows**0.5)
    grid = table.T.unflatten(1, (before, before))  # [H*W, D] -> [D, H, W]
    return F.interpolate(grid[None], size=(after, after), mode="bilinear")[0].flatten(1).T


def mvit_v1_b(
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.5,
    drop_path: float = 0.2,
    pool_norm_eps: float = 1e-6,
) -> MultiscaleViT:
    """MViT-B 16x4: 16 blocks; 36.6 M parameters at 400 classes. ``pool_norm_eps``: epsilon of the norms after pools."""
    return _build(num_classes, S, 1, "mlp", num_frames, size, dropout, drop_path, pool_norm_eps)


def mvit_v1_b_32x3(
    num_classes: int,
    *,
    num_frames: int = 32,
    size: int = 224,
    dropout: float = 0.5,
    drop_path: float = 0.3,
    pool_norm_eps: float = 1e-6,
) -> MultiscaleViT:
    """MViT-B 32x3: the same blocks for twice the frames."""
    return _build(num_classes, S, 1, "mlp", num_frames, size, dropout, drop_path, pool_norm_eps)


def mvit_v1_b24_32x3(
    num_classes: int, *, num_frames: int = 32, size: int = 224, dropout: float = 0.5, drop_path: float = 0.3
) -> MultiscaleViT:
    """MViT-B-24 32x3: 24 blocks, pools as PySlowFast's config has them; 53.1 M parameters at 400 classes."""
    return _build(num_classes, B._replace(cubes=False), 1, "mlp", num_frames, size, dropout, drop_path)


def mvit_v2_s(
    num_classes: int,
    *,
    widen: Widen = "attention",
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.5,
    drop_path: float = 0.2,
) -> MultiscaleViT:
    """MViTv2-S; 34.5 M parameters at 400 classes. ``widen``: where a stage's width is reached, in the attention of its
    first block, or (as MViT, and as MaskFeat, arXiv:2112.09133) in the MLP before it: 36.4 M parameters."""
    return _build(num_classes, S, 2, widen, num_frames, size, dropout, drop_path)


def mvit_v2_b(
    num_classes: int, *, num_frames: int = 32, size: int = 224, dropout: float = 0.5, drop_path: float = 0.3
) -> MultiscaleViT:
    """MViTv2-B; 51.2 M parameters at 400 classes."""
    return _build(num_classes, B, 2, "attention", num_frames, size, dropout, drop_path)


def mvit_v2_l(
    num_classes: int, *, num_frames: int = 40, size: int = 312, dropout: float = 0.5, drop_path: float = 0.75
) -> MultiscaleViT:
    """MViTv2-L; 213 M parameters at 400 classes."""
    return _build(num_classes, L, 2, "attention", num_frames, size, dropout, drop_path)


def _build(
    num_classes: int,
    plan: Plan,
    version: Literal[1, 2],
    widen: Widen,
    num_frames: int,
    size: int,
    dropout: float,
    drop_path: float,
    pool_norm_eps: float = 1e-6,
) -> MultiscaleViT:
    from torchvision.models.video import MViT

    from videoai.models.mvit_attention import fuse_attention

    check_choice("widen", widen, get_args(Widen))
    check_patches("mvit", (num_frames, size, size), PATCH)
    network = MViT(
        spatial_size=(size, size),
        temporal_size=num_frames,
        block_setting=block_settings(plan, version, widen),
        residual_pool=version == 2,
        residual_with_cls_embed=False,
        rel_pos_embed=version == 2,
        proj_after_attn=widen == "attention",
        stochastic_depth_prob=drop_path,
        num_classes=1,
    )
    for name, module in network.named_modules():
        if ".norm_act." in name and isinstance(module, nn.LayerNorm):
            module.eps = pool_norm_eps
    fuse_attention(network)
    num_features = plan.width << len(plan.stages)
    return MultiscaleViT(
        num_classes, network=network, num_features=num_features, num_frames=num_frames, size=size, dropout=dropout
    )


def block_settings(plan: Plan, version: Literal[1, 2], widen: Widen) -> "list[MSBlockConfig]":
    """The settings of every block. Keys and values of all stages are pooled to one size: a stride of 8, halved by each
    stage. The first version pools queries only where a stage begins, the second in every block."""
    from torchvision.models.video.mvit import MSBlockConfig

    def stage(block: int) -> int:
        return sum(start <= block for start in plan.stages)

    def kernel(stride: int) -> list[int]:
        side = stride + 1 if stride > 1 else 1
        return [3, 3, 3] if plan.cubes else [1, side, side]

    early = 1 if widen == "mlp" else 0  # the MLP of the block before has the width already
    settings = []
    for i in range(plan.depth):
        stride_q, stride_kv = 2 if i in plan.stages else 1, 8 >> stage(i)
        pools_q = version == 2 or stride_q > 1
        settings.append(
            MSBlockConfig(
                num_heads=plan.num_heads << stage(i),
                input_channels=plan.width << stage(i - 1 + early),
                output_channels=plan.width << stage(i + early),
                kernel_q=kernel(stride_q) if pools_q else [],
                kernel_kv=kernel(stride_kv),
                stride_q=[1, stride_q, stride_q] if pools_q else [],
                stride_kv=[1, stride_kv, stride_kv],
            )
        )
    return settings
