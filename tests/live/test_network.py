"""Streams of the network: real servers on this machine, killed and started again."""

import io
import os
import socket
import subprocess
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from pathlib import Path
from threading import Thread

import av
import numpy as np
import pytest
from PIL import Image

from videoai.data.encode import write_clip
from videoai.live.decide import Rules
from videoai.live.network import NetworkSource, told_apart, without_secrets
from videoai.live.session import Session
from videoai.live.stream import Plan

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
SECONDS = 60


def has_gstreamer() -> bool:
    words = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", words], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def started(port, path):
    command = [SYSTEM_PYTHON, str(SERVER), str(port), str(path)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert server.stdout and server.stdout.readline() == b"ready\n"
    server.stdout.close()
    return server


@pytest.fixture(scope="module")
def colours(tmp_path_factory) -> Path:
    """A film that is red, green and blue for 2 s each, over and over."""
    path = tmp_path_factory.mktemp("camera") / "colours.mp4"
    frames = np.random.default_rng(0).integers(0, 30, (SECONDS * 15, 64, 96, 3), dtype=np.uint8)
    for second in range(SECONDS):
        frames[second * 15 : (second + 1) * 15, :, :, second // 2 % 3] += 200
    write_clip(path, frames, 15.0)
    return path


@pytest.fixture
def served():
    """served(handler) -> the URL of a server on this machine."""
    servers = []

    def serve(handler) -> str:
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        servers[-1].daemon_threads = True
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def session(predictor, url):
    model = predictor.model
    return Session(
        sources=[NetworkSource(url, model.clip)],
        plan=Plan(clip=model.clip, policy="latest", hop_seconds=0.25),
        judge=predictor.scores,
        classes=model.classes,
        rules=Rules(on=[0.5] * 3, off=[0.35] * 3),
        realtime=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(not has_gstreamer(), reason="needs GStreamer's RTSP server: see tests/live/rtsp_server.py")
def test_the_first_picture_is_that_of_the_first_key_frame(colours, predictor, tmp_path):
    path, port = tmp_path / "rare.mp4", free_port()
    with av.open(str(path), "w") as container:  # a key frame every 10 s
        stream = container.add_stream("libx264", rate=15, options={"g": "150", "x264-params": "scenecut=0"})
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for picture in np.zeros((300, 64, 96, 3), np.uint8):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    server, began = started(port, path), time.monotonic()
    try:
        frames = NetworkSource(f"rtsp://127.0.0.1:{port}/cam", predictor().model.clip).frames(lambda timing: None)
        next(frames)
        assert time.monotonic() - began < 7  # under a second on an idle machine
        frames.close()
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
@pytest.mark.skipif(not has_gstreamer(), reason="needs GStreamer's RTSP server: see tests/live/rtsp_server.py")
def test_a_camera_that_is_gone_for_five_seconds_comes_back(colours, predictor):
    port, lines, states = free_port(), [], []
    server, killed = started(port, colours), 0.0
    began = time.monotonic()
    run = session(predictor(), f"rtsp://user:secret@127.0.0.1:{port}/cam")

    def is_stopped():
        nonlocal server, killed
        (stream,) = run.streams
        if not states or states[-1] != stream.state:
            states.append(stream.state)
        now = time.monotonic()
        if not killed and lines and now - began > 6:
            server.kill()
            server.wait()
            killed = now
        if killed and now - killed > 5 and server.poll() is not None:
            server = started(port, colours)
        return now - began > 60 or (stream.num_reconnects > 0 and bool(lines) and lines[-1][0] > killed + 8)

    try:
        for line in run.run(is_stopped):
            lines.append((time.monotonic(), line))
    finally:
        server.kill()
        server.wait()
    (stream,) = run.streams
    known = [state for state, _ in groupby(state for state in states if state != "connecting")]
    assert known[:3] == ["running", "waiting", "running"], states  # however often it asks meanwhile
    assert stream.num_reconnects >= 1
    assert {line["stream"] for _, line in lines} == {f"rtsp://127.0.0.1:{port}/cam"}  # no password
    media = [line["t_media"] for _, line in lines if line["window"]]
    assert media == sorted(media) and max(np.diff(media)) > 4  # the gap is on the time axis
    ends = [line for _, line in lines if line["event"] == "end"]
    gap = int(np.argmax(np.diff(media)))
    assert all(end["span"][1] <= media[gap] + 1e-6 or end["span"][0] >= media[gap] for end in ends)  # none spans it
    assert len({line["label"] for _, line in lines}) > 1
    assert abs(float(stream.rate or 0) - 15) < 1.5


def multipart(pictures, pause):
    """A handler that sends JPEG pictures without times, as simple network cameras do."""

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self):  # the name that http.server calls
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for picture in pictures:
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
                self.wfile.write(head + picture + b"\r\n")
                time.sleep(pause)

        def log_message(self, *words):
            pass

    return Camera


@pytest.mark.slow
def test_a_camera_of_jpeg_pictures_is_read_and_its_end_is_a_reason_to_connect_again(predictor, served):
    pictures = []
    for number in range(60):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[..., number // 20] = 220
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG")
        pictures.append(buffer.getvalue())
    run, lines = session(predictor(), f"{served(multipart(pictures, 0.05))}/video"), []
    began = time.monotonic()
    for line in run.run(lambda: time.monotonic() - began > 40 or run.streams[0].num_reconnects > 0):
        lines.append(line)
    assert {line["label"] for line in lines} >= {"red", "green", "blue"}
    assert run.streams[0].num_reconnects == 1


def test_a_server_that_is_not_there_is_asked_again_later(predictor, caplog):
    run = session(predictor(), f"rtsp://user:secret@127.0.0.1:{free_port()}/cam")
    began = time.monotonic()
    assert list(run.run(lambda: time.monotonic() - began > 2.5)) == []
    waits = [record.getMessage().rpartition("in ")[2] for record in caplog.records]
    assert waits[:2] == ["0.5 s", "1.0 s"]
    assert "secret" not in caplog.text


@pytest.mark.slow
def test_a_file_on_a_server_is_no_stream(colours, predictor, served):
    url = served(partial(SimpleHTTPRequestHandler, directory=str(colours.parent)))
    run = session(predictor(), f"{url}/{colours.name}")
    assert list(run.run()) == []
    assert run.streams[0].state == "failed" and "download it" in run.streams[0].error


def test_cameras_that_differ_in_the_query_alone_are_told_apart(predictor):
    """Else their scores would be averaged with one another."""
    urls = ("rtsp://u:p@10.0.0.1/cam?channel=1", "rtsp://10.0.0.1/cam?channel=2", "rtsp://10.0.0.2/cam")
    sources = told_apart([NetworkSource(url, predictor().model.clip) for url in urls])
    assert [one.name for one in sources] == [
        "rtsp://10.0.0.1/cam (1)",
        "rtsp://10.0.0.1/cam (2)",
        "rtsp://10.0.0.2/cam",
    ]


@pytest.mark.slow
def test_a_camera_that_accepts_and_never_answers_is_named_in_words(predictor, monkeypatch, caplog):
    monkeypatch.setattr("videoai.live.network.OPEN_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        run = session(predictor(), f"http://127.0.0.1:{silent.getsockname()[1]}/cam")
        began = time.monotonic()
        list(run.run(lambda: time.monotonic() - began > 3))
    assert "no video came for 1 s when opened" in caplog.text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://user:a@b@10.0.0.1:554/cam?key=1", "rtsp://10.0.0.1:554/cam"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_names_hold_no_secrets(url, shown):
    assert without_secrets(url) == shown
