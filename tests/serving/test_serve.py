"""``videoai serve`` as a process: what clients get that behave, and those that do not."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.serving.conftest import Serving, file_part
from videoai.data.encode import write_clip

pytest.importorskip("fastapi_offline", reason="the extra serve is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip(clip_folder: Path) -> bytes:
    return (clip_folder / "left" / "left_0.mp4").read_bytes()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds: five parts of eight windows."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    frames = np.random.default_rng(0).integers(0, 256, (600, 32, 32, 3), np.uint8)
    write_clip(path, frames)
    return path


def without_path(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key != "path"}


@pytest.mark.parametrize("words", [[], ["window_seconds=0.5", "hop_seconds=0.25", "top_k=2"]])
def test_an_answer_is_that_of_predict(server, best, film, videoai_command, tmp_path, words):
    done = videoai_command("predict", f"checkpoint={best}", f"input={film}", "device=cpu", *words, cwd=tmp_path)
    wanted = json.loads(done.stdout)
    answer = server.post_form(file_part(film.read_bytes(), b"film.mp4"), query=f"?{'&'.join(words)}")
    assert answer.status == 200 and answer.body["path"] == "film.mp4"
    assert answer.body.keys() == wanted.keys() and len(answer.body["timeline"]) == len(wanted["timeline"])
    for key in ("top", "timeline"):  # two parts in one forward pass may differ in the last digit
        for mine, its in zip(answer.body[key], wanted[key], strict=True):
            assert mine.pop("probability") == pytest.approx(its.pop("probability"), abs=2e-6)
            assert mine == its


def test_a_short_clip_as_the_body_gets_the_very_answer(server, best, clip_folder, clip, videoai_command, tmp_path):
    path = clip_folder / "left" / "left_0.mp4"
    done = videoai_command("predict", f"checkpoint={best}", f"input={path}", "device=cpu", cwd=tmp_path)
    answer = server.post(clip)
    assert answer.status == 200 and answer.body["path"] == "upload"
    assert without_path(answer.body) == without_path(json.loads(done.stdout))
    assert not server.uploads()


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 400, "empty"),
        (b"<html>no video</html>", 415, "unknown_format"),
        (b"#EXTM3U\n/etc/passwd\n", 415, "unknown_format"),
    ],
)
def test_what_is_no_video_is_refused_with_the_reason(server, content, status, reason):
    for answer in (server.post(content), server.post_form(file_part(content))):
        assert (answer.status, answer.body["reason"]) == (status, reason), answer
        assert str(server.temporary) not in answer.body["error"]
    assert not server.uploads()


def test_a_video_that_breaks_off_is_refused_and_its_path_stays_here(server, clip):
    answer = server.post_form(file_part(clip[: len(clip) // 2], b"half.mp4"))
    assert answer.status == 422 and answer.body["error"].startswith("half.mp4: ")
    assert str(server.temporary) not in json.dumps(answer.body) and "upload-" not in json.dumps(answer.body)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"../../etc/passwd", "passwd"),
        (b"..\\\\..\\\\boot.ini", "boot.ini"),
        (b"a\x1b[31m\x07b.mp4", "a[31mb.mp4"),
        ("\u202e4pm.exe".encode(), "4pm.exe"),
        (b"<img src=x onerror=alert(1)>.mp4", "<img src=x onerror=alert(1)>.mp4"),  # JSON, which no browser renders
        (b"", "upload"),
    ],
)
def test_a_name_is_a_name_and_never_a_place(server, clip, name, shown):
    answer = server.post_form(file_part(clip, name))
    assert answer.status == 200 and answer.body["path"] == shown
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("?windows=1", "windows: no such parameter. The parameters: window_seconds, hop_seconds, top_k"),
        ("?window_seconds=0", "greater than or equal to 0.01"),
        ("?window_seconds=nan", "finite"),
        ("?hop_seconds=inf", "finite"),
        ("?top_k=-1", "greater than or equal to 1"),
        ("?window_seconds=0.01&hop_seconds=0.01&top_k=x", "integer"),
    ],
)
def test_parameters_that_are_none_are_refused(server, clip, query, word):
    answer = server.post(clip, query)
    assert answer.status == 422 and word in answer.body["error"], answer


def test_more_windows_than_an_answer_has_are_refused_before_they_are_read(server, tmp_path):
    write_clip(tmp_path / "slow.mp4", np.zeros((100, 32, 32, 3), np.uint8), fps=1)
    answer = server.post((tmp_path / "slow.mp4").read_bytes(), "?window_seconds=0.02&hop_seconds=0.01")
    assert answer.status == 422 and "10000 windows, and an answer has 4096 at most" in answer.body["error"]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([b'Content-Disposition: form-data; name="file"\r\n\r\ntext'], "no_file"),
        ([file_part(b"a"), file_part(b"b")], "several_files"),
        ([b"no head at all"], "no_form"),
        ([], "no_file"),
    ],
)
def test_a_form_without_one_file_is_refused(server, parts, reason):
    answer = server.post_form(*parts)
    assert answer.status in (400, 422) and answer.body["reason"] == reason, answer


def test_a_form_that_breaks_off_is_refused(server, clip):
    body = b"--edge\r\n" + file_part(clip)
    answer = server.ask("POST", "/predict", body, Content_Type="multipart/form-data; boundary=edge")
    assert answer.status == 400 and "breaks off" in answer.body["error"]


def test_json_and_curl_without_a_type_learn_how_to_send_a_file(server, clip):
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        answer = server.ask("POST", "/predict", clip, Content_Type=kind)
        assert answer.status == 415 and "curl -F file=@FILE" in answer.body["error"]


def test_an_upload_that_is_too_large_is_refused_whether_or_not_it_says_so(server):
    large = b"\x00" * 1_500_000
    assert server.post(large).status == 413
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(large), large))
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")
    assert not server.uploads()


def reader_of(server: Serving) -> int:
    """The process that decodes."""
    children = [path.read_text() for path in Path(f"/proc/{server.process.pid}/task").glob("*/children")]
    (reader,) = "".join(children).split()
    return int(reader)


def drip(wire: socket.socket, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wire.sendall(b"X")
        time.sleep(0.05)


def test_a_head_that_does_not_come_ends_the_connection(server):
    for sent in (b"", b"POST /predict HTTP/1.1\r\nHost: loc"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
            wire.sendall(sent)
            started = time.monotonic()
            with suppress(ConnectionResetError):
                assert wire.recv(100) == b""
            assert time.monotonic() - started < 5
    # Drop by drop it takes no longer.
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire, pytest.raises(OSError):
        drip(wire, seconds=10)


@pytest.mark.parametrize("pause", [0.05, 5.0])
def test_an_upload_that_drips_or_stops_is_given_up(server, pause):
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: video/mp4\r\nContent-Length: 100000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(head)
        answers = []
        listening = threading.Thread(target=lambda: answers.append(wire.recv(1000)))
        listening.start()
        for _ in range(200):
            if not listening.is_alive():
                break
            try:
                wire.sendall(b"x")
            except OSError:
                break
            listening.join(pause)
        listening.join(20)
    assert answers[0].startswith(b"HTTP/1.1 408 ")
    server.wait_for(lambda: not server.uploads())


@pytest.mark.parametrize("request_line", [b"POST /predict", b"GET /health", b"POST /nothing"])
def test_a_client_that_drips_on_after_its_answer_loses_the_connection(server, request_line):
    """Otherwise 512 such clients, without any token, would be all that a server has."""
    head = request_line + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(head)
        with pytest.raises(OSError):
            drip(wire, seconds=10)


def test_a_full_disk_is_said_and_the_server_lives(best, tmp_path, clip):
    command = ["sh", "-c", f'ulimit -f {2 * (len(clip) // 1024 + 100)} && exec "$@"', "sh"]  # blocks of 512 bytes
    made = Serving(tmp_path, f"checkpoint={best}", "num_workers=1", before=command)
    try:
        answer = made.post(bytes(1_000_000))
        assert (answer.status, answer.body["reason"]) == (507, "no_room")
        assert "Traceback" not in made.log.read_text() and not made.uploads()
        assert made.post(clip).status == 200
    finally:
        assert made.end() == 0


def test_a_decoder_that_ended_between_two_videos_costs_neither(start, clip):
    made = start("num_workers=1")
    assert made.post(clip).status == 200
    os.kill(reader_of(made), signal.SIGKILL)
    time.sleep(0.2)
    assert made.post(clip).status == 200


def test_too_many_connections_are_refused_and_the_server_lives(server, clip):
    wires = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(60)]
    statuses = []
    try:
        for wire in wires:
            wire.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for wire in wires:
            statuses.append(wire.recv(100)[9:12])
    finally:
        for wire in wires:
            wire.close()
    assert statuses.count(b"503") >= 15
    server.wait_for(lambda: server.post(clip).status == 200)


def test_idle_connections_do_not_use_up_the_files_of_the_server(best, tmp_path, clip):
    """At the limit of open files asyncio wrote it to the log, 170 MB in half a minute."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))  # the server, which inherits it, takes what it needs
    try:
        made = Serving(tmp_path, f"checkpoint={best}", "num_workers=1", "max_connections=40", "pause_seconds=2")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        wires = [socket.create_connection(("127.0.0.1", made.port), timeout=20) for _ in range(700)]
        time.sleep(1)
        assert "Too many open files" not in made.log.read_text()
        for wire in wires:
            wire.close()
        made.wait_for(lambda: made.post(clip).status == 200)
    finally:
        assert made.end() == 0


