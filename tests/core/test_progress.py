import logging

import pytest

from videoai.core import progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass as a test says."""
    now = [0.0]
    monkeypatch.setattr("videoai.core.progress.time.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (90, "01:30"), (3_601, "01:00:01"), (99_990, "1 d 3 h"), (-0.0, "00:00")]
)
def test_a_duration_is_short_and_whole(seconds, text):
    assert progress.duration(seconds) == text


@pytest.mark.parametrize(("num_videos", "seconds_each", "lines"), [(100, 0.1, 0), (100, 1.0, 3), (12, 40.0, 12)])
def test_without_a_terminal_long_work_says_how_far_it_is_now_and_then(num_videos, seconds_each, lines, clock, caplog):
    caplog.set_level(logging.INFO)
    with progress.counting("evaluate", num_videos) as add:
        for _ in range(num_videos):
            clock[0] += seconds_each
            add(1)
    assert len(caplog.messages) == lines


def test_a_line_names_the_work_and_the_time_left(clock, caplog):
    caplog.set_level(logging.INFO)
    with progress.counting("check", 400, "files") as add:
        clock[0] = 60
        add(100)
    assert caplog.messages == ["check: 100 of 400 files  ETA 03:00"]


@pytest.mark.parametrize("rank", ["1", "3"])
def test_of_several_processes_the_first_one_shows_it(rank, clock, caplog, monkeypatch):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    caplog.set_level(logging.INFO)
    with progress.counting("evaluate", 4) as add:
        clock[0] = 60
        add(1)
        assert not progress._bars
    assert not caplog.messages
