"""What a stream says while a film plays is what judging the recorded film says."""

import time
from dataclasses import replace
from threading import Condition
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from videoai.core.types import ClipSpec
from videoai.data.decode import open_video
from videoai.inference.look import WindowWatcher, watch
from videoai.live.decide import Decider, Rules
from videoai.live.replay import RecordedSource
from videoai.live.ring import Frame
from videoai.live.session import Session
from videoai.live.sources import FileSource, Timing
from videoai.live.stream import Plan, Stream

FILMS = ["constant", "variable", "rotated"]
RULES = Rules(on=[0.5] * 3, off=[0.35] * 3, smooth_windows=2)
HOP = 0.1
COLORS = ("red", "green", "blue")


def session(predictor, paths, *, policy="block", realtime=False, rules=RULES, hop=HOP, **more):
    clip = predictor.model.clip
    return Session(
        sources=[FileSource(path, clip) for path in paths],
        plan=Plan(clip=clip, policy=policy, window_seconds=predictor.window_seconds, hop_seconds=hop),
        judge=predictor.scores,
        classes=predictor.model.classes,
        rules=rules,
        realtime=realtime,
        **more,
    )


def events(lines):
    """(label, start, end) of each event that ended."""
    return [(line["label"], *line["span"]) for line in lines if line["event"] == "end"]


class Judged(NamedTuple):
    spans: list[tuple[float, float]]
    scores: Tensor
    events: list[tuple[str, float, float]]


def judged_offline(predictor, path, length):
    """The windows of ``predict`` with this length and hop, and what the same rules make of their scores."""
    predictor = replace(predictor, window_seconds=length, hop_seconds=HOP)
    with open_video(path) as video:
        watcher = WindowWatcher(predictor, video, path)
        watch(video, [watcher])
        watcher.seen()
    scores, decider = torch.cat(watcher.scores), Decider(RULES)
    rows = zip(watcher.spans, scores.double().numpy(), strict=True)
    changes = [change for span, row in rows for change in decider.feed(*span, row)[1]] + decider.close()
    ended = [one for one in changes if one.kind == "end"]
    return Judged(
        watcher.spans,
        scores,
        [(COLORS[one.label], round(one.start_seconds, 3), round(one.end_seconds, 3)) for one in ended],
    )


