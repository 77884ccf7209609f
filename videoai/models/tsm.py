"""TSM: Temporal Shift Module (Lin et al. 2019, arXiv:1811.08383): a 2-D network whose residual branches see an eighth
of their channels from the next frame and an eighth from the frame before. It costs no parameters and no products.

``online`` shifts from the past alone, and ``step`` scores frames as they come (section 3.3): each shift keeps an eighth
of its channels. The paper's non-local variant has five blocks of Wang et al. 2018 (arXiv:1711.07971) in a ResNet-50.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.frames import AcrossFrames, create_backbone
from videoai.models.layers import check_choice
from videoai.models.memory import behind_past
from videoai.models.nonlocal_block import Affinity, NonLocal, NonLocalSpec
from videoai.models.tsn import Consensus, Tsn

SHIFT_DIVISION = 8  # one eighth of the channels is shifted each way (section 3.2)
DEEP = 23  # blocks in the third stage, from which on the authors shift in every second block only
NONLOCAL_BLOCKS = {"layer2": (0, 2), "layer3": (0, 2, 4)}  # blocks of a ResNet-50, as in the authors' code

Direction = Literal["both", "past"]


class TemporalShift(AcrossFrames):
    """A convolution whose input is shifted in time first. What comes from beyond the clip is zero."""

    def __init__(self, net: nn.Module, direction: Direction) -> None:
        super().__init__()
        self.net = net
        self.direction: Direction = direction

    def forward(self, x: Tensor) -> Tensor:
        """[B*T, C, H, W] -> the convolution's output."""
        fold, clips = x.shape[1] // SHIFT_DIVISION, self.by_clip(x)
        if self.direction == "past":
            first, still = clips.split([fold, x.shape[1] - fold], dim=2)
            past = behind_past(first.transpose(1, 2), 1, self.memory)[:, :, :-1]  # [B, C, T, H, W]
            moved = [past.transpose(1, 2), still]
        else:
            first, second, still = clips.split([fold, fold, x.shape[1] - 2 * fold], dim=2)
            moved = [_from_frame(first, 1), _from_frame(second, -1), still]
        return self.net(torch.cat(moved, dim=2).flatten(0, 1))  # [B, T, C, H, W] -> [B*T, C, H, W]

    @property
    def is_causal(self) -> bool:
        """Whether nothing comes from the next frame."""
        return self.direction == "past"


def _from_frame(x_BTCHW: Tensor, offset: int) -> Tensor:
    """At time t what was at ``t + offset``."""
    kept = x_BTCHW[:, offset:] if offset > 0 else x_BTCHW[:, :offset]
    return F.pad(kept, (0, 0, 0, 0, 0, 0, max(-offset, 0), max(offset, 0)))


def insert_shifts(backbone: Any, direction: Direction) -> None:
    """Shift the input of the first convolution of every residual branch, in place (the paper's residual shift).

    Raises: ValueError: the backbone has no residual blocks that are known here.
    """
    blocks = list(_residual_convolutions(backbone))
    if not blocks:
        raise ValueError(
            f"model.backbone: {type(backbone).__name__} has no residual blocks to shift in. Choose a ResNet, "
            "MobileNetV2 or EfficientNet of timm."
        )
    every = 2 if len(getattr(backbone, "layer3", ())) >= DEEP else 1
    for number, block, conv in blocks:
        if number % every == 0:
            setattr(block, conv, TemporalShift(getattr(block, conv), direction))


def _residual_convolutions(backbone: nn.Module) -> Iterator[tuple[int, nn.Module, str]]:
    """(number in its stage, residual block, name of its first convolution)."""
    from timm.models._efficientnet_blocks import InvertedResidual
    from timm.models.resnet import BasicBlock, Bottleneck

    for name, module in backbone.named_modules():
        number = int(name.rpartition(".")[2]) if name.rpartition(".")[2].isdigit() else 0
        if isinstance(module, (BasicBlock, Bottleneck)):
            yield number, module, "conv1"
        elif isinstance(module, InvertedResidual) and module.has_skip:
            yield number, module, "conv_pw"


class ClipNonLocal(NonLocal, AcrossFrames):
    """A non-local block inside a 2-D network: each place of a clip reads all places."""

    def __init__(self, channels: int, affinity: Affinity) -> None:
        super().__init__(channels, NonLocalSpec(affinity=affinity, scaled=False, variant="mmaction2"))

    def forward(self, x: Tensor) -> Tensor:
        """[B*T, C, H, W] -> the same."""
        clips = self.by_clip(x).transpose(1, 2)  # [B*T, C, H, W] -> [B, C, T, H, W]
        return super().forward(clips).transpose(1, 2).flatten(0, 1)


def insert_nonlocal(backbone: Any, affinity: Affinity) -> None:
    """Non-local blocks behind the bottlenecks of a ResNet that the authors chose, in place.

    Raises: ValueError: it is no ResNet with as many bottlenecks.
    """
    from timm.models.resnet import Bottleneck

    if not isinstance(next(iter(getattr(backbone, "layer3", ())), None), Bottleneck):
        raise ValueError(
            f"model.backbone: {type(backbone).__name__} has no bottlenecks. Choose resnet50 or a deeper ResNet."
        )
    for stage, numbers in NONLOCAL_BLOCKS.items():
        layer = getattr(backbone, stage)
        for number in numbers:
            block = layer[number]
            parts = OrderedDict(block=block, nl=ClipNonLocal(block.bn3.num_features, affinity))
            layer[number] = nn.Sequential(parts)


def tsm_r50(
    num_classes: int,
    *,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    direction: Direction = "both",
    consensus: Consensus = "mean",
    dropout: float = 0.5,
) -> Tsn:
    """TSM in a ResNet-50: 24.3 M parameters at 400 classes."""
    check_choice("direction", direction, get_args(Direction))
    frames = create_backbone(backbone, pretrained=backbone_pretrained)
    insert_shifts(frames, direction)
    return Tsn(num_classes, backbone=frames, consensus=consensus, dropout=dropout)


def tsm_online_r50(
    num_classes: int,
    *,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    consensus: Consensus = "mean",
    dropout: float = 0.5,
) -> Tsn:
    """TSM that sees the past only, in a ResNet-50 (section 3.3)."""
    return tsm_r50(
        num_classes,
        backbone=backbone,
        backbone_pretrained=backbone_pretrained,
        direction="past",
        consensus=consensus,
        dropout=dropout,
    )


tsm_r101 = partial(tsm_r50, backbone="resnet101")  # shifts in every second block; 43.3 M parameters at 400 classes
tsm_mobilenetv2 = partial(tsm_r50, backbone="mobilenetv2_100")  # 2.7 M parameters at 400 classes


def tsm_nl_r50(
    num_classes: int,
    *,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    affinity: Affinity = "softmax",
    consensus: Consensus = "mean",
    dropout: float = 0.5,
) -> Tsn:
    """TSM in a ResNet-50 with five non-local blocks: 31.7 M parameters at 400 classes, 28.0 M for "gaussian"."""
    check_choice("affinity", affinity, get_args(Affinity))
    frames = create_backbone(backbone, pretrained=backbone_pretrained)
    insert_shifts(frames, "both")
    insert_nonlocal(frames, affinity)
    return Tsn(num_classes, backbone=frames, consensus=consensus, dropout=dropout)
