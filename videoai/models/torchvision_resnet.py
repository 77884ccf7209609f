"""R3D-18, MC3-18 and R(2+1)D-18 (Tran et al. 2018, arXiv:1711.11248): torchvision's networks behind our contract.

The state dict keeps torchvision's names, so its Kinetics-400 weights load as they are (trained on 16 frames of 15 fps
at 112 px: configs/clip/16x2x112.yaml for files of 30 fps). Differs: dropout before the head, and a plain mean instead
of AdaptiveAvgPool3d, whose CUDA backward is not deterministic.
"""

from typing import TYPE_CHECKING, Any, Literal, cast

from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import make_head

if TYPE_CHECKING:
    from torchvision.models.video import VideoResNet


class TorchvisionResNet(nn.Module):
    """The stem and the four layers of a torchvision video ResNet, with a head of our own size."""

    num_features = 512

    def __init__(self, num_classes: int, *, network: "VideoResNet", dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = network.stem
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4
        self.dropout = nn.Dropout(dropout)
        self.fc = make_head(self.num_features, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 512, T', H/16, W/16]."""
        return run_blocks(self.repeated_blocks(), self.stem(video), checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 512, T', H', W'] -> logits [B, K], or the pooled [B, 512]."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.fc(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.fc = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block (a layer when ``coarse``)."""
        return {"stem": r"^stem", "blocks": r"^layer(\d+)" if coarse else r"^layer(\d+)\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks."""
        return [*self.layer1, *self.layer2, *self.layer3, *self.layer4]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


def r3d_18(num_classes: int, *, dropout: float = 0.0) -> TorchvisionResNet:
    """R3D-18: 3x3x3 convolutions everywhere; 33.4 M parameters at 400 classes."""
    return _adapt("r3d_18", num_classes, dropout)


def mc3_18(num_classes: int, *, dropout: float = 0.0) -> TorchvisionResNet:
    """MC3-18: 3-D convolutions in the first two stages, 2-D after; 11.7 M parameters at 400 classes."""
    return _adapt("mc3_18", num_classes, dropout)


def r2plus1d_18(num_classes: int, *, dropout: float = 0.0) -> TorchvisionResNet:
    """R(2+1)D-18: each convolution split into space, then time; 31.5 M parameters at 400 classes."""
    return _adapt("r2plus1d_18", num_classes, dropout)


def _adapt(name: Literal["r3d_18", "mc3_18", "r2plus1d_18"], num_classes: int, dropout: float) -> TorchvisionResNet:
    from torchvision.models import get_model

    # initial weights: torchvision's own (He et al. 2015, normal, fan out)
    network = cast("VideoResNet", get_model(name, weights=None))
    return TorchvisionResNet(num_classes, network=network, dropout=dropout)
