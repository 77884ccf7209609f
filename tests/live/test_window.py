"""A window on a real X display, Xvfb."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import ImageGrab

from tests.live.test_sinks import run_with
from videoai.live.sinks import Wanted
from videoai.live.window import check_window

pytest.importorskip("tkinter", reason="needs Python's tkinter: apt-get install python3-tk")
pytestmark = pytest.mark.slow
needs_x = pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb: apt-get install xvfb")


@pytest.fixture
def display(monkeypatch):
    """The name of a display of its own, ``:7`` or so."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "640x480x24"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        name = f":{told.readline().strip()}"
    monkeypatch.setenv("DISPLAY", name)
    yield name
    server.kill()
    server.wait()


@needs_x
def test_the_window_shows_the_pictures_that_were_judged(display, film, predictor, tmp_path):
    seen = []
    run_with(
        Wanted(window=True),
        predictor(),
        film("constant"),
        tmp_path,
        realtime=True,
        look=lambda sinks: seen.append(np.asarray(ImageGrab.grab(xdisplay=display)).reshape(-1, 3).astype(int)),
    )
    shares = [[float((pixels[:, colour] - pixels.sum(1) / 3 > 60).mean()) for colour in range(3)] for pixels in seen]
    assert max(share[0] for share in shares) > 0.1 and max(share[1] for share in shares) > 0.1  # red, then green
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) > 8


@needs_x
def test_a_window_that_somebody_closes_does_not_end_the_stream(display, film, predictor, tmp_path, caplog):
    caplog.set_level("INFO")

    def close(sinks):
        subprocess.run(["pkill", "-f", "videoai.live.window"], check=False)
        time.sleep(0.1)

    run_with(Wanted(window=True), predictor(), film("constant"), tmp_path, realtime=True, look=close)
    assert "the window was closed; the stream goes on" in caplog.text
    assert '"t_media": 3.3' in (tmp_path / "events.jsonl").read_text()  # to the end of the film


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
def test_without_a_display_the_refusal_names_the_page(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(ValueError, match="no display.*page_port=8080"):
        check_window()
