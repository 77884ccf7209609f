"""The few pieces that several model families share: motion input, a small per-frame CNN, heads and initial weights."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from videoai.core.messages import did_you_mean
from videoai.models.blocks import run_blocks
from videoai.models.memory import Memory

Difference = Literal["none", "append", "only"]


def check_choice(option: str, given: str, allowed: Sequence[str], *, group: str = "model") -> None:
    """A Literal means nothing at run time, and YAML can hold anything.

    Raises: ValueError: ``given`` is not one of ``allowed``.
    """
    if given not in allowed:
        choices = ", ".join(allowed)
        raise ValueError(
            f"{group}.{option}={given!r} is unknown.{did_you_mean(str(given), allowed)} Choose from: {choices}."
        )


def check_num_classes(given: object) -> None:
    """Raises: ValueError: no number of classes. 0 means no head."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ValueError(f"num_classes={given!r}: give a whole number of classes, or 0 for a model without a head.")


def num_input_channels(difference: Difference) -> int:
    """Channels after ``motion_input`` of an RGB clip: 3 or 6."""
    check_choice("temporal_difference", difference, get_args(Difference))
    return 6 if difference == "append" else 3


def motion_input(video: Tensor, mode: Difference, memory: Memory | None = None) -> Tensor:
    """Put each frame's change since the frame before it beside the frame, or in its place.

    The cheapest motion signal there is; 2-D networks cannot see direction in single frames without one (TSN's RGB
    difference, Wang et al. 2016, arXiv:1608.00859).

    Args:
        video: float [B, C, T, H, W].
        memory: of a step; it keeps the last frame.

    Returns: [B, 2C, T, H, W] for "append", otherwise [B, C, T, H, W]. The first frame's difference is zero.
    """
    if mode == "none":
        return video
    past = memory.take() if memory else None
    if memory:
        memory.keep(video[:, :, -1:])
    difference = video - torch.cat([video[:, :, :1] if past is None else past, video[:, :, :-1]], dim=2)
    return difference if mode == "only" else torch.cat([video, difference], dim=1)


class FrameCnn(nn.Module):
    """A small 2-D CNN for one frame: four 3x3 convolutions to 1/8 of the size, then a global mean. Its methods are
    those of timm's models."""

    def __init__(self, in_channels: int, *, width: int) -> None:
        super().__init__()
        widths = (in_channels, width, 2 * width, 4 * width, 4 * width)
        strides = (2, 2, 2, 1)
        self.convs = nn.Sequential(
            *(_conv_norm_act(widths[i], widths[i + 1], stride) for i, stride in enumerate(strides))
        )
        self.num_features = widths[-1]
        self.checkpointing = False
        init_weights(self)

    def forward(self, frames: Tensor) -> Tensor:
        """frames: float [N, C, H, W] -> features [N, D]."""
        return self.forward_head(self.forward_features(frames))

    def forward_features(self, frames: Tensor) -> Tensor:
        """frames: float [N, C, H, W] -> maps [N, D, H', W']."""
        return run_blocks(self.repeated_blocks(), frames, checkpointing=self.checkpointing)

    def forward_head(self, maps: Tensor, pre_logits: bool = True) -> Tensor:
        """maps: [N, D, H', W'] -> features [N, D]; there is no classifier."""
        return maps.mean((2, 3))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: no stem, a depth a convolution."""
        return {"stem": r"^$", "blocks": r"^convs\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The convolutions, each with its norm."""
        return list(self.convs)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the convolutions' activations in the backward pass."""
        self.checkpointing = enable


def _conv_norm_act(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


def make_head(num_features: int, num_classes: int) -> nn.Module:
    """The classifier: weights N(0, 0.01) and bias 0, as SlowFast, so that all classes start about equally likely.
    ``num_classes=0``: none."""
    if num_classes == 0:
        return nn.Identity()
    head = nn.Linear(num_features, num_classes)
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    return head


def multiple_of_8(width: float) -> int:
    """The nearest multiple of 8 that keeps at least 90 % of the width (Howard et al. 2019, arXiv:1905.02244)."""
    nearest = max(8, int(width + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * width else nearest + 8


def init_weights(model: nn.Module) -> None:
    """Convolutions: He et al. 2015 (arXiv:1502.01852), normal, fan out, as torchvision's video ResNets.

    Norms and linear layers keep PyTorch's own defaults (1 and 0; uniform in +-1/sqrt(fan in)).
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d)):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
