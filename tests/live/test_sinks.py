"""Where lines and frames go: a video that plays, a page, requests to a server."""

import json
import socket
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import av
import numpy as np
import pytest
import torch

from videoai.live.decide import Rules
from videoai.live.ring import Frame
from videoai.live.screen import Screen
from videoai.live.session import Session
from videoai.live.sinks import Sinks, Wanted
from videoai.live.sources import FileSource
from videoai.live.stream import Plan
from videoai.live.webhook import Webhook


def run_with(wanted, predictor, path, folder, *, realtime=False, look=lambda sinks: None):
    clip = predictor.model.clip
    session = Session(
        sources=[FileSource(path, clip, view_side=64)],
        plan=Plan(clip=clip, policy="latest" if realtime else "block", hop_seconds=0.1),
        judge=predictor.scores,
        classes=predictor.model.classes,
        rules=Rules(on=[0.5] * 3, off=[0.35] * 3),
        realtime=realtime,
    )
    sinks = Sinks(folder, session.streams, wanted)
    session.show = sinks.show
    with sinks:
        for line in session.run():
            sinks.told(line)
            look(sinks)
    return sinks


@pytest.mark.parametrize("name", ["constant", "variable"])
def test_the_overlay_shows_every_frame_at_its_time(name, film, predictor, tmp_path):
    run_with(Wanted(overlay=True), predictor(), film(name), tmp_path)
    with av.open(film(name)) as source, av.open(str(tmp_path / "overlay.mp4")) as made:
        times = [frame.time for frame in source.decode(video=0)]
        frames = list(made.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=0.002)
    pixels = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
    assert pixels.shape[1:] == (240 + 24, 320, 3)  # each pixel ten times, and words
    assert (pixels[:17, 80:220, 80:, 0].mean() > 150) and (pixels[17:26, 80:220, 80:, 1].mean() > 150)
    assert pixels[:, 245:].max() > 150  # there are letters


def test_a_video_that_was_cut_off_can_be_played(film, predictor, tmp_path):
    run_with(Wanted(overlay=True), predictor(), film("constant"), tmp_path)
    whole = (tmp_path / "overlay.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 3 // 4])
    with av.open(str(tmp_path / "cut.mp4")) as made:
        assert next(made.decode(video=0)).width == 320


def test_a_video_of_a_small_picture_is_on_the_disk_before_it_ends(tmp_path):
    path = tmp_path / "killed.mp4"
    screen = Screen("a", path, waits=True, is_watched=False)
    for number in range(80):
        screen._draw(Frame(number, number / 20, 0.0, None, torch.full((3, 24, 32), number, dtype=torch.uint8)), "")
    with av.open(str(path)) as made:  # it is still open: what a kill would leave
        assert len(list(made.decode(video=0))) >= 30


@pytest.mark.slow
def test_the_page_shows_pictures_to_this_machine(film, predictor, tmp_path):
    seen, viewers = [], []

    def look(sinks):
        if not viewers:
            viewers.append(Thread(target=view, args=(sinks,), daemon=True))
            viewers[0].start()

    def view(sinks):
        page = urllib.request.urlopen(sinks.page.url, timeout=5).read().decode()
        with urllib.request.urlopen(f"{sinks.page.url}0", timeout=5) as pictures:
            seen.extend([page, pictures.headers["Content-Type"], pictures.read(400)])
        request = urllib.request.Request(sinks.page.url, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=5)
        seen.append("refused")

    sinks = run_with(Wanted(page_port=0), predictor(), film("constant"), tmp_path, realtime=True, look=look)
    viewers[0].join(10)
    page, kind, picture, _ = seen
    assert '<img src="/0"' in page and kind.startswith("multipart/x-mixed-replace")
    assert b"\xff\xd8" in picture
    assert sinks.page.server.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError):
        urllib.request.urlopen(sinks.page.url, timeout=2)


def taker(taken, codes):
    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):  # the name that http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = codes.pop(0) if codes else 200
            if code == 200:
                taken.append(json.loads(body))
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format, *words):
            pass

    return Taker


def test_each_event_reaches_a_server_once_and_in_order(film, predictor, tmp_path):
    taken = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), taker(taken, [500, 200, 503]))  # busy now and then
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/events"
    sinks = run_with(Wanted(webhook=url), predictor(), film("constant"), tmp_path)
    server.shutdown()
    server.server_close()
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert taken == [line for line in lines if line["event"]] and len(taken) > 8
    assert sinks.to_dict() == {"events": {"webhook": {"sent": len(taken), "lost": 0}}}


def test_a_server_that_is_not_there_loses_events_and_nothing_else():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hook = Webhook(f"http://127.0.0.1:{port}/")
    hook.start()
    hook.send({"event": "start"})
    began = time.monotonic()
    hook.close()
    assert (hook.num_sent, hook.num_lost) == (0, 1) and time.monotonic() - began < 15


def test_a_port_that_is_taken_is_an_error_at_the_start(film, predictor, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            run_with(Wanted(page_port=taken.getsockname()[1]), predictor(), film("constant"), tmp_path)
