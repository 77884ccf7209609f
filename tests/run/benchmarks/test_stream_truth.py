"""How soon and how often a live run tells known events."""

import pytest

from videoai.events.event import Event
from videoai.live.synthetic import motions_of
from videoai.run.benchmarks.stream_truth import delay, found_of, read_truth

CLASSES = ["run", "fall", "background"]


def line(kind, label, start, end, *, latency=100.0, window=True, stream="a"):
    return {
        "stream": stream,
        "event": kind,
        "label": label,
        "t_media": end,
        "span": [start, end],
        "window": [end - 2.0, end] if window else None,
        "latency_ms": latency,
        "score": 0.9,
    }


def test_the_time_to_detect_counts_from_the_start_of_the_event_with_the_latency_of_the_answer():
    lines = [line("start", "run", 4.0, 6.0), line("start", "fall", 4.5, 6.5), line("update", "fall", 4.5, 7.0)]
    assert delay(Event(1, 5.0, 8.0), lines, CLASSES) == pytest.approx(1.6)


def test_an_event_that_runs_already_counts_from_the_first_window_that_sees_the_true_one():
    lines = [line("start", "fall", 0.0, 2.0), line("update", "fall", 0.0, 5.5), line("end", "fall", 0.0, 6.0)]
    assert delay(Event(1, 5.0, 8.0), lines, CLASSES) == pytest.approx(0.6)


def test_what_is_told_when_no_window_sees_the_event_any_more_is_no_detection():
    assert delay(Event(1, 1.0, 2.0), [line("start", "fall", 3.0, 5.0)], CLASSES) is None
    assert delay(Event(1, 1.0, 2.0), [line("start", "run", 0.0, 2.0)], CLASSES) is None


def test_found_detected_and_f1_count_over_all_streams_and_what_was_shown():
    truth = {"a": [Event(0, 0.0, 4.0), Event(1, 4.0, 8.0), Event(0, 20.0, 24.0)], "b": [Event(1, 0.0, 4.0)]}
    lines = [
        line("start", "run", 0.0, 2.0),
        line("end", "run", 0.0, 4.5, window=False),
        line("start", "fall", 7.0, 8.0),
        line("end", "fall", 7.0, 8.0, window=False),  # a quarter of the true one
        line("start", "fall", 0.0, 1.0, stream="b", latency=200.0),
        line("end", "fall", 0.0, 4.0, stream="b", window=False),
    ]
    found = found_of(truth, lines, CLASSES, {"a": 10.0, "b": 4.0})
    assert found and found["events"] == 3  # the third of a was never shown
    assert (found["events_found"], found["events_detected"]) == (2, 3)
    assert found["event_f1"] == pytest.approx(2 / 3)
    assert found["seconds_to_detect"] == {"p50": pytest.approx(2.1), "p95": pytest.approx(3.9)}


def test_without_truth_nothing_is_said():
    assert found_of({}, [line("start", "run", 0.0, 2.0)], CLASSES, {"a": 4.0}) is None


def test_a_table_of_segments_gives_events_by_source_and_leaves_background_out(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"")
    table = tmp_path / "segments.csv"
    table.write_text(
        "path,label,start_seconds,end_seconds\na.mp4,fall,1,2.5\na.mp4,background,0,1\nb.mp4,run,0,1\na.mp4,run,3,4\n"
    )
    source = str(tmp_path / "a.mp4")
    assert read_truth(str(table), [source], CLASSES) == {source: [Event(1, 1.0, 2.5), Event(0, 3.0, 4.0)]}
    with pytest.raises(ValueError, match=r"has no line of .*c\.mp4"):
        read_truth(str(table), [str(tmp_path / "c.mp4")], CLASSES)
    with pytest.raises(ValueError, match="no class fall"):
        read_truth(str(table), [source], ["run", "jump"])


def test_rendered_motions_know_their_truth_where_the_model_knows_the_motions():
    url = "synthetic://a?seed=3&seconds=6"
    names = [name for name, _, _ in motions_of(url)]
    assert [(start, round(end, 3)) for _, start, end in motions_of(url)] == [(0.0, 4.267), (64 / 15, 8.533)]
    truth = read_truth(None, [url], [*names, "other"])
    assert [event.label for event in truth[url]] == [0, 1]
    assert read_truth(None, [url], CLASSES) == {}