@pytest.mark.parametrize("name", FILMS)
def test_every_window_of_a_file_is_the_one_that_predict_judges(name, film, predictor):
    run, scores = session(predictor(), [film(name)]), []
    run.judge = lambda clips: scores.append(predictor().scores(clips)) or scores[-1]
    lines = list(run.run())
    (stream,) = run.streams
    offline = judged_offline(predictor(), film(name), stream.length)
    windows = {tuple(line["window"]) for line in lines if line["window"]}
    assert windows == {(round(start, 3), round(end, 3)) for start, end in offline.spans}
    torch.testing.assert_close(torch.cat(scores), offline.scores, rtol=0, atol=1e-5)  # batches of another size
    assert events(lines) == offline.events and len(offline.events) >= 4
    assert (stream.state, stream.num_frames, stream.dropped, stream.num_skipped) == ("ended", 67, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_events_of_a_film_that_plays_lie_within_one_hop(name, film, predictor):
    run = session(predictor(), [film(name)], policy="latest", realtime=True)
    found = events(list(run.run()))
    expected = judged_offline(predictor(), film(name), run.streams[0].length).events
    assert [label for label, *_ in found] == [label for label, *_ in expected]
    for (_, start, end), (_, true_start, true_end) in zip(found, expected, strict=True):
        assert abs(start - true_start) <= HOP + 1e-3 and abs(end - true_end) <= HOP + 1e-3


def slow(judge, seconds):
    def judged(clips):
        time.sleep(seconds)
        return judge(clips)

    return judged


@pytest.mark.slow
def test_a_model_that_is_too_slow_leaves_windows_out_and_counts_them(film, predictor):
    run = session(predictor(), [film("constant")], policy="latest", realtime=True)
    run.judge = slow(predictor().scores, 0.5)  # five times as long as a hop
    lines = [line for line in run.run() if line["window"]]
    (stream,) = run.streams
    assert stream.num_skipped > 10 and stream.dropped > 0
    assert lines[-1]["dropped"] == stream.dropped
    assert lines[-1]["window"][1] == pytest.approx(67 / 20, abs=0.06)  # the end is told
    assert max(line["latency_ms"] for line in lines) < 3000  # it does not pile up


@pytest.mark.slow
def test_degrade_takes_fewer_windows_and_drops_fewer_frames(film, predictor):
    run = session(predictor(), [film("constant")], policy="degrade", realtime=True)
    run.judge = slow(predictor().scores, 0.5)
    list(run.run())
    assert run.streams[0].coarse > 1


def test_a_broken_source_stops_no_other(film, predictor, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    run = session(predictor(), [str(tmp_path / "broken.mp4"), film("constant"), film("variable")])
    lines = list(run.run())
    assert [stream.state for stream in run.streams] == ["failed", "ended", "ended"]
    assert "unknown_format" in run.streams[0].error
    for name in ("constant", "variable"):
        alone = list(session(predictor(), [film(name)]).run())
        assert events([line for line in lines if line["stream"] == film(name)]) == events(alone)


def test_two_streams_of_one_name_are_refused(film, predictor):
    with pytest.raises(ValueError, match="is the name of two streams"):
        session(predictor(), [film("constant"), film("constant")])


def test_a_source_that_fails_is_said_when_it_fails(film, predictor, tmp_path, caplog):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    list(session(predictor(), [film("constant"), str(tmp_path / "broken.mp4")]).run())
    assert "broken.mp4: unknown_format" in caplog.text


def test_sources_share_forward_passes(film, predictor):
    sizes = []
    run = session(predictor(), [film("constant"), film("rotated")], max_batch=3)
    run.judge = lambda clips: sizes.append(len(clips)) or predictor().scores(clips)
    list(run.run())
    assert max(sizes) > 1 and all(size <= 3 for size in sizes)


def test_a_stop_gives_a_last_answer_and_ends_events(film, predictor):
    told = []
    run = session(predictor(), [film("constant")])
    for line in run.run(lambda: len(told) >= 4):
        told.append(line)
    (stream,) = run.streams
    assert told[-1]["event"] == "end"
    last = [line for line in told if line["window"]][-1]
    assert last["window"][1] == pytest.approx(stream.end_seconds, abs=stream.length / 2)
    assert stream.end_seconds < 67 / 20


def test_a_film_shorter_than_a_window_is_judged_once(film, predictor):
    run = session(predictor(window_seconds=60.0), [film("constant")])
    windows = {tuple(line["window"]) for line in run.run() if line["window"]}
    assert windows == {(0.0, 3.35)}


def test_a_file_that_waits_is_read_only_a_little_ahead(film, predictor):
    run = session(predictor(), [film("constant")])
    held = []
    run.judge = lambda clips: held.append(len(run.streams[0].ring.frames)) or predictor().scores(clips)
    list(run.run())
    most = run.streams[0].ring.most_seconds * 20 + 3  # frames, and the ones at both ends
    assert max(held) <= most


def test_a_camera_that_comes_back_has_its_former_rate_until_it_has_shown_one():
    clip = ClipSpec(num_frames=4, size=16, stride=2, resize=20)
    plan = Plan(clip=clip, policy="latest", hop_seconds=HOP)
    stream = Stream(source=RecordedSource("camera"), plan=plan, changed=Condition())
    rates = []
    for origin, fps in ((0.0, 20.0), (10.0, 40.0)):
        stream.begin(Timing(None, by_number=False), origin)
        for number in range(2 * int(fps)):
            stream.put(Frame(number, origin + number / fps, 0.0, None))
            rates.append(stream.rate)
    assert rates[10] is None and rates[39] == pytest.approx(20.0)
    assert rates[40 + 10] == pytest.approx(20.0) and rates[-1] == pytest.approx(40.0)
