"""Several streams and one model: windows are judged in turn, a few at a time, and answers told as they come."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from videoai.live.decide import Change, Decider, Rules
from videoai.live.drain import Drain
from videoai.live.follow import Follower
from videoai.live.measured import Measured
from videoai.live.ring import Frame
from videoai.live.sources import Source
from videoai.live.stream import Plan, Stream, Window

WAIT_SECONDS = 0.1  # so often the loop looks whether it should stop


@dataclass(kw_only=True)
class Session:
    """Judges the windows of all sources until they end."""

    sources: Sequence[Source]
    plan: Plan
    judge: Callable[[Tensor], Tensor]  # uint8 [W, T, C, H, W] -> scores, float [W, K]
    follow: Callable[[], Follower] | None = None  # one a stream, where frames are judged one by one, instead
    classes: Sequence[str]
    rules: Rules
    realtime: bool
    top_k: int = 5
    max_batch: int = 8
    show: Callable[[Stream, list[Frame], str], None] | None = None  # frames that were judged, and what they show
    record: Callable[[Sequence[Window]], None] | None = None  # windows that are judged in one go
    ended: Callable[[Stream], None] | None = None  # told once, when a stream is over
    measured: Measured = field(default_factory=Measured)
    streams: list[Stream] = field(init=False)

    def __post_init__(self) -> None:
        self.changed = Condition()
        by_source = [self._streams(one) for one in self.sources]
        self.drains = [Drain(streams, realtime=self.realtime) for streams in by_source]
        self.streams = [stream for streams in by_source for stream in streams]
        names = [stream.name for stream in self.streams]
        if double := [name for at, name in enumerate(names) if name in names[:at]]:
            raise ValueError(f"{double[0]} is the name of two streams: give the file or the region another name.")
        self.deciders = {stream.name: Decider(self.rules) for stream in self.streams}
        self.followers: Mapping[str, Follower] = (
            {stream.name: self.follow() for stream in self.streams} if self.follow else {}
        )
        self.shown: dict[str, float] = {}  # stream -> arrival of the newest frame behind its last answer
        self.words: dict[str, str] = {}  # stream -> its running events
        self.over: set[str] = set()
        self.turn = 0  # the stream that is asked first

    def _streams(self, source: Source) -> list[Stream]:
        """One, or one a region."""
        names = [one.name for one in source.regions] or [""]
        return [Stream(source=source, plan=self.plan, changed=self.changed, region=name) for name in names]

    def run(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[dict[str, Any]]:
        """Answers, one plain dict each, as they come. ``is_stopped``: asked often; the last answers follow."""
        for drain in self.drains:
            drain.start()
        try:
            while not all(stream.is_over for stream in self.streams):
                if is_stopped():
                    stop(self.drains)
                if windows := self._gather():
                    yield from self._judged(windows)
                yield from self._ended()
        finally:
            stop(self.drains)

    def _gather(self) -> list[Window]:
        """Complete windows, one a stream in turn, at most ``max_batch``; none after a while of waiting."""
        with self.changed:
            if not (windows := self._complete()):
                self.changed.wait(WAIT_SECONDS)
                windows = self._complete()
        return windows

    def _complete(self) -> list[Window]:
        windows: list[Window] = []
        streams = self.streams[self.turn :] + self.streams[: self.turn]
        self.turn = (self.turn + 1) % len(self.streams)
        while streams and len(windows) < self.max_batch:
            taken = [(stream, stream.take()) for stream in streams[: self.max_batch - len(windows)]]
            windows += [window for _, window in taken if window]
            streams = [stream for stream, window in taken if window]
        return windows

    def _judged(self, windows: Sequence[Window]) -> Iterator[dict[str, Any]]:
        if self.record:
            self.record(windows)
        if self.followers:
            for window in windows:
                follower = self.followers[window.stream.name]
                yield from self._answered([window], lambda one=window, ask=follower: [ask(one)])
        else:
            clips = torch.stack([one.clip for one in windows])
            yield from self._answered(windows, lambda: [*self.judge(clips)])

    def _answered(
        self, windows: Sequence[Window], ask: Callable[[], Sequence[Tensor | None]]
    ) -> Iterator[dict[str, Any]]:
        before = time.monotonic()
        rows = ask()
        self.measured.model.add(time.monotonic() - before)
        for window, row in zip(windows, rows, strict=True):
            self.measured.queue.add(before - window.arrived)
            begun = time.monotonic()
            lines = [] if row is None else list(self._told(window, row.double().numpy()))
            if self.show:
                self.show(window.stream, window.views, self.words.get(window.stream.name, ""))
            self.measured.tell.add(time.monotonic() - begun)
            yield from lines

    def _told(self, window: Window, row: ndarray) -> Iterator[dict[str, Any]]:
        decider = self.deciders[window.stream.name]
        gap = decider.close() if window.begins else []  # the source was away
        smooth, changes = decider.feed(window.start_seconds, window.end_seconds, row)
        best: list[int] = np.argsort(-smooth, kind="stable")[: self.top_k].tolist()
        top = [(self.classes[label], round(float(smooth[label]), 6)) for label in best]
        latency = self._measured(window)
        for change in [*gap, *changes] or [None]:
            yield self._line(window.stream, window.end_seconds, change, top, window, latency)
        running = [f"{self.classes[one.label]} {one.score:.0%}" for one in changes if one.kind != "end"]
        self.words[window.stream.name] = ", ".join(running)

    def _line(
        self,
        stream: Stream,
        seconds: float,
        change: Change | None,
        top: Sequence[tuple[str, float]] = (),
        window: Window | None = None,
        latency: float | None = None,
    ) -> dict[str, Any]:
        """Plain data. change: None = no event, and the best class of ``top``. window: None = the stream is over."""
        told = (self.classes[change.label], round(change.score, 6)) if change else top[0]
        return {
            "stream": stream.name,
            "t_media": round(seconds, 3),
            "t_wall": round(time.time(), 3),
            "label": told[0],
            "score": told[1],
            "topk": [{"label": name, "score": value} for name, value in top],
            "event": change.kind if change else None,
            "span": [round(change.start_seconds, 3), round(change.end_seconds, 3)] if change else None,
            "latency_ms": None if latency is None else round(1000 * latency, 1),
            "window": [round(window.start_seconds, 3), round(window.end_seconds, 3)] if window else None,
            "dropped": window.dropped if window else stream.dropped,
        }

    def _measured(self, window: Window) -> float:
        """Seconds from the arrival of its newest frame until now."""
        now, name = time.monotonic(), window.stream.name
        self.measured.num_windows += 1
        self.measured.latency.add(now - window.arrived)
        if name in self.shown and not window.begins:
            self.measured.staleness.add(now - self.shown[name])
        self.shown[name] = window.arrived
        return now - window.arrived

    def _ended(self) -> Iterator[dict[str, Any]]:
        """The events of streams that are over end."""
        for stream in self.streams:
            if stream.is_over and stream.name not in self.over:
                self.over.add(stream.name)
                if self.ended:
                    self.ended(stream)
                if self.show:
                    with self.changed:
                        rest = stream.views(float("inf"))
                    self.show(stream, rest, "")
                for change in self.deciders[stream.name].close():
                    yield self._line(stream, stream.end_seconds or 0.0, change)


def stop(drains: Sequence[Drain]) -> None:
    """All sources."""
    for drain in drains:
        drain.stop()
