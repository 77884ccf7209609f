"""X-CLIP's network for video (Ni et al. 2022, arXiv:2208.02816): CLIP's ViT whose frames send each other messages, and
a small transformer that integrates their vectors.

In every block each frame makes one message of its class token, messages attend to each other over time, and the
frame's tokens attend to its message as one token more. The integrating transformer adds what it finds to the frames'
vectors, and their mean is the clip's vector, in the space that CLIP shares with texts (``text/``).

Suffixes: B batch, T frames, L tokens of a frame, D token width, E width of the space.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from videoai.models.attention import Block, DropPath, SelfAttention
from videoai.models.blocks import run_blocks
from videoai.models.clip import NORM_EPS, Clip, clip_block, init_as_clip
from videoai.models.positions import Positions
from videoai.models.video_vit import BASE, LARGE, Width

HEAD_WIDTH = 64  # CLIP's code: heads = width / 64


class MessageBlock(Block):
    """Cross-frame communication: CLIP's block with a message from the other frames."""

    def __init__(self, width: Width, drop_path: float) -> None:
        dim = width.width
        super().__init__(dim, width.num_heads, width.hidden, gelu="quick", norm_eps=NORM_EPS, drop_path=drop_path)
        self.message = nn.Linear(dim, dim)
        self.norm_message = nn.LayerNorm(dim, eps=NORM_EPS)
        self.attention_message = SelfAttention(dim, width.num_heads)
        self.drop_message = DropPath(drop_path)

    def forward(self, x_BTLD: Tensor) -> Tensor:
        """[B, T, L, D] -> [B, T, L, D]."""
        message_BTD = self.message(x_BTLD[:, :, 0])
        message_BTD = message_BTD + self.drop_message(self.attention_message(self.norm_message(message_BTD)))
        both = torch.cat([x_BTLD, message_BTD[:, :, None]], dim=2)
        both = both + self.drop_path(self.attention(self.norm1(both)))
        x_BTLD = both[:, :, :-1]
        return x_BTLD + self.drop_path(self.mlp(self.norm2(x_BTLD)))


class Integration(nn.Module):
    """Multi-frame integration: a transformer over the frames' vectors, added to them, then their mean."""

    def __init__(self, num_frames: int, embed: int, depth: int) -> None:
        super().__init__()
        width = Width(embed, depth, embed // HEAD_WIDTH, 4 * embed)
        self.positions = Positions("joint", (num_frames, 1), embed)
        self.blocks = nn.ModuleList(clip_block(width) for _ in range(depth))
        init_as_clip(self, width)

    def forward(self, frames_BTE: Tensor, checkpointing: bool) -> Tensor:
        """[B, T, E] -> [B, E]."""
        x_BTE = frames_BTE + self.positions()[:, 0]
        return (frames_BTE + run_blocks(self.blocks, x_BTE, checkpointing=checkpointing)).mean(1)


class XClip(Clip):
    """CLIP on frames that send messages, and the integration over time. One number of frames fits.

    Args:
        num_frames: of a clip.
        integration_depth: blocks of the integrating transformer.
    """

    def __init__(
        self, num_classes: int, *, num_frames: int, embed: int, integration_depth: int = 1, **options: Any
    ) -> None:
        super().__init__(num_classes, embed=embed, **options)
        self.num_frames = num_frames
        self.integration = Integration(num_frames, embed, integration_depth)

    is_causal = False

    def block(self, width: Width, drop_path: float) -> nn.Module:
        return MessageBlock(width, drop_path)

    def forward_features(self, video: Tensor) -> Tensor:
        """Raises: ValueError: another number of frames, or another size, than the model was built for."""
        if video.shape[2] != self.num_frames:
            given = video.shape[2]
            raise ValueError(
                f"xclip: a clip of {given} frames, but the model is built for {self.num_frames}. Set "
                f"model.num_frames={given}, or clip.num_frames={self.num_frames}."
            )
        return super().forward_features(video)

    def over_time(self, frames_BTE: Tensor) -> Tensor:
        return self.integration(frames_BTE, self.checkpointing)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block; the integration has one of its own."""
        stem, last = r"^(?:stem|class_|positions|norm_pre)", r"^(?:norm|project|integration)\."
        return {"stem": stem, "blocks": [(r"^blocks\.(\d+)", None), (last, (99999,))]}

    def no_weight_decay(self) -> set[str]:
        return super().no_weight_decay() | {"integration.positions.joint"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The ViT's blocks, then those of the integration."""
        return [*self.blocks, *self.integration.blocks]

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of another clip, both its position tables made to fit this one."""
        return self.integration.positions.fit_state_dict(super().fit_state_dict(state), "integration.positions.")


def xclip(
    width: Width,
    patch: int,
    embed: int,
    num_classes: int,
    *,
    num_frames: int = 8,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.0,
) -> XClip:
    """Any X-CLIP; the names of the zoo fix the ViT."""
    return XClip(
        num_classes,
        num_frames=num_frames,
        patch=patch,
        width=width,
        embed=embed,
        size=size,
        dropout=dropout,
        drop_path=drop_path,
    )


# The names of the zoo.
xclip_b32 = partial(xclip, BASE, 32, 512)
xclip_b16 = partial(xclip, BASE, 16, 512)
xclip_l14 = partial(xclip, LARGE, 14, 768)
