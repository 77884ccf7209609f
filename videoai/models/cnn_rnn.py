"""CNN + RNN: a 2-D network on every frame, a recurrent network over the frames.

LRCN: Long-term Recurrent Convolutional Networks (Donahue et al. 2015, arXiv:1411.4389). Differs: frames also carry
their change since the frame before (``temporal_difference``), every frame's features are a normalised global mean, and
there is one loss per clip instead of one per frame. Without the difference, the features of single frames carry little
motion for the RNN to read.
"""

from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from videoai.core.build import did_you_mean
from videoai.models.layers import (
    Difference,
    FrameCnn,
    check_choice,
    make_head,
    motion_input,
    num_input_channels,
)

Cell = Literal["lstm", "gru", "rnn"]
Pool = Literal["last", "mean", "attention"]

TINY_WIDTH = 16


class CnnRnn(nn.Module):
    """Frames -> CNN -> [B, T, D] -> RNN -> one vector per clip -> head.

    torch.compile leaves the recurrent layer to PyTorch's own kernels (a graph break), so fullgraph=True is refused.

    Args:
        backbone: "tiny" (our own, for 32-64 px) or any 2-D model name of timm.
        backbone_pretrained: ImageNet weights for a timm backbone; the difference channels start as copies of the colour
            filters.
        pool: the RNN's "last" state, or the "mean" or a learned "attention" average of its outputs over time.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        backbone: str = "resnet18",
        backbone_pretrained: bool = False,
        cell: Cell = "lstm",
        hidden_size: int = 256,
        num_layers: int = 1,
        bidirectional: bool = False,
        pool: Pool = "mean",
        dropout: float = 0.5,
        temporal_difference: Difference = "append",
    ) -> None:
        super().__init__()
        check_choice("cell", cell, get_args(Cell))
        check_choice("pool", pool, get_args(Pool))
        self.temporal_difference: Difference = temporal_difference
        self.backbone, frame_features = _backbone(
            backbone, backbone_pretrained, num_input_channels(temporal_difference)
        )
        # a global mean of rectified channels varies little around a large mean: without a norm the RNN hardly learns
        self.norm = nn.BatchNorm1d(frame_features)
        # initial weights: PyTorch's own for recurrent layers, uniform in +-1/sqrt(hidden size)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[cell](
            frame_features, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional
        )
        self.pool: Pool = pool
        self.num_features = hidden_size * (2 if bidirectional else 1)
        # No bias: it would shift all scores alike, which the softmax does not see.
        self.score = nn.Linear(self.num_features, 1, bias=False) if pool == "attention" else None
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D]."""
        x = motion_input(video, self.temporal_difference)
        frames = x.transpose(1, 2).flatten(0, 1)  # [B, C, T, H, W] -> [B*T, C, H, W]
        features = self.norm(self.backbone(frames))
        features = features.unflatten(0, (video.shape[0], -1))  # [B*T, D] -> [B, T, D]
        return self._over_time(self.rnn(features)[0])

    def forward_head(self, features: Tensor) -> Tensor:
        """features: [B, D] -> logits [B, K]."""
        return self.head(self.dropout(features))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(self.head.weight)

    def _over_time(self, outputs: Tensor) -> Tensor:
        """[B, T, D] -> [B, D]."""
        if self.score is not None:
            return (self.score(outputs).softmax(dim=1) * outputs).sum(dim=1)
        if self.pool == "mean":
            return outputs.mean(dim=1)
        if not self.rnn.bidirectional:
            return outputs[:, -1]
        # the backward half has read the whole clip at the first frame, not at the last
        half = self.num_features // 2
        return torch.cat([outputs[:, -1, :half], outputs[:, 0, half:]], dim=1)


def tiny_cnn_gru(
    num_classes: int,
    *,
    hidden_size: int = 64,
    pool: Pool = "mean",
    dropout: float = 0.0,
    temporal_difference: Difference = "append",
) -> CnnRnn:
    """A small CNN and a GRU (Cho et al. 2014, arXiv:1406.1078) for 16 frames at 32 px."""
    return CnnRnn(
        num_classes,
        backbone="tiny",
        cell="gru",
        hidden_size=hidden_size,
        pool=pool,
        dropout=dropout,
        temporal_difference=temporal_difference,
    )


def _backbone(name: str, pretrained: bool, in_channels: int) -> tuple[nn.Module, int]:
    """A module from frames [N, C, H, W] to features [N, D], and D."""
    if name != "tiny":
        return _timm_backbone(name, pretrained, in_channels)
    if pretrained:
        raise ValueError("model.backbone=tiny has no pretrained weights. Set model.backbone_pretrained=false.")
    cnn = FrameCnn(in_channels, width=TINY_WIDTH)
    return cnn, cnn.num_features


def _timm_backbone(name: str, pretrained: bool, in_channels: int) -> tuple[nn.Module, int]:
    import timm

    if not timm.is_model(name):
        near = did_you_mean(name, timm.list_models())
        raise ValueError(
            f"model.backbone='{name}' is neither 'tiny' nor a model of timm {timm.__version__}.{near} "
            "timm.list_models() lists them."
        )
    try:
        # num_classes=0: features after the model's own global pooling
        model = timm.create_model(name, pretrained=pretrained, in_chans=in_channels, num_classes=0)
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        raise OSError(
            f"model.backbone={name}: cannot fetch its pretrained weights ({error}). Put them into the Hugging Face "
            "cache (HF_HOME) on a machine with network, or set model.backbone_pretrained=false."
        ) from error
    return model, cast(int, model.num_features)
