"""``videoai demo`` in a browser, and what a client gets that is none."""

import http.client
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tests.serving.conftest import Serving
from videoai.data.encode import write_clip

pytest.importorskip("gradio", reason="the extra demo is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds under a name that a page could take for markup."""
    path = tmp_path_factory.mktemp("films") / "<b onmouseover=alert(1)>x.mp4"
    write_clip(path, np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), np.uint8))
    return path


@pytest.fixture(scope="module")
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Where every request to another machine would come by, and what came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    wire, _ = listening.accept()
                except OSError:
                    return
                with wire:
                    came.append(wire.recv(200))

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", came
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, best: Path, proxy) -> Iterator[Serving]:
    environment = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy[0])
    words = (f"checkpoint={best}", "max_upload_mb=1", "num_workers=1")
    made = Serving(tmp_path_factory.mktemp("demo"), *words, verb="demo", no_proxy="127.0.0.1,localhost", **environment)
    yield made
    assert made.end() == 0
    assert not list(made.temporary.rglob("*.mp4"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def open_page(browser: Any, demo: Serving, width: int) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.asked, page.faults = [], []
    page.on("request", lambda one: page.asked.append(one.url))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(demo.url)
    page.wait_for_selector("#video input[type=file]", state="attached", timeout=60_000)
    return page


@pytest.mark.parametrize("width", [1200, 390])
def test_a_dropped_video_shows_classes_a_time_axis_and_an_explanation(browser, demo, film, proxy, width):
    page = open_page(browser, demo, width)
    page.set_input_files("#video input[type=file]", film)
    page.wait_for_selector("#axis svg", timeout=60_000)
    page.wait_for_function("document.querySelector('#classes').innerText.includes('%')")  # each part comes by itself
    assert {"down", "left", "right", "up"} <= set(page.inner_text("#classes").split())
    assert "0.00 s" in page.inner_text("#axis table")
    page.click("#why button")
    page.get_by_role("button", name="Explain").click()
    page.wait_for_selector("#why video", timeout=60_000)
    page.wait_for_function("document.querySelector('#why textarea').value.includes('most at')")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    elsewhere = [url for url in page.asked if not url.startswith((demo.url, "data:", "blob:"))]
    assert not elsewhere and not page.faults and not proxy[1]
    page.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"no video", "unknown_format"), (b"\x00\x00\x00\x18ftypisom" + bytes(1000), "corrupt")],
)
def test_what_is_no_video_is_said_on_the_page(browser, demo, tmp_path, content, message):
    (tmp_path / "<img src=x onerror=window.hit=1>.mp4").write_bytes(content)
    page = open_page(browser, demo, 800)
    page.set_input_files("#video input[type=file]", tmp_path / "<img src=x onerror=window.hit=1>.mp4")
    page.wait_for_selector(f"text={message}", timeout=60_000)
    assert page.evaluate("window.hit") is None
    assert str(demo.temporary) not in page.inner_text("body")
    page.close()


def joined(demo: Serving, value: object) -> str:
    """What the page's first function says to a client that is no page."""
    config = demo.ask("GET", "/config").body
    number = next(one["id"] for one in config["dependencies"] if len(one["inputs"]) == 3)
    body = json.dumps({"data": [value, None, None], "fn_index": number, "session_hash": "s"}).encode()
    asked = demo.ask("POST", "/gradio_api/queue/join", body, Content_Type="application/json")
    if asked.status != 200:
        return str(asked)
    connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=60)
    connection.request("GET", "/gradio_api/queue/data?session_hash=s")
    answer, lines = connection.getresponse(), []
    while line := answer.readline().decode():
        lines.append(line)
        if "process_completed" in line:
            break
    connection.close()
    return "".join(lines)


META = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("meta", [META, {}, {"is_stream": True, **META}, {"url": "/gradio_api/file=x", **META}])
def test_no_file_of_this_machine_can_be_read(demo, film, meta):
    inside = demo.temporary / "secret.mp4"  # the usual folder of temporary files is no folder of uploads
    shutil.copy(film, inside)
    (upload,) = demo.temporary.glob("videoai-uploads-*/page")
    for path in (str(film), str(inside), "/etc/passwd", f"{upload}/../../secret.mp4", f"{upload}/../.lock"):
        said = joined(demo, {"path": path, **meta})
        assert '"success":true' not in said and "root:" not in said, said
        assert demo.ask("GET", f"/gradio_api/file={quote(path)}").status in (403, 404), path
    assert not list(upload.rglob("passwd")) and not list(upload.rglob("secret.mp4"))
    inside.unlink()


