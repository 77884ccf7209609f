"""Several models over one video in one decoding pass, and what one of them sees in each window.

Frames come in order, few at a time, and each model keeps those of the windows that are not complete yet, so that memory
does not grow with length beyond the scores. Every model gets the pixels that ``predict`` would give it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from videoai.data.decode import Video
from videoai.data.decode.sizes import frames_at_sizes
from videoai.inference.answer import Answer
from videoai.inference.predict import WINDOWS_PER_PASS, Predictor
from videoai.models.heads import linear_head

FRAMES_AT_ONCE = 64


class Watcher(Protocol):
    """Asks for frames and takes them."""

    size: int  # pixels of the short side

    def wanted(self, first: int, end: int) -> Tensor:
        """Numbers from ``first`` to ``end`` - 1 that it wants, rising."""
        ...

    def take(self, numbers: Tensor, frames: Tensor) -> None:
        """The frames with these numbers, uint8 [T, 3, H, W]."""
        ...


def watch(video: Video, watchers: Sequence[Watcher], add: Callable[[int], None] = lambda frames: None) -> None:
    """Show a whole video to all of them. ``add``: told how many frames more are done. Raises: BadVideo."""
    first, last = 0, video.num_frames
    while first < last:
        end = min(first + FRAMES_AT_ONCE, last)
        asked = [(watcher, wanted) for watcher in watchers if len(wanted := watcher.wanted(first, end))]
        read = frames_at_sizes(video, [(wanted, watcher.size) for watcher, wanted in asked]) if asked else []
        for (watcher, wanted), frames in zip(asked, read, strict=True):
            watcher.take(wanted, frames)
        add(end - first)
        first = end


class EveryFrame:
    """Hands all frames on."""

    def __init__(self, size: int, add: Callable[[Tensor], None]) -> None:
        """add: takes uint8 [T, 3, H, W]."""
        self.size, self.add = size, add

    def wanted(self, first: int, end: int) -> Tensor:
        """All."""
        return torch.arange(first, end)

    def take(self, numbers: Tensor, frames: Tensor) -> None:
        """They come in order."""
        self.add(frames)


class Seen(NamedTuple):
    """What one model said of one video."""

    answer: Answer
    spans: list[tuple[float, float]]  # seconds, where each window lies
    features: Tensor | None  # float16 [W, D], if they were asked for


class WindowWatcher:
    """A predictor that looks at each window as soon as its last frame is there."""

    def __init__(self, predictor: Predictor, video: Video, path: str, *, pooled: "Pooled | None" = None) -> None:
        """pooled: keeps what the head reads. Raises: BadVideo."""
        self.predictor, self.video, self.path, self.pooled = predictor, video, path, pooled
        self.size = predictor.model.clip.short_side
        self.spans = predictor.windows(video)
        # Rows of one tensor: small tensors that stay, between large ones that go, would leave the heap full of holes.
        shape = (len(self.spans), predictor.model.clip.num_frames)
        self.places, self.seconds = torch.empty(shape, dtype=torch.int64), torch.empty(shape, dtype=torch.float64)
        for row, span in enumerate(self.spans):
            self.places[row], self.seconds[row] = predictor.places(video, path, *span)
        self.numbers = self.places.unique()
        self.held: dict[int, Tensor] = {}
        self.next, self.clips = 0, list[Tensor]()
        self.scores, self.features = list[Tensor](), list[Tensor]()

    def wanted(self, first: int, end: int) -> Tensor:
        """Those of any window."""
        low, high = torch.searchsorted(self.numbers, torch.tensor([first, end])).tolist()
        return self.numbers[low:high]

    def take(self, numbers: Tensor, frames: Tensor) -> None:
        """Look at the windows that are complete now."""
        self.held |= dict(zip(numbers.tolist(), self.predictor.cropped(frames), strict=True))
        while self.next < len(self.places) and int(self.places[self.next].max()) <= int(numbers[-1]):
            self.clips.append(torch.stack([self.held[number] for number in self.places[self.next].tolist()]))
            self.next += 1
            if len(self.clips) == WINDOWS_PER_PASS:
                self._look()
        oldest = int(self.places[self.next].min()) if self.next < len(self.places) else len(self.video.timestamps)
        self.held = {number: frame for number, frame in self.held.items() if number >= oldest}

    def seen(self) -> Seen:
        """The answer, after the last frame."""
        if self.clips:
            self._look()
        scores = torch.cat(self.scores)
        answer = self.predictor.answer(self.video, self.path, self.spans, scores, self.seconds)
        return Seen(answer, self.spans, torch.cat(self.features) if self.pooled else None)

    def _look(self) -> None:
        seconds = self.seconds[self.next - len(self.clips) : self.next].unbind()
        self.scores.append(self.predictor.scores(torch.stack(self.clips), self.predictor.sounds(self.video, seconds)))
        if self.pooled:
            self.features.append(self.pooled.of(self.scores[-1]))
        self.clips = []


class Pooled:
    """What the linear head of a network read in its last forward pass; of a network without one, its scores."""

    def __init__(self, predictor: Predictor) -> None:
        self.kind = "scores"
        self.read: Tensor | None = None
        if not predictor.task.per_frame:
            with suppress(ValueError):  # the head is no linear layer
                linear_head(predictor.model.model, setting="features").register_forward_pre_hook(self._keep)
                self.kind = "pooled"

    def of(self, scores: Tensor) -> Tensor:
        """float16 [W, D] of the clips that gave these scores; several steps of a clip count by their mean."""
        if self.read is not None:
            features = self.read.float().reshape(len(scores), -1, self.read.shape[-1]).mean(1)
        else:
            features = scores.flatten(2).mean(2) if scores.ndim > 2 else scores
        return features.half().cpu()

    def _keep(self, module: nn.Module, inputs: Any) -> None:
        self.read = inputs[0].detach()
