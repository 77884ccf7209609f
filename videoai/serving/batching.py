"""One forward pass for the windows of several requests: it takes what waits, and waits for nothing itself."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import NamedTuple

import torch
from torch import Tensor

Scores = Callable[[Tensor, Tensor | None], Tensor]
BATCHES_WAITING = 2  # what decodes waits for the network beyond that, so that clips do not pile up


class Waiting(NamedTuple):
    """Some windows of a request, and who waits for their scores."""

    clips: Tensor  # uint8 [W, T, C, H, W]
    sounds: Tensor | None  # float [W, M, S]
    scores: "Future[Tensor]"  # float [W, K] or [W, K, T]


class Batcher:
    """A thread that scores."""

    def __init__(self, scores: Scores, max_batch: int, on_batch: Callable[[int], None] = lambda _: None) -> None:
        """max_batch: windows in a pass; a single part may have more. on_batch: gets their number in each pass."""
        self.scores, self.max_batch, self.on_batch = scores, max_batch, on_batch
        self._waiting: deque[Waiting] = deque()
        self._changed = Condition()
        self._is_closed = False
        self._thread = Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    def submit(self, clips: Tensor, sounds: Tensor | None) -> "Future[Tensor]":
        """Returns at once where there is room, else when there is. Raises: RuntimeError: closed."""
        one = Waiting(clips, sounds, Future())
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self.num_waiting < BATCHES_WAITING * self.max_batch)
            if self._is_closed:
                raise RuntimeError("the batcher is closed")
            self._waiting.append(one)
            self._changed.notify_all()
        return one.scores

    def close(self) -> None:
        """Who waits learns that there will be no scores."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()
        for one in self._waiting:
            one.scores.cancel()

    @property
    def num_waiting(self) -> int:
        """Windows."""
        return sum(len(one.clips) for one in self._waiting)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._waiting)
                if self._is_closed:
                    return
                batch = self._taken()
                self._changed.notify_all()
            alive = [one for one in batch if one.scores.set_running_or_notify_cancel()]  # the others' clients have left
            if alive:
                self._score(alive)

    def _taken(self) -> list[Waiting]:
        batch, room = [self._waiting.popleft()], self.max_batch
        room -= len(batch[0].clips)
        while self._waiting and len(self._waiting[0].clips) <= room:
            batch.append(self._waiting.popleft())
            room -= len(batch[-1].clips)
        return batch

    def _score(self, batch: Sequence[Waiting]) -> None:
        sizes = [len(one.clips) for one in batch]
        try:
            sounds = [one.sounds for one in batch if one.sounds is not None]  # a model hears all of them or none
            scores = self.scores(torch.cat([one.clips for one in batch]), torch.cat(sounds) if sounds else None)
            for one, part in zip(batch, scores.split(sizes), strict=True):
                one.scores.set_result(part)
        except Exception as error:
            for one in batch:
                if not one.scores.done():
                    one.scores.set_exception(error)
        self.on_batch(sum(sizes))
