"""The model behind the API: lets requests in, as many as there is room for, and answers each as ``predict`` does."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor

from videoai.data.media import BadVideo
from videoai.inference.answer import Windows
from videoai.inference.predict import Predictor, Seen
from videoai.serving.batching import Batcher
from videoai.serving.metrics import Metrics
from videoai.serving.problem import Problem, of_bad_video
from videoai.serving.reading import Asked, Decoding, Opened

MOST_RETRY_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much at a time."""

    max_queue: int  # requests that are uploaded, wait or are answered
    max_batch: int  # windows in a forward pass
    num_workers: int  # processes that decode
    read_seconds: float  # for the decoding of one video


class Service:
    """Context manager; its processes end with it."""

    def __init__(self, predictor: Predictor, capacity: Capacity) -> None:
        self.predictor, self.capacity, self.metrics = predictor, capacity, Metrics()
        self.in_flight, self.stopping = 0, False
        self._seconds = 1.0  # recent decodings of one video took so long
        self._decodings: list[Decoding] = []
        self._own = threading.local()  # each thread has a process

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(self.capacity.num_workers, "decode", self._start_thread)
        self.batcher = Batcher(self.predictor.scores, self.capacity.max_batch, self.metrics.forward_windows.observe)
        everyone = threading.Barrier(self.capacity.num_workers)
        for one in [self._threads.submit(everyone.wait) for _ in range(self.capacity.num_workers)]:
            one.result()
        for one in self._decodings:  # so that the first requests do not wait for their imports
            one.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.batcher.close()
        for one in self._decodings:
            one.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """The time of one request. Raises: Problem: no room, or the server stops."""
        if self.stopping:
            raise Problem(503, "stopping", "the server is stopping.", retry_seconds=self.retry_seconds)
        if self.in_flight >= self.capacity.max_queue:
            words = f"{self.in_flight} videos are waiting already. Come back later."
            raise Problem(429, "busy", words, retry_seconds=self.retry_seconds)
        self.in_flight += 1
        self.metrics.in_flight.set(self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1
            self.metrics.in_flight.set(self.in_flight)

    @property
    def retry_seconds(self) -> int:
        """When half of those that wait now will probably have their answer."""
        seconds = self.in_flight / 2 * self._seconds / self.capacity.num_workers
        return max(1, min(MOST_RETRY_SECONDS, round(seconds)))

    async def answer(self, asked: Asked, name: str, top_k: int | None) -> dict[str, Any]:
        """What ``predict`` says of the file, which is called ``name``. Raises: Problem."""
        self._check(asked, top_k)
        loop = asyncio.get_running_loop()
        try:
            opened, seen, scored = await loop.run_in_executor(self._threads, self._read, asked)
            scores = torch.cat([await asyncio.wrap_future(one) for one in scored])
            return await asyncio.to_thread(self._answer, opened, scores, torch.cat(seen), name, top_k)
        except BadVideo as bad:
            raise of_bad_video(bad, name) from bad
        except _Refused as refused:
            raise Problem(422, "windows", f"{name}: {refused}") from refused

    def _check(self, asked: Asked, top_k: int | None) -> None:
        """Raises: Problem: settings of classes, and the model finds events."""
        given = {"window_seconds": asked.window_seconds, "hop_seconds": asked.hop_seconds, "top_k": top_k}
        for key, value in given.items() if self.predictor.task.per_frame else ():
            if value is not None:
                raise Problem(
                    422, "query", f"{key}={value:g}: the model finds events in windows of its own. Leave it out."
                )

    def _start_thread(self) -> None:
        self._own.decoding = Decoding(self.predictor, self.capacity.read_seconds)
        self._decodings.append(self._own.decoding)

    def _read(self, asked: Asked) -> tuple[Opened, list[Tensor], list["Future[Tensor]"]]:
        """In a thread: decodes part by part, while others are scored."""
        started, seconds, scored = time.monotonic(), [], []

        def take(seen: Seen) -> None:
            seconds.append(seen.seconds)
            scored.append(self.batcher.submit(seen.clips, seen.sounds))

        try:
            opened = self._own.decoding.read(asked, take)
        except ValueError as error:
            raise _Refused(str(error)) from error
        took = time.monotonic() - started
        self.metrics.read_seconds.observe(took)
        self._seconds += 0.1 * (took - self._seconds)
        return opened, seconds, scored

    def _answer(self, opened: Opened, scores: Tensor, seconds: Tensor, name: str, top_k: int | None) -> dict[str, Any]:
        predictor = self.predictor
        windows = Windows(
            name, opened.duration_seconds, opened.spans, scores, seconds, opened.frame_rate, predictor.thresholds
        )
        return predictor.task.answer(windows, predictor.model.classes, top_k=top_k or predictor.top_k).to_dict()


class _Refused(Exception):
    """A request that asks for too much."""
