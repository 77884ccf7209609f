"""TANet: Temporal Adaptive Module (Liu et al. 2021, arXiv:2005.06803): before the second convolution of every residual
branch a convolution over time whose kernel depends on the clip, one per channel, and a gate that depends on the place
in time. Both read the frames' spatial means.

The kernel's network has T inputs, so a model is made for ``num_frames``. Differs: the convolution over time is three
shifted products instead of a grouped convolution with B*C groups; the numbers are the same up to rounding.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.frames import AcrossFrames, create_backbone
from videoai.models.tsn import Consensus, Tsn

KERNEL = 3  # frames (section 3.2)
ALPHA = 2  # width of the kernel's network in units of T
BETA = 4  # by which the gate's network narrows the channels


class TemporalAdaptive(AcrossFrames):
    """A 2-D convolution behind the temporal adaptive module. ``kernel`` and ``gate`` are the paper's G and L."""

    def __init__(self, net: nn.Module, channels: int, num_frames: int) -> None:
        super().__init__()
        self.net = net
        self.made_for = num_frames
        self.kernel = nn.Sequential(
            nn.Linear(num_frames, ALPHA * num_frames, bias=False),
            nn.BatchNorm1d(ALPHA * num_frames),
            nn.ReLU(inplace=True),
            nn.Linear(ALPHA * num_frames, KERNEL, bias=False),
            nn.Softmax(-1),
        )
        self.gate = nn.Sequential(
            nn.Conv1d(channels, channels // BETA, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm1d(channels // BETA),
            nn.ReLU(inplace=True),
            nn.Conv1d(channels // BETA, channels, kernel_size=1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B*T, C, H, W] -> the convolution's output. Raises: ValueError: another T than the module is made for."""
        if self.num_frames != self.made_for:
            raise ValueError(
                f"model.num_frames={self.made_for}, but the clip has {self.num_frames} frames. Set "
                f"model.num_frames={self.num_frames} or clip.num_frames={self.made_for}."
            )
        return self.net(self.over_time(self.by_clip(x)).flatten(0, 1))  # [B, T, C, H, W] -> [B*T, C, H, W]

    def over_time(self, x_BTCHW: Tensor) -> Tensor:
        """[B, T, C, H, W] -> the same, gated and convolved over time."""
        means = x_BTCHW.mean((3, 4)).transpose(1, 2)  # [B, C, T]
        kernel = self.kernel(means.flatten(0, 1)).unflatten(0, means.shape[:2])[:, None, :, None, None]
        gated = x_BTCHW * self.gate(means).transpose(1, 2)[..., None, None]
        padded = F.pad(gated, (0, 0, 0, 0, 0, 0, 1, 1))
        num_frames = x_BTCHW.shape[1]
        before, now, after = (padded[:, t : t + num_frames] * kernel[..., t] for t in range(KERNEL))
        return before + now + after


def insert_adaptive(backbone: Any, num_frames: int) -> None:
    """Put the module before the second convolution of every bottleneck, in place.

    Raises: ValueError: the backbone has no bottlenecks.
    """
    from timm.models.resnet import Bottleneck

    blocks: list[Any] = [module for module in backbone.modules() if isinstance(module, Bottleneck)]
    if not blocks:
        raise ValueError(
            f"model.backbone: {type(backbone).__name__} has no bottleneck blocks. Choose resnet50 or a deeper ResNet."
        )
    for block in blocks:
        block.conv2 = TemporalAdaptive(block.conv2, block.conv1.out_channels, num_frames)


def tanet_r50(
    num_classes: int,
    *,
    num_frames: int = 8,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    consensus: Consensus = "mean",
    dropout: float = 0.5,
) -> Tsn:
    """TANet in a ResNet-50: 25.6 M parameters at 400 classes."""
    frames = create_backbone(backbone, pretrained=backbone_pretrained)
    insert_adaptive(frames, num_frames)
    return Tsn(num_classes, backbone=frames, consensus=consensus, dropout=dropout)
