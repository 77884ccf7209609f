"""One stream: its ring, the windows that it owes an answer, and what became of its frames."""

from dataclasses import dataclass, field, replace
from threading import Condition
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from videoai.core.types import ClipSpec
from videoai.data.sampling import clip_indices, frame_step, span_frames
from videoai.data.timeline import ROUNDING_SECONDS, stretch_between
from videoai.live.ring import Frame, Ring
from videoai.live.sources import Source, Timing

Policy = Literal["block", "latest", "degrade"]
State = Literal["connecting", "running", "waiting", "ended", "failed"]

AHEAD_SECONDS = 1.0  # a file is read this far beyond the next window
MEASURED_SECONDS = 1.0  # frames span so much before an unknown rate counts as known
LATEST_WAITING = 1  # complete windows that may wait behind the newest one under policy=latest
MOST_COARSE = 8  # degrade takes every eighth window at least
NOT_TOLD = Timing(None, by_number=False)
CALM_WINDOWS = 16  # without a backlog, before degrade takes more windows again; judgement


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which windows a stream is cut into."""

    clip: ClipSpec
    policy: Policy
    window_seconds: float | None = None  # None = what one dense clip spans
    hop_seconds: float | None = None  # None = half a window
    one_by_one: bool = False  # each window is one frame, as far from the next as two frames of a clip

    def length(self, rate: float) -> float:
        """Seconds of a window at this many frames a second."""
        return 1 / rate if self.one_by_one else self.window_seconds or span_frames(self.clip, rate) / rate

    def hop(self, rate: float) -> float:
        """Seconds from the start of a window to that of the next."""
        if not self.one_by_one:
            return self.hop_seconds or self.length(rate) / 2
        if self.clip.sampling == "uniform":
            assert self.window_seconds  # what such a clip is spread over
            return self.window_seconds / self.clip.num_frames
        return frame_step(self.clip, rate) / rate

    @property
    def taken(self) -> ClipSpec:
        """The clip of a window."""
        return replace(self.clip, num_frames=1, sampling="dense") if self.one_by_one else self.clip


class Window(NamedTuple):
    """A stretch of a stream that is ready to be judged."""

    stream: "Stream"
    start_seconds: float
    end_seconds: float
    numbers: tuple[int, ...]  # [T], of the stream's frames
    clip: Tensor  # uint8 [T, C, size, size]
    arrived: float  # time.monotonic() of its newest frame
    begins: bool  # nothing is known of the time before it
    views: list[Frame]  # frames until its end that nobody looked at yet
    dropped: int  # frames of the stream that no window saw, so far


@dataclass(kw_only=True)
class Stream:
    """A source as windows. Its drain thread puts frames; the session takes windows. Both hold ``changed``."""

    source: Source
    plan: Plan
    changed: Condition
    region: str = ""  # what is judged of the pictures; "" = the whole of them
    state: State = "connecting"
    error: str = ""
    timing: Timing = NOT_TOLD
    former_rate: float | None = None  # that of the last connection, until this one has shown its own
    hop: float = 0.0  # 0 = not known yet
    next: int = 0  # the number of the next window since ``origin``
    origin: float = 0.0  # where the first window since the last connection starts
    end_seconds: float | None = None  # None = it goes on
    gave_last: bool = False
    begins: bool = True
    coarse: int = 1  # degrade: every so many windows are taken
    calm: int = 0  # windows since the last backlog
    num_frames: int = 0
    num_dropped: int = 0  # frames that no window saw, though one should have
    num_skipped: int = 0  # windows
    num_reconnects: int = 0
    read_seconds: float = 0.0  # processor time of decoding and scaling
    viewed_to: float = -1.0  # the time of the last frame that was handed out to be looked at
    judged_to: float = 0.0  # the end of the last window that was taken
    ring: Ring = field(init=False)

    def __post_init__(self) -> None:
        self.ring = Ring(self.changed, waits=self.policy == "block")

    @property
    def name(self) -> str:
        """What answers call it."""
        return f"{self.source.name}#{self.region}" if self.region else self.source.name

    @property
    def policy(self) -> Policy:
        """A live source waits for nobody."""
        return "latest" if self.source.is_live and self.plan.policy == "block" else self.plan.policy

    @property
    def dropped(self) -> int:
        """Frames."""
        return self.num_dropped + self.ring.num_without_room

    @property
    def is_over(self) -> bool:
        """No window will come any more."""
        return self.gave_last

    # ---- what the drain thread calls

    def begin(self, timing: Timing, origin: float) -> None:
        """A connection is there, whose first frame is at ``origin``."""
        with self.changed:
            self.former_rate = self.rate
            self.ring.clear()
            self.timing, self.state = timing, "running"
            self.origin, self.next, self.begins, self.judged_to = origin, 0, True, origin
            self._measure()

    def put(self, frame: Frame) -> bool:
        """Whether more frames are wanted."""
        self.num_frames += 1
        return self.ring.put(frame)

    def end(self, error: str = "") -> None:
        """No frame comes any more. A source that was never reached failed, whoever ended it."""
        with self.changed:
            if self.end_seconds is None:
                error = error or (self.error if not self.num_frames else "")
                self.state, self.error = ("failed" if error else "ended"), error
                frames, rate = self.ring.frames, self.rate
                self.end_seconds = frames[-1].seconds + (1 / rate if rate else 0.0) if frames else self.origin
            self.changed.notify_all()

    def set_state(self, state: State, error: str = "") -> None:
        """For people."""
        with self.changed:
            self.state, self.error = state, error
            self.changed.notify_all()

    # ---- what the session calls, holding ``changed``

    @property
    def rate(self) -> float | None:
        """Frames a second; None = not known yet."""
        if self.timing.rate or len(self.ring.frames) < 2:
            return self.timing.rate or self.former_rate
        first, last = self.ring.frames[0], self.ring.frames[-1]
        seconds = last.seconds - first.seconds
        known = seconds >= MEASURED_SECONDS or self.end_seconds is not None
        return (last.number - first.number) / seconds if known and seconds > 0 else self.former_rate

    def take(self) -> Window | None:
        """The next window, if it is complete."""
        if self.gave_last or not self._measure():
            self._give_up()
            return None
        upto = self._known_to() if self.end_seconds is None else self.end_seconds
        length, late = self.length, ROUNDING_SECONDS if self.end_seconds is None else 1e-6 * self.hop
        complete = int((upto - self.origin - length + late) // self.hop)  # the number of the newest complete window
        if self.next <= complete:
            self._skip_to(complete)
        if self.next <= complete:
            return self._taken(self.origin + self.next * self.hop, length)
        return None if self.end_seconds is None else self._last(length)

    def _known_to(self) -> float:
        """The time until which nothing more can come."""
        if not self.ring.frames:
            return self.origin
        newest = self.ring.frames[-1].seconds
        if self.plan.one_by_one:
            return newest + self.length  # a frame is whole when it is there
        rate = self.timing.rate if self.timing.by_number else None
        return newest + 1 / rate if rate else newest  # a frame of a steady rate is shown so long

    def views(self, upto_seconds: float) -> list[Frame]:
        """The frames until then that nobody looked at yet; those that have a view."""
        frames = [one for one in self.ring.frames if self.viewed_to < one.seconds <= upto_seconds]
        self.viewed_to = frames[-1].seconds if frames else self.viewed_to
        return [one for one in frames if one.view is not None]

    @property
    def length(self) -> float:
        """Seconds of a window now."""
        assert self.rate
        return self.plan.length(self.rate)

    def _measure(self) -> bool:
        """Whether the rate is known, so that windows have a length."""
        if not self.rate:
            return False
        self.hop = self.hop or self.plan.hop(self.rate)
        self.ring.most_seconds = self.length + 2 * self.hop * self.coarse + AHEAD_SECONDS
        return True

    def _give_up(self) -> None:
        """A stream that ends before anything is known of it has no last answer."""
        self.gave_last = self.gave_last or self.end_seconds is not None

    def _skip_to(self, complete: int) -> None:
        """Leave windows out that nobody had time for."""
        if self.policy == "block":
            return
        behind = complete - self.next - (LATEST_WAITING if self.coarse == 1 else self.coarse)
        if self.policy == "degrade":
            self._adapt(behind > 0)
        if behind > 0:
            self._skip(self.next + behind)
        if self.next % self.coarse:
            self._skip(self.next + self.coarse - self.next % self.coarse, meant=True)

    def _adapt(self, is_behind: bool) -> None:
        self.calm = 0 if is_behind else self.calm + 1
        if is_behind:
            self.coarse = min(2 * self.coarse, MOST_COARSE)
        elif self.calm > CALM_WINDOWS * self.coarse and self.coarse > 1:
            self.coarse, self.calm = self.coarse // 2, 0

    def _skip(self, number: int, *, meant: bool = False) -> None:
        """meant: a coarser grid leaves them out, and their frames are not missed."""
        until = self.origin + number * self.hop
        last_end = self.origin + (number - 1) * self.hop + self.length
        if not meant:
            self.num_dropped += sum(self.judged_to <= one.seconds < min(until, last_end) for one in self.ring.frames)
        self.num_skipped += number - self.next
        self.next, self.judged_to = number, max(self.judged_to, until)

    def _taken(self, start: float, length: float) -> Window | None:
        self.next += 1
        window = self._window(start, start + length)
        self.ring.needed_from = self.origin + self.next * self.hop
        if self.ring.waits:
            self.ring.forget(self.ring.needed_from)
        self.changed.notify_all()  # there is room again
        return window

    def _last(self, length: float) -> Window | None:
        """The end is never left out, by the rule of ``sliding_windows``; frames one by one have no last half."""
        assert self.end_seconds is not None
        self.gave_last = True
        if not self.ring.frames or (self.plan.one_by_one and self.next):
            return None
        last_end = self.origin + (self.next - 1) * self.hop + length
        if self.next and self.end_seconds - last_end < length / 2:
            return None
        return self._window(max(self.origin, self.end_seconds - length), self.end_seconds)

    def _window(self, start: float, end: float) -> Window | None:
        """None = no picture of it is left."""
        frames = [one for one in self.ring.frames if one.picture is not None]
        times = torch.tensor([one.seconds for one in self.ring.frames], dtype=torch.float64)
        rate = self.rate
        if not frames or rate is None:
            return None
        try:
            over = self.end_seconds if self.end_seconds is not None else float(times[-1]) + 1 / rate
            by_number = self.timing.by_number
            stretch = stretch_between(times, rate, start, end, duration_seconds=over, by_number=by_number)
            places = clip_indices(stretch.num_places, stretch.rate, self.plan.taken)
        except ValueError:  # nothing is shown there
            self.num_skipped += 1
            return None
        wanted = [self.ring.frames[place].number for place in stretch.frames(places).tolist()]
        shown = nearest(frames, wanted)
        begins, self.begins, self.judged_to = self.begins, False, end
        clip = torch.stack([one.picture for one in shown if one.picture is not None])
        newest, numbers = max(one.arrived for one in shown), tuple(one.number for one in shown)
        return Window(self, start, end, numbers, clip, newest, begins, self.views(end), self.dropped)


def nearest(frames: list[Frame], wanted: list[int]) -> list[Frame]:
    """For each number the frame of that number, or the last one before it that has a picture; else the first."""
    numbers = torch.tensor([one.number for one in frames])
    places = (torch.searchsorted(numbers, torch.tensor(wanted), right=True) - 1).clamp(min=0)
    return [frames[place] for place in places.tolist()]
