"""The model zoo: one table from name to builder, and ``create_model``.

A model is any ``nn.Module`` with

    forward(video: float [B, C, T, H, W], normalised) -> logits [B, K]
    forward_features(video) -> features [B, D]          pooled, before dropout and head
    forward_head(features [B, D]) -> logits [B, K]
    reset_classifier(num_classes)                       a fresh head, in place

There is no base class. To add one: a module in this package, a row here, ``configs/model/<name>.yaml``. A model in your
own package needs no row: ``_target_: mypkg.net.MyNet``. Importing this package imports no model.
"""

from typing import Any, Literal, NamedTuple

from torch import nn

from videoai.core.build import build

Family = Literal["3D CNN", "CNN + RNN", "attention", "control"]


class ModelCard(NamedTuple):
    """One row of the zoo."""

    target: str  # "module:builder", imported when first wanted
    family: Family
    clip: str  # default input: a file of configs/clip
    summary: str
    paper: str


MODELS: dict[str, ModelCard] = {
    "tiny_r3d": ModelCard(
        "videoai.models.resnet3d:tiny_r3d",
        "3D CNN",
        "16x2x32",
        "residual 3-D CNN for a CPU; the default",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "tiny_r2plus1d": ModelCard(
        "videoai.models.resnet3d:tiny_r2plus1d",
        "3D CNN",
        "16x2x32",
        "the same with convolutions split into space and time",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "small_r3d": ModelCard(
        "videoai.models.resnet3d:small_r3d",
        "3D CNN",
        "16x2x64",
        "residual 3-D CNN for small real data sets, 64-112 px",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "small_r2plus1d": ModelCard(
        "videoai.models.resnet3d:small_r2plus1d",
        "3D CNN",
        "16x2x64",
        "the same with convolutions split into space and time",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "r3d_18": ModelCard(
        "videoai.models.torchvision_video:r3d_18",
        "3D CNN",
        "16x2x112",
        "torchvision's R3D-18; Kinetics-400 weights",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "mc3_18": ModelCard(
        "videoai.models.torchvision_video:mc3_18",
        "3D CNN",
        "16x2x112",
        "torchvision's MC3-18: 3-D early, 2-D late; Kinetics-400 weights",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "r2plus1d_18": ModelCard(
        "videoai.models.torchvision_video:r2plus1d_18",
        "3D CNN",
        "16x2x112",
        "torchvision's R(2+1)D-18; Kinetics-400 weights",
        "Tran et al. 2018, arXiv:1711.11248",
    ),
    "slowfast_r50": ModelCard(
        "videoai.models.slowfast:slowfast_r50",
        "3D CNN",
        "32x2x224",
        "PyTorchVideo's SlowFast 8x8 R50; Kinetics-400 weights",
        "Feichtenhofer et al. 2019, arXiv:1812.03982",
    ),
    "cnn_lstm": ModelCard(
        "videoai.models.cnn_rnn:CnnRnn",
        "CNN + RNN",
        "16x4x224",
        "LRCN: any timm 2-D backbone, then LSTM, GRU or RNN",
        "Donahue et al. 2015, arXiv:1411.4389",
    ),
    "tiny_cnn_gru": ModelCard(
        "videoai.models.cnn_rnn:tiny_cnn_gru",
        "CNN + RNN",
        "16x2x32",
        "small 2-D CNN, then a GRU, for a CPU",
        "Donahue et al. 2015, arXiv:1411.4389; Cho et al. 2014, arXiv:1406.1078",
    ),
    "tiny_video_transformer": ModelCard(
        "videoai.models.video_transformer:tiny_video_transformer",
        "attention",
        "16x2x32",
        "space-time transformer with a convolutional stem, for a CPU",
        "Arnab et al. 2021, arXiv:2103.15691; Xiao et al. 2021, arXiv:2106.14881",
    ),
    "vivit_s": ModelCard(
        "videoai.models.video_transformer:VideoTransformer",
        "attention",
        "16x4x224",
        "ViT-S over 2x16x16 tubelets, joint or divided attention",
        "Arnab et al. 2021, arXiv:2103.15691; Bertasius et al. 2021, arXiv:2102.05095",
    ),
    "frame_only": ModelCard(
        "videoai.models.frame_only:FrameOnly",
        "control",
        "16x2x32",
        "sees the middle frame only; at chance on motion-only data",
        "control",
    ),
}

TARGETS: dict[str, str] = {name: card.target for name, card in MODELS.items()}


def names() -> list[str]:
    """All model names, in the order of the table."""
    return list(MODELS)


def create_model(name: str, *, num_classes: int, **options: Any) -> nn.Module:
    """Build a model of the zoo, e.g. ``create_model("tiny_r3d", num_classes=16, width=24)``.

    Raises: ValueError: unknown name, or an option that the model does not take; both say what there is.
    """
    return build({"name": name, **options}, TARGETS, where="model", num_classes=num_classes)
