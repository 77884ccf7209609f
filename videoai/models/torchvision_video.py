"""R3D-18, MC3-18 and R(2+1)D-18 (Tran et al. 2018, arXiv:1711.11248): torchvision's networks behind our contract.

The state dict keeps torchvision's names, so its Kinetics-400 weights load as they are (trained on 16 frames of 15 fps
at 112 px: configs/clip/16x2x112.yaml for files of 30 fps). Differs: dropout before the head, and a plain mean instead
of AdaptiveAvgPool3d, whose CUDA backward is not deterministic.
"""

import logging
from typing import TYPE_CHECKING, Literal, cast

from torch import Tensor, nn

from videoai.models.layers import make_head
from videoai.models.weights import fetch, load_partial

if TYPE_CHECKING:
    from torchvision.models.video import VideoResNet

logger = logging.getLogger(__name__)

NUM_FEATURES = 512


class TorchvisionVideo(nn.Module):
    """The stem and the four layers of a torchvision video ResNet, with a head of our own size."""

    def __init__(self, num_classes: int, *, network: "VideoResNet", dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = network.stem
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4
        self.dropout = nn.Dropout(dropout)
        self.fc = make_head(NUM_FEATURES, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 512]: the mean over time and space."""
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(video)))))
        return x.mean((2, 3, 4))

    def forward_head(self, features: Tensor) -> Tensor:
        """features: [B, 512] -> logits [B, K]."""
        return self.fc(self.dropout(features))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.fc = make_head(NUM_FEATURES, num_classes).to(self.fc.weight)


def r3d_18(num_classes: int, *, pretrained: bool = False, dropout: float = 0.0) -> TorchvisionVideo:
    """R3D-18: 3x3x3 convolutions everywhere; 33.4 M parameters at 400 classes."""
    return _adapt("r3d_18", num_classes, pretrained, dropout)


def mc3_18(num_classes: int, *, pretrained: bool = False, dropout: float = 0.0) -> TorchvisionVideo:
    """MC3-18: 3-D convolutions in the first two stages, 2-D after; 11.7 M parameters at 400 classes."""
    return _adapt("mc3_18", num_classes, pretrained, dropout)


def r2plus1d_18(num_classes: int, *, pretrained: bool = False, dropout: float = 0.0) -> TorchvisionVideo:
    """R(2+1)D-18: each convolution split into space, then time; 31.5 M parameters at 400 classes."""
    return _adapt("r2plus1d_18", num_classes, pretrained, dropout)


def _adapt(
    name: Literal["r3d_18", "mc3_18", "r2plus1d_18"], num_classes: int, pretrained: bool, dropout: float
) -> TorchvisionVideo:
    from torchvision.models import get_model, get_model_weights

    # initial weights: torchvision's own (He et al. 2015, normal, fan out)
    network = cast("VideoResNet", get_model(name, weights=None))
    model = TorchvisionVideo(num_classes, network=network, dropout=dropout)
    if pretrained:
        report = load_partial(model, fetch(get_model_weights(name)["KINETICS400_V1"].url))
        logger.info("%s: %s", name, report)
    return model
