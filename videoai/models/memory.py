"""What a causal network keeps of a video that is still going on: the contract of ``step``, and the parts that keep it.

A causal model answers after every frame from that frame and the ones before:

    is_causal: bool                              whether this one is; options such as bidirectional=true forbid it
    step(frame, state=None) -> logits, state     float [B, 3, H, W], normalised; None = the first frame

The logits [B, K] are those of ``forward`` over all frames so far, in eval mode. The state is a tuple of tensors, each
[B, ...]: its first says how many frames were seen. Its size does not grow with them. It belongs to the caller, so one
model follows many videos, and a batch of them is the states' tensors joined along B.
"""

from typing import Protocol, TypeGuard

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]


class CausalModel(Protocol):
    """A network with the contract of this module."""

    is_causal: bool

    def step(self, frame: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One frame more."""
        ...


def is_causal(model: object) -> TypeGuard[CausalModel]:
    """Whether a model of the zoo or one of the user's own follows a video frame by frame."""
    return bool(getattr(model, "is_causal", False)) and callable(getattr(model, "step", None))


def refuse_step(model: object) -> None:
    """Raises: ValueError: this network needs frames that are still to come."""
    if not is_causal(model):
        raise ValueError(
            f"{type(model).__name__}.step(): this network reads frames that are still to come, so it answers for whole "
            "clips alone. docs/stream.md lists networks that answer frame by frame."
        )


class Memory:
    """The states of the layers in one pass, in the order in which they run: each takes what it kept at the last step,
    and keeps anew."""

    def __init__(self, x: Tensor, state: State | None) -> None:
        """x: [B, ...], the new frames, for B, dtype and device."""
        self.is_first = state is None
        # float16 counts to 2048
        kind = torch.promote_types(x.dtype, torch.float32)
        self.frames = x.new_zeros(x.shape[0], dtype=kind) if state is None else state[0]
        self._before = iter(state[1:] if state is not None else ())
        self._kept: list[Tensor] = []

    def take(self) -> Tensor | None:
        """What the layer kept at the last step; None = this is the first."""
        return None if self.is_first else next(self._before)

    def keep(self, tensor: Tensor) -> None:
        """tensor: [B, ...]."""
        self._kept.append(tensor)

    def state(self, num_frames: int = 1) -> State:
        """Everything that was kept, after so many new frames."""
        return (self.frames + num_frames, *self._kept)


def behind_past(x: Tensor, num_frames: int, memory: Memory | None) -> Tensor:
    """[B, C, T, ...] -> [B, C, num_frames + T, ...]: behind the frames before them, which are zero before the first
    (the stream buffer of Kondratyuk et al. 2021, arXiv:2103.11511, section 3.2)."""
    past = memory.take() if memory else None
    if past is None:
        past = x.new_zeros(*x.shape[:2], num_frames, *x.shape[3:])
    joined = torch.cat([past, x], dim=2)
    if memory:
        memory.keep(joined[:, :, -num_frames:])
    return joined


def mean_so_far(x: Tensor, memory: Memory | None) -> Tensor:
    """[B, C, T, ...] -> the same shape: at each frame the mean over it and all before (the cumulative average).

    The mean is kept, not the sum, which would lose digits as a stream goes on; beyond 16 million frames, 38 days at
    5 a second, float32 does not count on."""
    past = memory.take() if memory else None
    kind = torch.promote_types(x.dtype, torch.float32)
    number = torch.arange(1, x.shape[2] + 1, device=x.device, dtype=kind)
    before = memory.frames if memory else x.new_zeros(x.shape[0], dtype=kind)
    total = before[:, None] + number
    shape = (-1, 1, x.shape[2], *[1] * (x.ndim - 3))
    mean = x.cumsum(2) / total.view(shape)
    if past is not None:
        mean = mean + past * (before[:, None] / total).view(shape)
    mean = mean.to(x.dtype)
    if memory:
        memory.keep(mean[:, :, -1:])
    return mean


class PastConv(nn.Conv3d):
    """A convolution over this frame and those before, without bias."""

    def __init__(self, in_channels: int, out_channels: int, frames: int, *, groups: int = 1) -> None:
        super().__init__(in_channels, out_channels, (frames, 1, 1), groups=groups, bias=False)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H, W]."""
        return super().forward(behind_past(x, self.kernel_size[0] - 1, memory))
