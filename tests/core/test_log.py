import json
import re
import subprocess
import sys

import pytest
import torch
from matplotlib.figure import Figure

from videoai.core.log import RunLog
from videoai.core.loggers import Logger


class Recorder(Logger):
    """Keeps what it gets; raises in the method ``fails_in``."""

    def __init__(self, fails_in: str = "") -> None:
        self.got: list[tuple] = []
        self.fails_in = fails_in

    def take(self, method: str, *given: object) -> None:
        if method == self.fails_in:
            raise RuntimeError("the server\nis gone")
        self.got.append((method, *given))

    def scalars(self, step, split, values):
        self.take("scalars", step, split, values)

    def clips(self, step, name, video, captions):
        self.take("clips", step, name, video.shape, captions)

    def video(self, step, name, video, fps):
        self.take("video", step, name, video.shape, fps)

    def figure(self, step, name, figure):
        self.take("figure", step, name, type(figure))

    def close(self):
        self.take("close")


def tell_everything(log: RunLog) -> None:
    log.scalars(1, "train", {"loss": 0.5})
    log.clips(1, "input", torch.zeros(2, 4, 3, 8, 8, dtype=torch.uint8), ["left", "right"])
    log.video(1, "made", torch.zeros(4, 3, 8, 8, dtype=torch.uint8), fps=8)
    log.figure(1, "val/confusion", Figure)
    log.close()


def test_lines_beyond_the_resumed_step_and_torn_lines_are_dropped(tmp_path):
    log = RunLog(tmp_path)
    for step in (1, 2, 3):
        log.scalars(step, "train", {"loss": step / 3})
    log.close()
    with log.path.open("a") as file:
        file.write('{"step": 2, "spl')
    again = RunLog(tmp_path, start_step=2)
    again.scalars(3, "train", {"loss": float("nan")})
    again.close()
    records = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3]
    assert records[2]["loss"] is None


def test_a_line_can_be_read_while_the_run_goes_on(tmp_path):
    log = RunLog(tmp_path)
    log.scalars(1, "train", {"loss": 0.5})
    assert json.loads(log.path.read_text())["loss"] == 0.5
    log.close()


def test_a_logger_gets_everything_once_and_is_closed(tmp_path):
    recorder = Recorder()
    log = RunLog(tmp_path, loggers={"recorder": lambda: recorder})
    tell_everything(log)
    log.close()  # a second time closes nothing twice
    assert recorder.got == [
        ("scalars", 1, "train", {"loss": 0.5}),
        ("clips", 1, "input", (2, 4, 3, 8, 8), ["left", "right"]),
        ("video", 1, "made", (4, 3, 8, 8), 8),
        ("figure", 1, "val/confusion", Figure),
        ("close",),
    ]


@pytest.mark.parametrize("method", ["scalars", "clips", "video", "figure", "close"])
def test_a_logger_that_raises_is_named_once_and_gets_nothing_more(tmp_path, caplog, method):
    broken, sound = Recorder(fails_in=method), Recorder()
    tell_everything(RunLog(tmp_path, loggers={"mine.Broken": lambda: broken, "sound": lambda: sound}))
    assert [record.getMessage() for record in caplog.records] == [
        "logger mine.Broken failed, training goes on without it; metrics.jsonl has all values: "
        "RuntimeError: the server is gone"
    ]
    methods = [got[0] for got in sound.got]
    assert methods == ["scalars", "clips", "video", "figure", "close"]
    assert [got[0] for got in broken.got] == methods[: methods.index(method)]
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 1


def test_a_logger_that_cannot_be_opened_is_named_and_the_run_begins(tmp_path, caplog):
    log = RunLog(tmp_path, loggers={"mine.Absent": lambda: 1 / 0})  # pyright: ignore[reportArgumentType]
    tell_everything(log)
    (record,) = caplog.records
    assert record.getMessage().startswith("logger mine.Absent failed, ") and "ZeroDivisionError" in record.getMessage()


def test_a_signal_in_a_logger_is_not_taken_for_its_failure(tmp_path):
    class Slow(Logger):
        def scalars(self, step, split, values):
            raise KeyboardInterrupt

    log = RunLog(tmp_path, loggers={"slow": lambda: Slow(**dict.fromkeys(("run_dir", "name", "config", "start_step")))})
    with pytest.raises(KeyboardInterrupt):
        log.scalars(1, "train", {"loss": 0.5})
    log.close()


def test_a_figure_that_no_logger_gets_is_not_drawn(tmp_path):
    log = RunLog(tmp_path)
    log.figure(1, "val/confusion", lambda: pytest.fail("drawn"))
    log.close()


@pytest.mark.parametrize("when", ["made", "drawn"])
def test_a_figure_that_cannot_be_drawn_costs_one_line_and_no_logger(tmp_path, caplog, when):
    def draw():
        if when == "made":
            raise TypeError("no such letter")
        figure = Figure()
        figure.text(0, 0, "$\\frac{$")  # matplotlib parses it when it draws
        return figure

    seen = Recorder()
    log = RunLog(tmp_path, loggers={"mine": lambda: seen})
    log.figure(3, "val/confusion", draw)
    log.scalars(3, "val", {"loss": 1.0})
    log.close()
    assert [line.partition(":")[0] for line in caplog.messages] == [
        "val/confusion of step 3 could not be drawn, training goes on"
    ]
    assert [call[0] for call in seen.got] == ["scalars", "close"]


def test_a_process_without_a_folder_opens_no_logger():
    tell_everything(RunLog(None, loggers={"tensorboard": lambda: pytest.fail("opened")}))


@pytest.mark.slow
def test_the_run_ends_where_its_own_record_cannot_be_written(tmp_path):
    """The limit on the size of files holds for a whole process, hence one of its own."""
    script = f"""
import resource
from pathlib import Path
from videoai.core.log import RunLog

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    RunLog(Path({str(tmp_path)!r})).scalars(1, "train", {{"loss": 0.5}})
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert re.fullmatch(
        rf"{tmp_path}: the limit on the size of a file is too low .* What was saved before is intact; .*\n", done.stdout
    )
