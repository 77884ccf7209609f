"""CLIP's image ViT on the frames of a clip (Radford et al. 2021, arXiv:2103.00020), averaged over time.

The vector of a clip lies in the space that CLIP shares between pictures and texts: ``text/`` compares it with texts.
Each frame's vector is scaled to length 1, and the mean over time is the clip's (CLIP4Clip, arXiv:2104.08860, "mean
pooling"), so the order of frames counts for nothing.

Suffixes: B batch, T frames, S patches of a frame, L = 1 + S tokens of a frame, D token width, E width of the space.
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import Block, drop_path_rates
from videoai.models.blocks import run_blocks
from videoai.models.layers import make_head
from videoai.models.memory import Memory, State, mean_so_far, refuse_step
from videoai.models.positions import Positions
from videoai.models.video_vit import BASE, LARGE, Width

NORM_EPS = 1e-5  # all norms of CLIP have it


class Clip(nn.Module):
    """Stem -> blocks on frames -> norm and projection of the class tokens -> mean over time -> head.

    Args:
        patch: pixels, the side of a token.
        width: size of the ViT.
        embed: width of the space shared with texts.
        size: pixels, the frame that the position table is made for. Any number of frames fits.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.

    Raises: ValueError: a size that does not divide into patches.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        patch: int,
        width: Width,
        embed: int,
        size: int,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if size % patch or size < patch:
            raise ValueError(f"model.size={size} must be a multiple of {patch}, the model's patch.")
        dim = width.width
        self.size, self.patch = size, patch
        self.num_features, self.feature_width = embed, dim
        self.stem = nn.Conv3d(3, dim, (1, patch, patch), (1, patch, patch), bias=False)
        self.class_token = nn.Parameter(torch.empty(dim))
        self.class_position = nn.Parameter(torch.empty(dim))
        self.positions = Positions("space", (1, (size // patch) ** 2), dim)
        self.norm_pre = nn.LayerNorm(dim, eps=NORM_EPS)
        self.blocks = nn.ModuleList(self.block(width, rate) for rate in drop_path_rates(drop_path, width.depth))
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self.project = nn.Linear(dim, embed, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.checkpointing = False
        init_as_clip(self, width)
        for table in (self.class_token, self.class_position, self.positions.space):
            nn.init.normal_(table, std=dim**-0.5)  # pyright: ignore[reportArgumentType]
        self.head = make_head(embed, num_classes)

    def block(self, width: Width, drop_path: float) -> nn.Module:
        """A block over the tokens of every frame, [B, T, L, D]."""
        return clip_block(width, drop_path)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> tokens [B, T*L, D] of the last block, each frame's class token first.

        Raises: ValueError: another size than the model was built for.
        """
        check_size(tuple(video.shape[3:]), self.size, self.patch)
        x_BTSD = self.stem(video).flatten(3).permute(0, 2, 3, 1) + self.positions()  # [B, D, T, H, W] -> [B, T, S, D]
        class_BT1D = (self.class_token + self.class_position).expand(*x_BTSD.shape[:2], 1, -1)
        x_BTLD = self.norm_pre(torch.cat([class_BT1D, x_BTSD], dim=2))
        return run_blocks(self.blocks, x_BTLD, checkpointing=self.checkpointing).flatten(1, 2)

    def by_frame(self, features: Tensor) -> Tensor:
        """[B, T*L, D] -> [B, T, L, D]."""
        return features.unflatten(1, (-1, 1 + (self.size // self.patch) ** 2))

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, T*L, D] -> logits [B, K], or the clip's vector [B, E] in the space of texts."""
        pooled = self.over_time(self.project(self.norm(self.by_frame(features)[:, :, 0])))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def over_time(self, frames_BTE: Tensor) -> Tensor:
        """[B, T, E] -> [B, E]."""
        return F.normalize(frames_BTE, dim=-1).mean(1)

    is_causal = True

    def step(self, frame: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One frame more of a video that is still going on; ``memory.py`` says the contract.

        Raises: ValueError: X-CLIP, whose frames send messages both ways.
        """
        refuse_step(self)
        memory = Memory(frame, state)
        vector = self.forward_head(self.forward_features(frame[:, :, None]), pre_logits=True)  # the mean of one frame
        pooled = mean_so_far(vector[:, :, None], memory)[:, :, -1]
        return self.head(self.dropout(pooled)), memory.state()

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block."""
        stem, last = r"^(?:stem|class_|positions|norm_pre)", r"^(?:norm|project)\."
        return {"stem": stem, "blocks": [(r"^blocks\.(\d+)", None), (last, (99999,))]}

    def no_weight_decay(self) -> set[str]:
        """The class token and position tables."""
        return {"class_token", "class_position", "positions.space"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The ViT's blocks."""
        return list(self.blocks)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of another size, its position table made to fit this one."""
        return self.positions.fit_state_dict(state, "positions.")


def clip_block(width: Width, drop_path: float = 0.0) -> Block:
    """CLIP's block: the fast GELU."""
    sizes = (width.width, width.num_heads, width.hidden)
    return Block(*sizes, gelu="quick", norm_eps=NORM_EPS, drop_path=drop_path)


def init_as_clip(model: nn.Module, width: Width) -> None:
    """Linear layers as CLIP's code: normal, narrower where they write into the stream."""
    std = width.width**-0.5
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            into_stream = name.endswith((".project", ".fc2"))
            nn.init.normal_(module.weight, std=std * (2 * width.depth) ** -0.5 if into_stream else std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def check_size(given: tuple[int, ...], size: int, patch: int) -> None:
    """Raises: ValueError: frames of another size, with the settings that fit."""
    if given == (size, size):
        return
    fitting = max(patch, given[0] // patch * patch)
    both = "" if (fitting, fitting) == given else f" clip.size={fitting}"
    raise ValueError(
        f"clip: frames of {given[0]}x{given[1]} pixels, but the model is built for {size}x{size}. Set "
        f"model.size={fitting}{both}, or clip.size={size}."
    )


def clip(
    width: Width,
    patch: int,
    embed: int,
    num_classes: int,
    *,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.0,
) -> Clip:
    """Any CLIP over frames; the names of the zoo fix the ViT."""
    return Clip(num_classes, patch=patch, width=width, embed=embed, size=size, dropout=dropout, drop_path=drop_path)


# The names of the zoo.
clip_b32 = partial(clip, BASE, 32, 512)
clip_b16 = partial(clip, BASE, 16, 512)
clip_l14 = partial(clip, LARGE, 14, 768)
