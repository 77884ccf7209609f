import io
import itertools
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from videoai.core.loggers.tensorboard import TensorBoard


def opened(run_dir: Path, start_step: int = 0) -> TensorBoard:
    return TensorBoard(run_dir=run_dir, name="a run", config={}, start_step=start_step)


def test_tensorboard_gets_scalars_pictures_and_figures(tmp_path):
    log = opened(tmp_path)
    log.scalars(1, "train", {"loss": 0.5})
    log.clips(1, "input", torch.zeros(2, 4, 3, 8, 8, dtype=torch.uint8), ["left", "right"])
    log.figure(1, "val/confusion", Figure())
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["scalars"] == ["train/loss"]
    assert sorted(events.Tags()["images"]) == ["input", "val/confusion"]


def test_a_continued_run_hides_the_points_that_its_checkpoint_does_not_hold(tmp_path):
    # The files of a process are numbered; the next ones are 9 and 10, or 19 and 20.
    for number in itertools.takewhile(lambda _: not list(tmp_path.rglob("events*8")), itertools.count()):
        log = opened(tmp_path / str(number))
        log.scalars(1, "train", {"loss": 0.0})
        log.close()
    for start, last in ((0, 4), (2, 3), (3, 4)):
        log = opened(tmp_path, start)
        for step in range(start + 1, last + 1):
            log.scalars(step, "train", {"loss": start + step / 10})
        log.close()
    points = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Scalars("train/loss")
    assert [(point.step, round(point.value, 1)) for point in points] == [(1, 0.1), (2, 0.2), (3, 2.3), (4, 3.4)]


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 10_000], ids=["at the start", "later"])
def test_a_full_disk_is_told_once_without_a_traceback_and_training_goes_on(tmp_path, room):
    """Losing TensorBoard's files loses no result: the run's own record is ``metrics.jsonl``, and it alone ends a run.

    The limit stands for the disk. It holds for a whole process, hence one of its own.
    """
    script = f"""
import resource, torch
from pathlib import Path
from videoai.core.log import RunLog
from videoai.core.loggers import bind_loggers

resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
folder = Path({str(tmp_path)!r})
loggers = bind_loggers(["tensorboard"], run_dir=folder, name="full", config={{}}, start_step=0)
log = RunLog(folder, loggers=loggers)
for step in range(40):  # more than TensorBoard's queue holds: nothing waits for the thread that has ended
    log.clips(step, "input", torch.randint(256, (2, 4, 3, 64, 64), dtype=torch.uint8), ["left", "right"])
log.close()
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "went on\n"
    assert re.fullmatch(r"logger tensorboard failed, training goes on without it; .*File too large\n", done.stderr)


def test_a_run_that_logs_nothing_leaves_no_file(tmp_path):
    opened(tmp_path, start_step=5).close()
    assert not (tmp_path / "tensorboard").exists()


def test_what_fails_in_other_threads_is_still_told(tmp_path, monkeypatch):
    failures = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: failures.append(failure.exc_type))
    opened(tmp_path).close()
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert failures == [ZeroDivisionError]


def test_tensorboard_gets_a_film_that_moves(tmp_path):
    from PIL import Image

    log = opened(tmp_path)
    video = torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1).mul(50).expand(5, 3, 8, 16)
    log.video(3, "made", video, fps=10)
    log.close()
    (event,) = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Images("made")
    film = Image.open(io.BytesIO(event.encoded_image_string))
    assert (event.step, film.n_frames, film.size, film.info["duration"]) == (3, 5, (16, 8), 100)
