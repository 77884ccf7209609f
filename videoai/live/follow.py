"""Frames one by one: a network that keeps what it saw, and when it forgets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from videoai.live.stream import Window

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]  # uint8 [C, H, W], state or None -> scores, float [K], next state
ROUNDING = 1e-6  # parts of a half: times are sums of hops


class Follower(Protocol):
    """What judges the frames of one stream, in order."""

    def __call__(self, window: Window, /) -> Tensor | None:
        """A window of one frame -> scores, float [K]; None = no answer is due."""
        ...


@dataclass
class Memories:
    """Follows one stream with two states in turn, so that no answer rests on a state that has just begun.

    A state begins every half of ``reset_seconds`` and ends when it is as old as that. The older one answers: it has
    seen between a half and the whole of it, but for the first half after a start or a gap. It costs two steps a frame.
    """

    step: Step
    num_frames: int  # a clip of the network has so many
    reset_seconds: float | None = None  # None = as long as a clip; infinite = one state that never ends
    hop_seconds: float | None = None  # from an answer to the next; None = one a frame
    began: float = 0.0
    told: float | None = None  # the frame of the last answer
    halves: int = -1  # since ``began``
    states: list[Any] = field(default_factory=list[Any])  # the older one first; None = begins with the next frame

    def __call__(self, window: Window) -> Tensor | None:
        """After a gap everything before is forgotten."""
        seconds = window.start_seconds
        if window.begins:
            self.began, self.told, self.halves, self.states = seconds, None, -1, []
        self._renew(seconds - self.began, (self.reset_seconds or self.num_frames * window.stream.hop) / 2)
        steps = [self.step(window.clip[0], state) for state in self.states]
        self.states = [state for _, state in steps]
        if self.told is not None and self.hop_seconds and seconds - self.told < self.hop_seconds * (1 - ROUNDING):
            return None
        self.told = seconds
        return steps[0][0]

    def _renew(self, age_seconds: float, half_seconds: float) -> None:
        halves = int(age_seconds / half_seconds + ROUNDING)
        if halves > self.halves:
            # after a time without frames both may be too old
            kept = self.states[-1:] if halves == self.halves + 1 else []
            self.states, self.halves = [*kept, None], halves
