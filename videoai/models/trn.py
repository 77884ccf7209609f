"""TRN: Temporal Relation Network (Zhou et al. 2018, arXiv:1711.08496): a 2-D network on every frame, and small networks
that read ordered tuples of frames: two of them, three of them, up to all (multi-scale), or all alone (single-scale).

Training draws a few tuples of each scale, as the paper. Evaluation reads them all and weighs them so that the result is
the mean over such draws: the published code draws in evaluation too, so its scores change from run to run. Differs: the
scales' classifiers, which the paper adds up, are one classifier of the joined scales.
"""

from itertools import combinations
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.frames import FrameNetwork, create_backbone, pool_frames, width_of
from videoai.models.layers import Difference
from videoai.models.memory import Memory

Scales = Literal["single", "multi"]

FRAME_WIDTH = 256  # features of a frame, as read by the relations; this and what follows: the published code
SINGLE_WIDTH, MULTI_WIDTH = 512, 256  # hidden width of a relation
TUPLES = 3  # drawn of each scale
MAX_FRAMES = 12  # tuples grow as 2^T: 4083 of 12 frames


class Relation(nn.Module):
    """One scale: an MLP over ``size`` frames in order.

    Training draws ``TUPLES`` tuples of frames, evaluation takes all; their weights add up to how many are drawn.
    """

    def __init__(self, size: int, num_frames: int, width: int) -> None:
        super().__init__()
        tuples = torch.tensor(list(combinations(range(num_frames), size)))
        self.register_buffer("tuples", tuples, persistent=False)  # [R, size]
        self.tuples: Tensor
        self.drawn = min(TUPLES, len(tuples))
        self.mlp = nn.Sequential(nn.ReLU(), nn.Linear(size * FRAME_WIDTH, width), nn.ReLU())

    def forward(self, x_BTD: Tensor) -> Tensor:
        """[B, T, D] -> [B, R, width]."""
        tuples = self.tuples
        if self.training:
            tuples = tuples[torch.randperm(len(tuples), device=tuples.device)[: self.drawn]]
        return self.mlp(x_BTD[:, tuples].flatten(2)) * (self.drawn / len(tuples))


class Trn(FrameNetwork):
    """Frames -> backbone -> one vector a frame -> relations [B, R, D] -> their sum -> head. Every scale fills a part of
    D of its own; ``dropout`` is of the frames' vectors."""

    def __init__(
        self,
        num_classes: int,
        *,
        backbone: nn.Module,
        scales: Scales,
        num_frames: int,
        dropout: float,
        temporal_difference: Difference = "none",
    ) -> None:
        if not 2 <= num_frames <= MAX_FRAMES:
            raise ValueError(f"model.num_frames={num_frames}: relations are of 2 to {MAX_FRAMES} frames.")
        sizes = [num_frames] if scales == "single" else list(range(num_frames, 1, -1))
        width = SINGLE_WIDTH if scales == "single" else MULTI_WIDTH
        super().__init__(
            num_classes,
            backbone=backbone,
            num_features=width * len(sizes),
            dropout=0.0,
            temporal_difference=temporal_difference,
        )
        self.num_frames = num_frames
        self.frame_dropout = nn.Dropout(dropout)
        self.project = nn.Linear(width_of(backbone), FRAME_WIDTH)
        nn.init.normal_(self.project.weight, std=0.001)  # as the published code
        nn.init.zeros_(self.project.bias)
        self.relations = nn.ModuleList(Relation(size, num_frames, width) for size in sizes)

    def forward_features(self, video: Tensor, memory: Memory | None = None) -> Tensor:
        """video: float [B, 3, T, H, W] -> relations [B, R, D]. Raises: ValueError: T is not the model's."""
        if video.shape[2] != self.num_frames:
            raise ValueError(
                f"model.num_frames={self.num_frames}, but the clip has {video.shape[2]} frames. Set "
                f"model.num_frames={video.shape[2]} or clip.num_frames={self.num_frames}."
            )
        x_BTD = pool_frames(self.backbone, super().forward_features(video))
        x_BTD = self.project(self.frame_dropout(x_BTD))
        last = len(self.relations) - 1
        scales = [
            F.pad(values, (i * values.shape[2], (last - i) * values.shape[2]))
            for i, values in enumerate(relation(x_BTD) for relation in self.relations)
        ]
        return torch.cat(scales, dim=1)

    def pool(self, features: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, R, D] -> [B, D]."""
        return features.sum(1)


def trn_r50(
    num_classes: int,
    *,
    num_frames: int = 8,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    dropout: float = 0.8,
) -> Trn:
    """TRN with one relation over all frames, on a ResNet-50."""
    frames = create_backbone(backbone, pretrained=backbone_pretrained)
    return Trn(num_classes, backbone=frames, scales="single", num_frames=num_frames, dropout=dropout)


def trn_multiscale_r50(
    num_classes: int,
    *,
    num_frames: int = 8,
    backbone: str = "resnet50",
    backbone_pretrained: bool = False,
    dropout: float = 0.8,
) -> Trn:
    """TRN of relations of 2 to ``num_frames`` frames over a ResNet-50."""
    frames = create_backbone(backbone, pretrained=backbone_pretrained)
    return Trn(num_classes, backbone=frames, scales="multi", num_frames=num_frames, dropout=dropout)
