"""C3D (Tran et al. 2015, arXiv:1412.0767): eight 3x3x3 convolutions with max pooling, then two wide linear layers.

There are no norms, and the input has a fixed size: the first linear layer reads a flattened map. Differs from the
paper: the last pooling pads H and W by a pixel, as the published weights want. Max pooling goes frame by frame, then
over pairs of frames: the numbers of nn.MaxPool3d, but its CUDA backward is not deterministic.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.clip_size import check_clip
from videoai.models.layers import init_weights, make_head
from videoai.models.max_pool import FrameMaxPool

WIDTHS = ((64,), (128,), (256, 256), (512, 512), (512, 512))  # channels of the convolutions before each pooling
REDUCTION = 16  # reduction of T by the last four poolings, of H and W by the first four


class C3D(nn.Module):
    """Five stages of one or two convolutions and a max pooling, two linear layers, a linear head.

    Args:
        num_frames, size: length and side of a clip, at least 16 each.
    """

    num_features = 4096
    feature_width = WIDTHS[-1][-1]  # before the pool

    def __init__(self, num_classes: int, *, num_frames: int = 16, size: int = 112, dropout: float = 0.5) -> None:
        super().__init__()
        if min(num_frames, size) < REDUCTION:
            raise ValueError(
                f"model.num_frames={num_frames}, model.size={size}: C3D pools {REDUCTION} frames to one. "
                f"Give at least {REDUCTION} of each."
            )
        self.input_size = (num_frames, size, size)
        inputs = (3, *(widths[-1] for widths in WIDTHS))
        self.stages = nn.Sequential(*(_stage(i, inputs[i], *widths) for i, widths in enumerate(WIDTHS)))
        side = (size // REDUCTION + 2) // 2  # the last pooling pads both sides
        self.map_shape = (WIDTHS[-1][-1], num_frames // REDUCTION, side, side)
        self.fc6 = nn.Linear(self.map_shape[0] * self.map_shape[1] * side**2, self.num_features)
        self.fc7 = nn.Linear(self.num_features, self.num_features)
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.num_features, num_classes)
        self.checkpointing = False
        init_weights(self)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised, of the size that the model was built for -> logits [B, K]."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 512, T/16, H/32, W/32], H and W rounded up.

        Raises: ValueError: a clip of another size than the model.
        """
        frames, *sides = (length // REDUCTION for length in video.shape[2:])
        if (frames, *((side + 2) // 2 for side in sides)) != self.map_shape[1:]:
            check_clip("c3d", video.shape[2:], self.input_size, (REDUCTION, REDUCTION, REDUCTION))
        return run_blocks(self.repeated_blocks(), video, checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 512, T', H', W'] -> logits [B, K], or what the head reads [B, 4096]."""
        x = F.relu(self.fc6(features.flatten(1)))
        x = F.relu(self.fc7(self.dropout(x)))
        return x if pre_logits else self.head(self.dropout(x))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: a depth a stage, then the two linear layers."""
        return {"stem": r"^stages\.0", "blocks": [(r"^stages\.(\d+)", None), (r"^fc[67]", (99999,))]}

    def repeated_blocks(self) -> list[nn.Module]:
        """The five stages."""
        return list(self.stages)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the stages' activations in the backward pass."""
        self.checkpointing = enable


class MaxOfFramePairs(nn.Module):
    """Halves T; an odd last frame is dropped, as by nn.MaxPool3d."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C, T/2, H, W]."""
        return x[:, :, : x.shape[2] // 2 * 2].unflatten(2, (-1, 2)).amax(3)


def _stage(index: int, in_channels: int, *widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in zip((in_channels, *widths), widths, strict=False):
        layers += [nn.Conv3d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    layers.append(FrameMaxPool(2, stride=2, padding=1 if index == 4 else 0))
    if index > 0:  # the first stage keeps every frame
        layers.append(MaxOfFramePairs())
    return nn.Sequential(*layers)


def c3d(num_classes: int, *, num_frames: int = 16, size: int = 112, dropout: float = 0.5) -> C3D:
    """C3D for 16 frames at 112 px: 78.4 M parameters at 101 classes."""
    return C3D(num_classes, num_frames=num_frames, size=size, dropout=dropout)
