import io
import json
import re
import subprocess
import sys
import threading

import pytest
import torch

from videoai.core.log import RunLog, contact_sheet


def test_lines_beyond_the_resumed_step_and_torn_lines_are_dropped(tmp_path):
    log = RunLog(tmp_path, tensorboard=False)
    for step in (1, 2, 3):
        log.scalars(step, "train", {"loss": step / 3})
    log.close()
    with log.path.open("a") as file:
        file.write('{"step": 2, "spl')
    again = RunLog(tmp_path, start_step=2, tensorboard=False)
    again.scalars(3, "train", {"loss": float("nan")})
    again.close()
    records = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3]
    assert records[2]["loss"] is None


def test_tensorboard_gets_scalars_pictures_and_figures(tmp_path):
    from matplotlib.figure import Figure
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = RunLog(tmp_path)
    log.scalars(1, "train", {"loss": 0.5})
    log.clips(1, "input", torch.zeros(2, 4, 3, 8, 8, dtype=torch.uint8))
    log.figure(1, "val/confusion", Figure)
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["scalars"] == ["train/loss"]
    assert sorted(events.Tags()["images"]) == ["input", "val/confusion"]


def test_a_line_can_be_read_while_the_run_goes_on(tmp_path):
    log = RunLog(tmp_path, tensorboard=False)
    log.scalars(1, "train", {"loss": 0.5})
    assert json.loads(log.path.read_text())["loss"] == 0.5
    log.close()


def test_a_continued_run_hides_the_points_that_its_checkpoint_does_not_hold(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for start, last in ((0, 4), (2, 3)):
        log = RunLog(tmp_path, start_step=start)
        for step in range(start + 1, last + 1):
            log.scalars(step, "train", {"loss": start + step / 10})
        log.close()
    points = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Scalars("train/loss")
    assert [(point.step, round(point.value, 1)) for point in points] == [(1, 0.1), (2, 0.2), (3, 2.3)]


def test_a_contact_sheet_has_a_row_a_clip_and_a_column_a_frame():
    video = torch.arange(2 * 4, dtype=torch.uint8).view(2, 4, 1, 1, 1).expand(2, 4, 3, 5, 6)
    sheet = contact_sheet(video)
    assert sheet.shape == (3, 10, 24)
    assert sheet[0, ::5, ::6].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize("room", [0, 10_000], ids=["at the start", "later"])
def test_a_full_disk_is_told_once_and_without_a_traceback(tmp_path, room):
    """The limit stands for the disk. It holds for a whole process, hence one of its own."""
    script = f"""
import resource, torch
from pathlib import Path
from videoai.core.log import RunLog

resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
try:
    log = RunLog(Path({str(tmp_path)!r}))
    log.clips(1, "input", torch.randint(256, (2, 4, 3, 64, 64), dtype=torch.uint8))
    log.close()
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert re.fullmatch(rf"{tmp_path}: no room \(.* MB free\)\. What was saved before is intact; .*\n", done.stdout)


def test_what_fails_in_other_threads_is_still_told(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: told.append(failure.exc_type))
    RunLog(tmp_path).close()
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert told == [ZeroDivisionError]


def test_tensorboard_gets_a_film_that_moves(tmp_path):
    from PIL import Image
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = RunLog(tmp_path)
    video = torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1).mul(50).expand(5, 3, 8, 16)
    log.film(3, "made", video, fps=10)
    log.close()
    (event,) = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Images("made")
    film = Image.open(io.BytesIO(event.encoded_image_string))
    assert (event.step, film.n_frames, film.size, film.info["duration"]) == (3, 5, (16, 8), 100)