def test_a_server_that_may_open_too_few_files_says_so_at_its_start(best):
    command = [sys.executable, "-m", "videoai", "serve", f"checkpoint={best}", "port=0"]
    limited = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh", *command]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0 and "max_connections=512 max_queue=64: they need 1088 open files" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8000"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:8000", "Origin": "http://localhost:9000"}, 403),
        ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
    ],
)
def test_pages_of_other_sites_and_names_that_lead_here_are_refused(server, clip, headers, status):
    assert server.post(clip, **headers).status == status
    answer = server.ask("OPTIONS", "/predict", Origin="http://evil.example")
    assert not [one for one in answer.headers if one.lower().startswith("access-control")]


def test_the_pages_beside_it(server, best):
    about = server.ask("GET", "/model").body
    assert about["classes"] == ["down", "left", "right", "up"] and about["clip"]["num_frames"] == 8
    assert str(best.parent) not in json.dumps(about)
    text = server.ask("GET", "/metrics").body.decode()
    assert 'videoai_answers_total{status="200"}' in text and "videoai_in_flight 0.0" in text
    page = server.ask("GET", "/docs").body.decode()
    assert "://" not in page.replace("http://www.w3.org", "")  # nothing from elsewhere
    assert server.ask("GET", "/static-offline-docs/swagger-ui-bundle.js").status == 200
    assert server.ask("GET", "/static-offline-docs/../../conftest.py").status == 404
    described = server.ask("GET", "/openapi.json").body["paths"]["/predict"]["post"]
    assert {"429", "413", "415"} <= described["responses"].keys()
    assert server.ask("GET", "/predict").status == 405 and server.ask("GET", "/nothing").status == 404


