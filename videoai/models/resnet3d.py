"""3-D ResNets that mix time in few places: the network of C2D, I3D, Slow, the pathways of SlowFast, and TPN's trunk.

What makes it one paper or another is the temporal kernel of each block's first convolution, and where time is pooled:
``c2d.py``, ``i3d.py``, ``slow.py``, ``slowfast.py``, ``tpn.py``. Bottlenecks as Wang et al. 2018, arXiv:1711.07971, and
Feichtenhofer et al. 2019, arXiv:1812.03982: time in the first 1x1 convolution, space in the 3x3.

Parameters are named as in torchvision's and timm's 2-D ResNets, so 2-D weights inflate without a key map. Initial
weights: He et al., and zero for the last norm of each block, as PySlowFast. The head pools all positions, where
PySlowFast slides a 7x7 window over larger test crops and averages probabilities: the same at 224 px.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.inflation import inflate_timm
from videoai.models.layers import check_choice, init_weights, make_head
from videoai.models.max_pool import FrameMaxPool, max_pool_time
from videoai.models.nonlocal_block import NonLocal, NonLocalSpec

Depth = Literal[50, 101]
BLOCKS: dict[Depth, tuple[int, ...]] = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}  # residual blocks of each stage
Kernels = tuple[tuple[int, ...], ...]  # temporal kernel of each block, stage by stage


def repeat_kernels(depth: Depth, *patterns: tuple[int, ...]) -> Kernels:
    """The temporal kernels of the four stages: each its pattern, repeated for as many blocks as the stage has."""
    return tuple((pattern * count)[:count] for pattern, count in zip(patterns, BLOCKS[depth], strict=True))


class ResNet3d(nn.Module):
    """A stem that halves space twice, four stages of bottlenecks of which three halve it, a global mean, a head.

    Without a head (``num_classes=0``) it is a pathway of other networks: they call ``stem`` and ``stages``.

    Args:
        kernels: temporal kernel of each block; their number is the depth.
        lateral_widths: channels that a stage gets beside those of the stage before, from another pathway.
        stem_stride: frames per step of the stem: 1, or 4 = convolution and pooling take every second one each.
        temporal_pool: pool frames in pairs after the first stage.
        stem_pool_padding: pixels around the stem's pooling: 1, or 0 as mmaction2's C2D.
        inflate: a timm ResNet whose ImageNet weights are repeated over time.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        stem_kernel: int,
        kernels: Kernels,
        width: int = 64,
        lateral_widths: Sequence[int] = (0, 0, 0, 0),
        stem_stride: int = 1,
        temporal_pool: bool = False,
        stem_pool_padding: int = 1,
        non_local: NonLocalSpec | None = None,
        dropout: float = 0.0,
        inflate: str | None = None,
    ) -> None:
        super().__init__()
        check_choice("stem_stride", str(stem_stride), ("1", "4"))
        self.step = 2 if stem_stride == 4 else 1
        stride, padding = (self.step, 2, 2), (stem_kernel // 2, 3, 3)
        self.conv1 = nn.Conv3d(3, width, (stem_kernel, 7, 7), stride, padding, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.pool = FrameMaxPool(3, stride=2, padding=stem_pool_padding)
        self.temporal_pool = temporal_pool
        widths = (width, 4 * width, 8 * width, 16 * width, 32 * width)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            _stage(i, widths[i] + lateral_widths[i], widths[i + 1], kernels[i], non_local) for i in range(4)
        )
        self.num_features = widths[-1]
        self.dropout = nn.Dropout(dropout)
        self.fc = make_head(self.num_features, num_classes)
        self.checkpointing = False
        init_weights(self)
        if inflate:
            inflate_timm(self, inflate)

    @property
    def stages(self) -> tuple[nn.Sequential, ...]:
        """The four stages, each a sequence of blocks."""
        return self.layer1, self.layer2, self.layer3, self.layer4

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D, T', H/32, W/32]."""
        return self.forward_stages(video)[-1]

    def forward_stages(self, video: Tensor) -> list[Tensor]:
        """video: float [B, 3, T, H, W] -> the map after each stage."""
        x, maps = self.stem(video), []
        for index, stage in enumerate(self.stages):
            x = run_blocks(stage, x, checkpointing=self.checkpointing)
            if index == 0 and self.temporal_pool:
                x = max_pool_time(x, 2)
            maps.append(x)
        return maps

    def stem(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> [B, C, T', H/4, W/4]."""
        x = F.relu(self.bn1(self.conv1(video)), inplace=True)
        return self.pool(x[:, :, :: self.step])

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, T', H', W'] -> logits [B, K], or the pooled [B, D]."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.fc(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.fc = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block (a stage when ``coarse``)."""
        return {"stem": r"^(?:conv1|bn1)", "blocks": r"^layer(\d+)" if coarse else r"^layer(\d+)\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks."""
        return [block for stage in self.stages for block in stage]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


class Bottleneck(nn.Module):
    """kernel x 1 x 1, 1x3x3 and 1x1x1 beside a shortcut (He et al. 2016, arXiv:1512.03385; the stride in the 1x3x3)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, non_local: nn.Module) -> None:
        super().__init__()
        inner = out_channels // 4
        self.conv1 = nn.Conv3d(in_channels, inner, (kernel, 1, 1), padding=(kernel // 2, 0, 0), bias=False)
        self.bn1 = nn.BatchNorm3d(inner)
        self.conv2 = nn.Conv3d(inner, inner, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)
        self.bn2 = nn.BatchNorm3d(inner)
        self.conv3 = nn.Conv3d(inner, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(out_channels)
        nn.init.zeros_(self.bn3.weight)  # each block starts as its shortcut
        self.downsample = nn.Identity()
        if in_channels != out_channels or stride != 1:
            shortcut = nn.Conv3d(in_channels, out_channels, 1, (1, stride, stride), bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm3d(out_channels))
        self.non_local = non_local
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        residual = self.relu(self.bn1(self.conv1(x)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        return self.non_local(self.relu(residual + self.downsample(x)))


def _stage(
    index: int, in_channels: int, out_channels: int, kernels: Sequence[int], non_local: NonLocalSpec | None
) -> nn.Sequential:
    blocks = []
    for block, kernel in enumerate(kernels):
        attention = nn.Identity()
        if non_local and block in non_local.after[index]:
            attention = NonLocal(out_channels, non_local)
        stride = 2 if block == 0 and index > 0 else 1
        blocks.append(Bottleneck(in_channels if block == 0 else out_channels, out_channels, kernel, stride, attention))
    return nn.Sequential(*blocks)