def test_no_address_is_fetched_for_a_client(demo, proxy):
    before = len(proxy[1])
    for url in ("http://203.0.113.7/film.mp4", f"{proxy[0]}/film.mp4", "http://localhost:1/film.mp4"):
        for value in ({"path": url, **META}, {"path": "x", "url": url, **META}, {"path": url}):
            assert '"success":true' not in joined(demo, value)
    assert len(proxy[1]) == before


def test_an_upload_that_is_too_large_is_refused(demo):
    body = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + bytes(1_100_000)
    kind = "multipart/form-data; boundary=edge"
    assert demo.ask("POST", "/gradio_api/upload", body + b"\r\n--edge--\r\n", Content_Type=kind).status == 413


def test_of_what_gradio_answers_only_what_the_page_asks_for_is_let_in(demo):
    """It would give recordings to an ffmpeg of its own, keep runs at a hub, and look addresses up."""
    config = demo.ask("GET", "/config").body
    assert not config.get("run_history")
    for path in (
        *("file=http://example.com/x.mp4", "proxy=http://example.com/", "run-history/buckets", "runs", "vibe-code"),
        *("queue/status", "deep_link?session_hash=s", "stream/a/b/1/playlist.m3u8", "dev/reload", "openapi.json"),
    ):
        assert demo.ask("GET", f"/gradio_api/{path}").status == 404, path
    for path in ("process_recording", "component_server", "call/look", "run/look", "call/v2/look", "vibe-edit"):
        answer = demo.ask("POST", f"/gradio_api/{path}", b'{"data": []}', Content_Type="application/json")
        assert answer.status == 404 and answer.body["reason"] == "no_such_page", path


def upload(demo: Serving, num_bytes: int) -> int:
    """The status of an upload that no event follows."""
    body = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + os.urandom(num_bytes)
    kind = "multipart/form-data; boundary=edge"
    return demo.ask("POST", "/gradio_api/upload", body + b"\r\n--edge--\r\n", Content_Type=kind).status


def test_uploads_that_nobody_looks_at_do_not_fill_the_disk(best, tmp_path):
    words = (f"checkpoint={best}", "max_upload_mb=0.1", "max_queue=2", "num_workers=1")
    demo = Serving(tmp_path, *words, verb="demo")
    try:
        statuses = [upload(demo, 90_000) for _ in range(6)]
        assert statuses[:3] == [200, 200, 200] and statuses[-1] == 429
        (files,) = demo.temporary.glob("videoai-uploads-*/page")
        for file in (one for one in files.rglob("*") if one.is_file()):
            os.utime(file, (0, 0))  # as if a quarter of an hour had passed
        assert upload(demo, 90_000) == 200
    finally:
        assert demo.end() == 0


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_pages_of_other_sites_are_refused(demo, headers):
    assert demo.ask("GET", "/config", **headers).status == 403


def test_who_listens_to_everybody_asks_for_the_password(best, tmp_path):
    demo = Serving(tmp_path, f"checkpoint={best}", "host=0.0.0.0", "num_workers=1", verb="demo")
    try:
        password = demo.log.read_text().partition("with the password ")[2].split()[0]
        (files,) = demo.temporary.glob("videoai-uploads-*/page")
        for path in ("/config", f"/gradio_api/file={files}/x", "/gradio_api/queue/data?session_hash=s"):
            assert demo.ask("GET", path).status == 401, path
        assert demo.ask("POST", "/gradio_api/upload", b"", Content_Type="multipart/form-data; boundary=e").status == 401
        kind = "application/x-www-form-urlencoded"
        wrong, right = (f"username=videoai&password={one}".encode() for one in ("wrong", password))
        assert demo.ask("POST", "/login", wrong, Content_Type=kind).status == 400
        login = demo.ask("POST", "/login", right, Content_Type=kind)
        assert login.status == 200
        cookie = login.headers["set-cookie"].partition(";")[0]
        assert demo.ask("GET", "/config", Cookie=cookie).status == 200
    finally:
        assert demo.end() == 0
