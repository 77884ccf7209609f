"""CNN + RNN: a 2-D network on every frame, a recurrent network over the frames.

LRCN: Long-term Recurrent Convolutional Networks (Donahue et al. 2015, arXiv:1411.4389). Differs: frames also carry
their change since the frame before (``temporal_difference``), every frame's features are a normalised global mean, and
there is one loss per clip instead of one per frame. Without the difference, the features of single frames carry little
motion for the RNN to read.

torch.compile leaves the recurrent layer to PyTorch's own kernels (a graph break), so fullgraph=True is an error.
"""

from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from videoai.models.frames import (
    FrameNetwork,
    Pool,
    PoolOverTime,
    create_backbone,
    pool_frames,
    width_of,
)
from videoai.models.layers import Difference, check_choice
from videoai.models.memory import Memory

Cell = Literal["lstm", "gru", "rnn"]

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class CnnRnn(FrameNetwork):
    """Frames -> CNN -> one vector a frame -> RNN -> its outputs [B, T, D] -> one vector per clip -> head.

    Args:
        backbone: "tiny" (our own, for 32-64 px) or any 2-D model name of timm.
        backbone_pretrained: ImageNet weights for a timm backbone; the difference channels start as copies of the colour
            filters.
        pool: the RNN's "last" state, or the "mean", "max" or a learned "attention" average of its outputs over time.
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
        check_choice("cell", cell, get_args(Cell))
        cnn = create_backbone(backbone, pretrained=backbone_pretrained, temporal_difference=temporal_difference)
        super().__init__(
            num_classes,
            backbone=cnn,
            num_features=hidden_size * (2 if bidirectional else 1),
            dropout=dropout,
            temporal_difference=temporal_difference,
        )
        # a global mean of rectified channels varies little around a large mean: without a norm the RNN hardly learns
        self.norm = nn.BatchNorm1d(width_of(cnn))
        # initial weights: PyTorch's own for recurrent layers, uniform in +-1/sqrt(hidden size)
        self.rnn = CELLS[cell](width_of(cnn), hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)
        self.over_time = PoolOverTime(pool, self.num_features)

    def forward_features(self, video: Tensor, memory: Memory | None = None) -> Tensor:
        """video: float [B, 3, T, H, W] -> the RNN's outputs [B, T, D]."""
        frames = pool_frames(self.backbone, super().forward_features(video, memory))
        normed = self.norm(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])  # [B, T, D], over B and T at once
        return self.rnn(normed)[0] if memory is None else self._go_on(normed, memory)

    def _go_on(self, frames_BTD: Tensor, memory: Memory) -> Tensor:
        """The RNN from where it was. Its states are [L, B, D], what is kept has B first."""
        parts = 2 if isinstance(self.rnn, nn.LSTM) else 1
        past = [part.transpose(0, 1).contiguous() for _ in range(parts) if (part := memory.take()) is not None]
        hidden = None if not past else past[0] if parts == 1 else tuple(past)
        outputs, hidden = self.rnn(frames_BTD, hidden)
        for part in [hidden] if parts == 1 else hidden:
            memory.keep(part.transpose(0, 1))
        return outputs

    @property
    def is_causal(self) -> bool:
        """Not where it reads a clip from its end, too."""
        return not self.rnn.bidirectional

    def pool(self, features: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, T, D] -> [B, D]."""
        if not (self.rnn.bidirectional and self.over_time.kind == "last"):
            return self.over_time(features, memory)
        # the backward half has read the whole clip at the first frame, not at the last
        half = self.num_features // 2
        return torch.cat([features[:, -1, :half], features[:, 0, half:]], dim=1)


# The names of the zoo: CnnRnn with other defaults.
cnn_lstm = CnnRnn  # LRCN
cnn_bilstm = partial(CnnRnn, bidirectional=True)
cnn_lstm_attention = partial(CnnRnn, pool="attention")
cnn_gru = partial(CnnRnn, cell="gru")  # Cho et al. 2014, arXiv:1406.1078
cnn_rnn = partial(CnnRnn, cell="rnn")  # Elman 1990
tiny_cnn_gru = partial(CnnRnn, backbone="tiny", cell="gru", hidden_size=64, dropout=0.0)  # 16 frames at 32 px, a CPU
