"""ConvLSTM (Shi et al. 2015, arXiv:1506.04214) over the maps of a 2-D network: an LSTM whose states are maps and whose
products are convolutions, so that it sees where things move.

Differs: for recognition instead of forecasting, and without peephole connections, whose weights would fix the size of
the images.
"""

import torch
from torch import Tensor, nn

from videoai.models.frames import FrameNetwork, Pool, PoolOverTime, create_backbone, width_of
from videoai.models.layers import Difference
from videoai.models.memory import Memory


class ConvLstm(nn.Module):
    """One layer. ``from_input`` and ``from_state`` give all four gates: in, forget, out, new."""

    def __init__(self, in_channels: int, hidden_size: int, *, kernel_size: int = 3) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.hidden_size = hidden_size
        self.from_input = nn.Conv2d(in_channels, 4 * hidden_size, kernel_size, padding=padding, bias=False)
        self.from_state = nn.Conv2d(hidden_size, 4 * hidden_size, kernel_size, padding=padding)
        # forget gates start open: what comes early reaches the end of the clip (Jozefowicz et al. 2015)
        bias = torch.tensor([0.0, 1.0, 0.0, 0.0]).repeat_interleave(hidden_size)
        self.from_state.bias = nn.Parameter(bias)

    def forward(self, maps: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, C, T, H, W] -> the states [B, D, T, H, W]. ``memory``: of a step."""
        batch, _, num_frames = maps.shape[:3]
        # all frames at once: only the state's convolution is sequential.  [B, C, T, H, W] -> [B*T, C, H, W]
        inputs = self.from_input(maps.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, num_frames))
        start = inputs.new_zeros(batch, self.hidden_size, *maps.shape[3:])
        past, past_cell = (memory.take(), memory.take()) if memory else (None, None)
        state, cell = start if past is None else past, start if past_cell is None else past_cell
        states = []
        for t in range(num_frames):
            enter, forget, leave, new = (inputs[:, t] + self.from_state(state)).chunk(4, dim=1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            state = leave.sigmoid() * cell.tanh()
            states.append(state)
        if memory:
            memory.keep(state)
            memory.keep(cell)
        return torch.stack(states, dim=2)


class ConvLstmNetwork(FrameNetwork):
    """Frames -> CNN -> maps -> norm -> ConvLSTM -> its states [B, D, T, H', W'] -> mean over space, pool over time ->
    head."""

    def __init__(
        self,
        num_classes: int,
        *,
        backbone: nn.Module,
        hidden_size: int,
        pool: Pool,
        dropout: float,
        temporal_difference: Difference,
    ) -> None:
        super().__init__(
            num_classes,
            backbone=backbone,
            num_features=hidden_size,
            dropout=dropout,
            temporal_difference=temporal_difference,
        )
        self.norm = nn.BatchNorm3d(width_of(backbone))
        self.lstm = ConvLstm(width_of(backbone), hidden_size)
        self.over_time = PoolOverTime(pool, hidden_size)

    @property
    def is_causal(self) -> bool:
        """Always: states go forward in time."""
        return True

    def forward_features(self, video: Tensor, memory: Memory | None = None) -> Tensor:
        """video: float [B, 3, T, H, W] -> states [B, D, T, H', W']. Raises: ValueError: the backbone has no maps."""
        maps = super().forward_features(video, memory)
        if maps.ndim != 5:
            raise ValueError(
                f"model.backbone: {type(self.backbone).__name__} returns no maps. Choose a convolutional network of "
                "timm, such as resnet18."
            )
        return self.lstm(self.norm(maps), memory)

    def pool(self, features: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, D, T, H', W'] -> [B, D]."""
        return self.over_time(features.mean((3, 4)).transpose(1, 2), memory)  # [B, D, T, H', W'] -> [B, T, D]


def convlstm_r18(
    num_classes: int,
    *,
    backbone: str = "resnet18",
    backbone_pretrained: bool = False,
    hidden_size: int = 256,
    pool: Pool = "mean",
    dropout: float = 0.5,
    temporal_difference: Difference = "none",
) -> ConvLstmNetwork:
    """A ConvLSTM over the last maps of a ResNet-18."""
    maps = create_backbone(backbone, pretrained=backbone_pretrained, temporal_difference=temporal_difference)
    return ConvLstmNetwork(
        num_classes,
        backbone=maps,
        hidden_size=hidden_size,
        pool=pool,
        dropout=dropout,
        temporal_difference=temporal_difference,
    )


def tiny_convlstm(
    num_classes: int,
    *,
    hidden_size: int = 32,
    pool: Pool = "mean",
    dropout: float = 0.0,
    temporal_difference: Difference = "none",
) -> ConvLstmNetwork:
    """A small CNN and a ConvLSTM for 16 frames at 32 px: 0.2 M parameters."""
    return convlstm_r18(
        num_classes,
        backbone="tiny",
        hidden_size=hidden_size,
        pool=pool,
        dropout=dropout,
        temporal_difference=temporal_difference,
    )
