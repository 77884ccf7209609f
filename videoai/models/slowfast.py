"""SlowFast (Feichtenhofer et al. 2019, arXiv:1812.03982): a wide pathway on few frames, a narrow one on all of them.

The fast pathway has an eighth of the channels; before each stage a strided convolution over time brings its map to the
slow one. The model takes all frames and picks those of the slow pathway itself. Checkpoint variants of equal
shapes are options here: which frames the slow pathway sees, whether the lateral convolutions have a norm
and ReLU, and how many frames they span.
"""

from functools import partial
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import check_choice, init_weights, make_head
from videoai.models.resnet3d import Depth, Kernels, ResNet3d, repeat_kernels
from videoai.models.slow import slow_kernels

SlowFrames = Literal["linspace", "stride"]
FAST_WIDTH = 8  # an eighth of the slow pathway's 64


def select_slow_frames(num_frames: int, alpha: int, how: SlowFrames) -> list[int]:
    """The frames of the slow pathway, one in ``alpha``: from the first to the last (PySlowFast), or every alpha-th
    (mmaction2). In exact arithmetic: PySlowFast's float32 may give the frame before at lengths that are not published.

    Raises: ValueError: the clip does not divide.
    """
    if num_frames % alpha:
        raise ValueError(
            f"SlowFast: a clip of {num_frames} frames does not divide into steps of {alpha}. "
            f"Set clip.num_frames to a multiple of {alpha}."
        )
    if how == "stride":
        return list(range(0, num_frames, alpha))
    count = num_frames // alpha
    return [index * (num_frames - 1) // max(count - 1, 1) for index in range(count)]


class SlowFast(nn.Module):
    """Two pathways with lateral connections before each stage, a global mean of both, a head.

    Args:
        slow, fast: temporal kernels of the blocks.
        alpha: frames of the fast pathway per frame of the slow one.
        fusion_kernel: frames that a lateral convolution spans.
    """

    num_features = 2304  # slow 2048, then fast 256

    def __init__(
        self,
        num_classes: int,
        slow: Kernels,
        fast: Kernels,
        alpha: int,
        fusion_kernel: int,
        slow_frames: SlowFrames,
        lateral_norm: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        check_choice("slow_frames", slow_frames, get_args(SlowFrames))
        self.alpha = alpha
        self.slow_frames: SlowFrames = slow_frames
        widths = (FAST_WIDTH, 4 * FAST_WIDTH, 8 * FAST_WIDTH, 16 * FAST_WIDTH)  # fast channels before each stage
        self.slow = ResNet3d(0, stem_kernel=1, kernels=slow, lateral_widths=[2 * width for width in widths])
        self.fast = ResNet3d(0, stem_kernel=5, kernels=fast, width=FAST_WIDTH)
        self.lateral = nn.ModuleList(Lateral(width, fusion_kernel, alpha, lateral_norm) for width in widths)
        self.dropout = nn.Dropout(dropout)
        self.fc = make_head(self.num_features, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised, T a multiple of alpha -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> tuple[Tensor, Tensor]:
        """video: float [B, 3, T, H, W] -> slow [B, 2048, T/alpha, H/32, W/32] and fast [B, 256, T, H/32, W/32]."""
        frames = select_slow_frames(video.shape[2], self.alpha, self.slow_frames)
        # views, not an index: a list of numbers would be copied to the device, which waits for it
        slow = self.slow.stem(torch.stack([video[:, :, frame] for frame in frames], dim=2))
        fast = self.fast.stem(video)
        for lateral, slow_stage, fast_stage in zip(self.lateral, self.slow.stages, self.fast.stages, strict=True):
            slow = torch.cat([slow, lateral(fast)], dim=1)
            slow = run_blocks(slow_stage, slow, checkpointing=self.checkpointing)
            fast = run_blocks(fast_stage, fast, checkpointing=self.checkpointing)
        return slow, fast

    def forward_head(self, features: tuple[Tensor, Tensor], pre_logits: bool = False) -> Tensor:
        """The two maps -> logits [B, K], or their pooled channels [B, 2304]."""
        pooled = torch.cat([pathway.mean((2, 3, 4)) for pathway in features], dim=1)
        return pooled if pre_logits else self.fc(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.fc = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stems, then a depth a block (a stage when ``coarse``) of both pathways. A lateral connection
        belongs to what it comes after."""
        previous = (99999,)  # timm.models.MATCH_PREV_GROUP
        block = r"^(?:slow|fast)\.layer(\d+)" + ("" if coarse else r"\.(\d+)")
        stem = r"^(?:slow|fast)\.(?:conv1|bn1)|^lateral\.0"
        return {"stem": stem, "blocks": [(block, None), (r"^lateral\.(\d+)", previous)]}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks of both pathways, stage by stage."""
        pathways = zip(self.slow.stages, self.fast.stages, strict=True)
        return [block for stages in pathways for stage in stages for block in stage]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


class Lateral(nn.Module):
    """From the fast pathway to the slow one: one frame in ``alpha``, twice the channels."""

    def __init__(self, channels: int, kernel: int, alpha: int, with_norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv3d(
            channels, 2 * channels, (kernel, 1, 1), (alpha, 1, 1), padding=(kernel // 2, 0, 0), bias=False
        )
        self.norm = nn.BatchNorm3d(2 * channels) if with_norm else None
        init_weights(self)

    def forward(self, fast: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, 2C, T/alpha, H, W]."""
        x = self.conv(fast)
        return x if self.norm is None else F.relu(self.norm(x), inplace=True)


def fast_kernels(depth: Depth) -> Kernels:
    """Temporal kernels of the fast pathway: three frames in every block."""
    return repeat_kernels(depth, (3,), (3,), (3,), (3,))


def slowfast(
    slow: Kernels,
    fast: Kernels,
    alpha: int,
    num_classes: int,
    *,
    dropout: float = 0.5,
    fusion_kernel: int = 5,
    slow_frames: SlowFrames = "linspace",
    lateral_norm: bool = True,
) -> SlowFast:
    """Any SlowFast; the names of the zoo fix its kernels and ``alpha``."""
    return SlowFast(num_classes, slow, fast, alpha, fusion_kernel, slow_frames, lateral_norm, dropout)


# PySlowFast's R101_50_50: the third stage has kernels of three frames in its first six blocks only
THIRD_STAGE = (3,) * 6 + (1,) * 17

# The names of the zoo, with their parameters at 400 classes.
slowfast_4x16_r50 = partial(slowfast, slow_kernels(50), fast_kernels(50), 8)  # 4 slow of 32 frames: 34.5 M
slowfast_4x16_r101 = partial(slowfast, slow_kernels(101), fast_kernels(50), 8)  # beside a fast ResNet-50: 62.4 M
slowfast_8x8_r50 = partial(slowfast, slow_kernels(50), fast_kernels(50), 4, fusion_kernel=7)  # 8 slow of 32: 34.6 M
slowfast_8x8_r101 = partial(slowfast, slow_kernels(101), fast_kernels(101), 4)  # 62.8 M
slowfast_16x8_r50 = slowfast_8x8_r50  # 16 slow of 64 frames
slowfast_16x8_r101 = partial(  # 53.8 M
    slowfast,
    repeat_kernels(101, (1,), (1,), THIRD_STAGE, (3,)),
    repeat_kernels(101, (3,), (3,), THIRD_STAGE, (3,)),
    4,
)
