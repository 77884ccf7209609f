"""Downloads from a real server on this machine, which breaks off, lies and refuses on demand."""

import hashlib
import http.server
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from videoai.models.published.download import fetch

CONTENT = bytes(range(256)) * 5_000  # 1.28 MB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT, remembers the ranges it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []
        self.break_after: list[int] = []  # bytes sent before the connection closes, one entry a request
        self.ranges = True
        self.status = 0  # answer with this error
        self.url = f"http://127.0.0.1:{self.server_port}/some/model.pth?dl=1"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.server.status:
            return self.send_error(self.server.status)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.ranges else 0
        if start >= len(CONTENT):
            return self.send_error(416)
        body = CONTENT[start:]
        self.send_response(206 if wanted and self.server.ranges else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = self.server.break_after.pop(0) if self.server.break_after else len(body)
        self.wfile.write(body[:limit])
        return None

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    return tmp_path / "weights" / "somebody"


def get(server: Server, sha256: str | None = DIGEST) -> Path:
    return fetch("somebody/model", url=server.url, page=None, sha256=sha256)


def test_a_file_is_fetched_once_and_named_by_its_id(server: Server, cache: Path) -> None:
    path = get(server)
    assert path == cache / "model.pth" and path.read_bytes() == CONTENT
    assert get(server) == path
    assert server.asked == [None]


def test_a_download_that_breaks_off_goes_on_where_it_was(server: Server, cache: Path) -> None:
    server.break_after = [500_000, 300_000]
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=500000-", "bytes=800000-"]


def test_a_download_that_was_killed_goes_on_the_next_time(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "model.pth.part").write_bytes(CONTENT[:1000])
    assert get(server).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]
    assert not (cache / "model.pth.part").exists()


def test_a_complete_part_is_taken_as_it_is(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "model.pth.part").write_bytes(CONTENT)
    assert get(server).read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_of_it_again(server: Server, cache: Path) -> None:
    server.ranges, server.break_after = False, [500_000]
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=500000-"]


def test_another_file_than_the_published_one_is_refused_and_deleted(server: Server, cache: Path) -> None:
    with pytest.raises(ValueError, match=rf"has SHA-256 {DIGEST}, the published one begins with 0badc0de"):
        get(server, sha256="0badc0de")
    assert [path.name for path in cache.iterdir()] == ["model.lock"]


def test_the_beginning_of_a_digest_is_enough(server: Server, cache: Path) -> None:
    assert get(server, sha256=DIGEST[:8]).exists()


def test_without_a_known_digest_the_one_that_came_is_said(
    server: Server, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="videoai"):
        get(server, sha256=None)
    assert f"SHA-256 {DIGEST} (none published to compare)" in caplog.text


def test_a_missing_file_names_url_and_the_ways_out(server: Server, cache: Path) -> None:
    server.status = 404
    with pytest.raises(OSError) as caught:
        get(server)
    message = str(caught.value)
    assert "\n" not in message
    assert "404" in message and server.url in message and str(cache / "model.pth") in message
    assert "weights=somebody/model:FILE" in message


def test_no_network_is_one_line(cache: Path) -> None:
    with pytest.raises(OSError, match=r"cannot download http://127\.0\.0\.1:9/x\.pth .*put it at .*model\.pth"):
        fetch("somebody/model", url="http://127.0.0.1:9/x.pth", page=None, sha256=None)


def test_weights_without_a_link_say_where_they_are_and_where_to_put_them(cache: Path) -> None:
    with pytest.raises(
        OSError, match=r"without a direct link\. Fetch it from https://drive\.example/x, then give it as"
    ):
        fetch("somebody/model", url=None, page="https://drive.example/x", sha256=None)
    cache.mkdir(parents=True)
    (cache / "model.bin").write_bytes(b"by hand")
    assert fetch("somebody/model", url=None, page="https://drive.example/x", sha256=None) == cache / "model.bin"


def test_a_file_put_there_by_hand_that_is_not_the_published_one_is_said(
    server: Server, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.mkdir(parents=True)
    (cache / "model.pth").write_bytes(b"saved again")
    assert get(server) == cache / "model.pth" and server.asked == []
    (line,) = caplog.messages
    assert f"{cache / 'model.pth'} has SHA-256 " in line and f"the published file begins with {DIGEST}" in line
    (cache / "model.pth").write_bytes(CONTENT)
    get(server)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("neighbour", ["model.README.txt", "model.pth.part", "model.lock", "model.json", "model"])
def test_what_lies_beside_weights_in_the_cache_is_not_taken_for_them(
    server: Server, cache: Path, neighbour: str
) -> None:
    cache.mkdir(parents=True)
    (cache / neighbour).write_bytes(b"")
    assert get(server).read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/cache"])
def test_a_cache_that_cannot_be_written_names_the_variable(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOAI_CACHE", place)
    with pytest.raises(OSError, match=rf"cannot write to the cache at {place}/weights/somebody .*Set VIDEOAI_CACHE to"):
        fetch("somebody/model", url="http://127.0.0.1:9/x.pth", page=None, sha256=None)


def test_a_cache_in_nobodys_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOAI_CACHE", "~nobody-of-that-name/cache")
    with pytest.raises(ValueError, match=r"VIDEOAI_CACHE=~nobody-of-that-name/cache: no such home folder"):
        fetch("somebody/model", url="http://127.0.0.1:9/x.pth", page=None, sha256=None)


def fetch_offline(home: Path) -> subprocess.CompletedProcess[str]:
    """A file of the hub, in a process of its own: huggingface_hub reads its variables when it is imported."""
    url = "https://huggingface.co/somebody/model/resolve/main/folder/weights.bin"
    code = (
        f"from videoai.models.published import download as d; print(d.fetch('hf/m', url='{url}', page='', sha256=None))"
    )
    variables = {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "VIDEOAI_CACHE": str(home / "cache")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})


@pytest.mark.slow
def test_a_file_of_hugging_face_comes_from_its_own_cache(tmp_path: Path) -> None:
    held = tmp_path / "hub" / "models--somebody--model"
    (held / "snapshots" / ("0" * 40) / "folder").mkdir(parents=True)
    (held / "snapshots" / ("0" * 40) / "folder" / "weights.bin").write_bytes(CONTENT)
    (held / "refs").mkdir()
    (held / "refs" / "main").write_text("0" * 40)
    out = fetch_offline(tmp_path)
    assert Path(out.stdout.strip()).read_bytes() == CONTENT, out.stderr


def test_a_file_of_hugging_face_that_cannot_be_had_is_one_line_with_the_ways_out(tmp_path: Path) -> None:
    last = fetch_offline(tmp_path).stderr.strip().splitlines()[-1]
    assert last.startswith("OSError: weights hf/m: cannot download https://huggingface.co/somebody/model/resolve/main/")
    assert f"put it at {tmp_path / 'cache' / 'weights' / 'hf' / 'm.bin'}, or give it as weights=hf/m:FILE." in last
