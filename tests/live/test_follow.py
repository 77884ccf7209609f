"""Frames one by one: what a stream says while it plays is what stepping the recorded file says."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.live.conftest import CLIP, COLORS
from tests.live.test_session import FILMS, RULES, events
from videoai.core.types import ClipSpec
from videoai.data.augment.transforms import center_crop
from videoai.data.decode import open_video
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.load import LoadedModel
from videoai.inference.predict import Predictor
from videoai.inference.step import stepper_of
from videoai.live.decide import Decider
from videoai.live.follow import Memories
from videoai.live.ring import Frame
from videoai.live.session import Session
from videoai.live.sources import FileSource, Part, Shown, Timing
from videoai.live.stream import Plan, Policy
from videoai.models import create_model
from videoai.tasks.classify import Classify

RATE = 20.0  # frames a second of the constant film
CLIPS = {
    "constant": CLIP,
    "rotated": CLIP,
    "variable": ClipSpec(num_frames=4, size=16, stride=1, fps=8, resize=20),
}


@pytest.fixture(scope="module")
def network():
    """Fresh weights, and a head that makes what it sees count."""
    torch.manual_seed(0)
    model: Any = create_model("tiny_causal_r2plus1d", num_classes=3, width=4).eval()
    torch.nn.init.normal_(model.head.weight, std=3.0)
    return model


def predictor_of(network, clip: ClipSpec = CLIP) -> Predictor:
    return Predictor(
        model=LoadedModel(network, classes=list(COLORS), clip=clip).eval(),
        task=Classify(),
        to_input=ToModelInput(clip),
        precision=Precision("fp32", device=torch.device("cpu")),
    )


def session(network, sources, clip=CLIP, *, policy: Policy = "block", realtime=False, rules=RULES, **more) -> Session:
    predictor = predictor_of(network, clip)
    return Session(
        sources=sources,
        plan=Plan(clip=clip, policy=policy, one_by_one=True),
        judge=predictor.scores,
        follow=partial(Memories, stepper_of(predictor), clip.num_frames, **more),
        classes=list(COLORS),
        rules=rules,
        realtime=realtime,
    )


class Offline(NamedTuple):
    times: list[float]
    scores: Tensor
    events: list[tuple[str, float, float]]


@torch.inference_mode()
def stepped_offline(network, path: str, clip: ClipSpec) -> Offline:
    """Every state from its own loop over the frames of the file, by the rule of docs/stream.md."""
    with open_video(path) as video:
        times = np.asarray(video.timestamps)
        every = clip.stride / (clip.fps or video.fps)
        end = video.duration_seconds
        starts = [number * every for number in range(int((end - 1 / video.fps) / every + 1e-6) + 1)]
        numbers = [int(np.searchsorted(times, start + 0.5 / video.fps, side="right")) - 1 for start in starts]
        if clip.fps is None:
            numbers = [round(start * video.fps) for start in starts]
        frames = center_crop(video.frames(numbers, size=clip.short_side), clip.size)
        rate = video.fps
    half = max(1, clip.num_frames // 2)
    rows = []
    for number in range(len(starts)):
        first = max(0, (number // half - 1) * half)  # where the older state began
        state, logits = None, torch.zeros(0)
        for frame in ToModelInput(clip).normalized(frames[None, first : number + 1])[0].unbind(1):
            logits, state = network.step(frame[None], state)
        rows.append(logits[0].softmax(0))
    decider = Decider(RULES)
    changes = [
        change
        for start, row in zip(starts, rows, strict=True)
        for change in decider.feed(start, start + 1 / rate, row.double().numpy())[1]
    ] + decider.close()
    ended = [
        (COLORS[one.label], round(one.start_seconds, 3), round(one.end_seconds, 3))
        for one in changes
        if one.kind == "end"
    ]
    return Offline(starts, torch.stack(rows), ended)


@pytest.mark.parametrize("name", FILMS)
def test_steps_of_a_file_are_those_of_a_loop_over_its_frames(name, film, network):
    clip, scores = CLIPS[name], []
    run = session(network, [FileSource(film(name), clip)], clip)
    (follower,) = run.followers.values()
    run.followers = {film(name): lambda window: scores.append(follower(window)) or scores[-1]}
    lines = list(run.run())
    offline = stepped_offline(network, film(name), clip)
    assert [round(time, 3) for time in offline.times] == list(
        dict.fromkeys(line["window"][0] for line in lines if line["window"])
    )
    torch.testing.assert_close(torch.stack(scores), offline.scores, rtol=0, atol=1e-5)
    assert events(lines) == offline.events and len(offline.events) >= 2
    (stream,) = run.streams
    assert (stream.state, stream.num_frames, stream.dropped, stream.num_skipped) == ("ended", 67, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_events_of_a_film_that_plays_are_those_of_the_file(name, film, network):
    source = FileSource(film(name), CLIPS[name])
    playing = session(network, [source], CLIPS[name], policy="latest", realtime=True)
    lines, still = list(playing.run()), list(session(network, [source], CLIPS[name]).run())
    if playing.streams[0].num_skipped == 0:  # nothing was left out on this machine
        assert events(lines) == events(still)
    assert max(line["latency_ms"] for line in lines if line["latency_ms"]) < 3000


def test_answers_may_be_told_less_often_than_frames_are_seen(film, network):
    every = session(network, [FileSource(film("constant"), CLIP)])
    some = session(network, [FileSource(film("constant"), CLIP)], hop_seconds=0.4)
    told, fewer = ([line for line in run.run() if line["window"]] for run in (every, some))
    times = list(dict.fromkeys(line["t_media"] for line in fewer))
    assert times == pytest.approx([0.05 + 0.4 * number for number in range(9)])
    assert some.measured.model.values.maxlen and len(some.measured.model.values) == 34  # each frame was seen
    assert len({line["t_media"] for line in told}) == 34


class Away:
    """Two seconds of pictures, a connection that ends, and two more."""

    name, is_live, regions = "away", True, ()

    def __init__(self, frames: Tensor) -> None:
        self.frames_left = list(frames.chunk(2))

    def frames(self, tell):
        if not self.frames_left:
            raise ValueError("no more")  # ends the stream
        tell(Timing(RATE, by_number=True))
        for number, picture in enumerate(self.frames_left.pop(0)):
            yield Shown(number / RATE, [Part(picture)])
        raise OSError("the sender ended it")


def test_after_a_gap_everything_before_is_forgotten(network):
    pictures = torch.randint(0, 255, (40, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    run, told = session(network, [Away(pictures)], reset_seconds=float("inf")), []
    (follower,) = run.followers.values()
    run.followers = {"away": lambda window: told.append((window, follower(window))) or told[-1][1]}
    list(run.run())
    starts = [number for number, (window, _) in enumerate(told) if window.begins]
    assert len(starts) == 2
    step = stepper_of(predictor_of(network))
    assert step
    for start in starts:  # as if nothing had been before
        window, scores = told[start]
        assert torch.equal(step(window.clip[0], None)[0], scores)


def window_of(seconds: float, *, begins: bool = False, hop: float = 1.0) -> Any:
    class Known(NamedTuple):
        hop: float

    class One(NamedTuple):
        start_seconds: float
        begins: bool
        stream: Known
        clip: Tensor

    return One(seconds, begins, Known(hop), torch.tensor([int(seconds)]))


def ages(memories: Memories, times: list[float], begins: tuple[float, ...] = (0.0,)) -> list[int]:
    """How many frames each answer rests on."""
    answers = [memories(window_of(time, begins=time in begins)) for time in times]
    return [int(answer) for answer in answers if answer is not None]


def count(frame: Tensor, state: int | None) -> tuple[Tensor, int]:
    seen = (state or 0) + 1
    return torch.tensor(seen), seen


def test_an_answer_rests_on_half_of_a_clip_at_least_but_for_the_start():
    seconds = [float(second) for second in range(12)]
    assert ages(Memories(count, num_frames=6), seconds) == [1, 2, 3, 4, 5, 6, 4, 5, 6, 4, 5, 6]
    assert ages(Memories(count, num_frames=6, reset_seconds=4.0), seconds) == [1, 2, 3, 4, 3, 4, 3, 4, 3, 4, 3, 4]
    assert ages(Memories(count, num_frames=6, reset_seconds=float("inf")), seconds) == list(range(1, 13))


def test_states_that_are_too_old_after_a_time_without_frames_are_left():
    assert ages(Memories(count, num_frames=6), [0.0, 1.0, 2.0, 3.0, 9.0, 10.0]) == [1, 2, 3, 4, 1, 2]


def test_a_start_anew_forgets():
    assert ages(Memories(count, num_frames=6), [0.0, 1.0, 7.0, 8.0], begins=(0.0, 7.0)) == [1, 2, 1, 2]


def test_a_ring_of_frames_is_short(film, network):
    """A file is read a second ahead and no more."""
    run = session(network, [FileSource(film("constant"), CLIP)])
    held: list[int] = []
    (follower,) = run.followers.values()
    run.followers = {film("constant"): lambda w: held.append(len(run.streams[0].ring.frames)) or follower(w)}
    list(run.run())
    assert max(held) <= 1.5 * RATE and isinstance(run.streams[0].ring.frames[-1], Frame)