def test_without_room_requests_get_429_and_when_to_come_back(start, film):
    server = start("max_queue=2", "num_workers=1")
    body = film.read_bytes()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: server.post(body, "?window_seconds=0.5&hop_seconds=0.1"), range(12)))
    statuses = [one.status for one in answers]
    assert set(statuses) == {200, 429} and statuses.count(200) >= 2
    for one in answers:
        if one.status == 429:
            assert 1 <= int(one.headers["retry-after"]) <= 60 and one.body["reason"] == "busy"
    assert server.ask("GET", "/health").body["in_flight"] == 0


def test_who_listens_to_everybody_wants_a_token(start, clip):
    server = start("host=0.0.0.0")
    token = server.log.read_text().partition("Bearer ")[2].split()[0]
    assert len(token) >= 24
    assert server.post(clip).status == 401 and server.ask("GET", "/metrics").status == 401
    assert server.post(clip, Authorization="Bearer wrong").status == 401
    assert server.post(clip, Authorization=f"Basic {token}").status == 401
    assert server.ask("GET", "/health").status == 200 and server.ask("GET", "/docs").status == 200
    assert server.ask("GET", "/openapi.json").body["security"] == [{"token": []}]
    assert server.post(clip, Authorization=f"Bearer {token}", Host="any.example").status == 200


