"""TSN: Temporal Segment Networks (Wang et al. 2016, arXiv:1608.00859): a 2-D network on frames from all over the video,
and their consensus.

Blind to the order of frames, but for what ``temporal_difference`` adds (the paper's RGB difference). Differs: the
consensus is one of the frames' features and not of their scores, which for the mean is the same number, the classifier
being linear. ``consensus=attention`` is attention pooling over time.
"""

from functools import partial
from typing import Literal, get_args

from torch import Tensor, nn

from videoai.models.frames import (
    AcrossFrames,
    FrameNetwork,
    PoolOverTime,
    create_backbone,
    pool_frames,
    width_of,
)
from videoai.models.layers import Difference, check_choice
from videoai.models.memory import Memory

Consensus = Literal["mean", "max", "attention"]


class Tsn(FrameNetwork):
    """Frames -> backbone -> maps [B, D, T, H', W'] -> one vector a frame -> their consensus -> head."""

    def __init__(
        self,
        num_classes: int,
        *,
        backbone: nn.Module,
        consensus: Consensus = "mean",
        dropout: float = 0.4,
        temporal_difference: Difference = "none",
    ) -> None:
        check_choice("consensus", consensus, get_args(Consensus))
        width = width_of(backbone)
        super().__init__(
            num_classes,
            backbone=backbone,
            num_features=width,
            dropout=dropout,
            temporal_difference=temporal_difference,
        )
        self.consensus = PoolOverTime(consensus, width)

    def pool(self, features: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, D, T, H', W'] or [B, T, D] -> [B, D]."""
        return self.consensus(pool_frames(self.backbone, features), memory)

    @property
    def is_causal(self) -> bool:
        """Unless something inside looks at frames to come, as the shifts of ``tsm`` both ways do."""
        return all(module.is_causal for module in self.backbone.modules() if isinstance(module, AcrossFrames))


def tsn_r50(
    num_classes: int,
    *,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    consensus: Consensus = "mean",
    dropout: float = 0.4,
    temporal_difference: Difference = "none",
) -> Tsn:
    """TSN over a ResNet-50: 24.3 M parameters at 400 classes."""
    frames = create_backbone(backbone, pretrained=backbone_pretrained, temporal_difference=temporal_difference)
    return Tsn(
        num_classes,
        backbone=frames,
        consensus=consensus,
        dropout=dropout,
        temporal_difference=temporal_difference,
    )


tsn_r101 = partial(tsn_r50, backbone="resnet101")  # 43.3 M parameters at 400 classes