def test_a_token_of_the_environment_holds_on_this_machine_too(start, clip):
    server = start(VIDEOAI_TOKEN="0123456789abcdef")
    assert server.post(clip).status == 401
    assert server.post(clip, Authorization="Bearer 0123456789abcdef").status == 200


def slow_post(server: Serving, body: bytes, results: list) -> threading.Thread:
    thread = threading.Thread(target=lambda: results.append(server.post(body, "?window_seconds=0.5&hop_seconds=0.02")))
    thread.start()
    server.wait_for(lambda: bool(server.uploads()))
    return thread


def test_sigterm_lets_requests_in_flight_finish_and_refuses_new_ones(start, film, clip):
    server = start("num_workers=1")
    results = []
    thread = slow_post(server, film.read_bytes(), results)
    server.process.send_signal(signal.SIGTERM)
    server.wait_for(lambda: server.ask("GET", "/health").status == 503)
    refused = server.post(clip)
    assert refused.status == 503 and refused.body["reason"] == "stopping"
    thread.join(60)
    assert results[0].status == 200
    assert server.process.wait(20) == 0 and not list(server.temporary.iterdir())


def test_a_client_that_leaves_costs_nobody_else(start, film, clip):
    server = start("num_workers=1", "max_queue=4")
    body = film.read_bytes()
    head = (
        b"POST /predict?window_seconds=0.5&hop_seconds=0.02 HTTP/1.1\r\nHost: localhost\r\nContent-Type: video/mp4\r\n"
    )
    for _ in range(6):  # more than there is room for
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
            wire.sendall(head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            time.sleep(0.1)
    server.wait_for(lambda: server.ask("GET", "/health").body["in_flight"] == 0)
    assert server.post(clip).status == 200
    assert not server.uploads() and "Traceback" not in server.log.read_text()


def test_the_next_start_removes_what_a_killed_server_left(start):
    server = start("num_workers=1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")
        server.wait_for(lambda: bool(server.uploads()))
        server.end(signal.SIGKILL)
    (left,) = server.temporary.iterdir()
    assert oct(left.stat().st_mode)[-3:] == "700"
    another = start("num_workers=1")
    assert not left.exists() and len(list(another.temporary.iterdir())) == 1


@pytest.mark.parametrize(("number", "reason"), [(signal.SIGKILL, "crash"), (signal.SIGSTOP, "timeout")])
def test_a_reader_that_ends_or_hangs_costs_one_answer(start, clip, film, number, reason):
    server = start("num_workers=1", "read_seconds=5")
    reader = reader_of(server)
    results = []
    thread = slow_post(server, film.read_bytes(), results)
    os.kill(reader, number)
    thread.join(60)
    assert (results[0].status, results[0].body["reason"]) == (422, reason)
    assert server.post(clip).status == 200


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["token=short"], "token: take 16 or more"),
        (["host=203.0.113.7"], "host=203.0.113.7 port="),
        (["checkpoint=gone.pt"], "gone.pt"),
        (["max_batch=1"], "max_batch=1"),
    ],
)
def test_what_cannot_work_is_one_line(videoai_command, best, tmp_path, words, message):
    done = videoai_command("serve", f"checkpoint={best}", "device=cpu", "port=0", *words, cwd=tmp_path)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not done.stdout
