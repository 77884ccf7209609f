"""What the tests of the API share: a server of its own process, and clients that misbehave."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any  # JSON as it is read, else bytes


class Serving:
    """``videoai serve`` as a process, whose temporary files lie in a folder of the test."""

    def __init__(
        self, folder: Path, *words: str, verb: str = "serve", before: Sequence[str] = (), **environment: str
    ) -> None:
        """before: words of a command that starts it."""
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self.log = folder / "stderr"
        given = {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary), **environment}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "videoai", verb, *words, "port=0", "device=cpu"],
                cwd=folder, env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), self.log.read_text()
        self.port = int(self.url.rpartition(":")[2])

    def ask(self, method: str, path: str, body: bytes | None = None, timeout: float = 60, **headers: str) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answer(answer.status, dict(answer.headers), json.loads(read) if is_json else read)

    def post(self, body: bytes, query: str = "", **headers: str) -> Answer:
        """The video as the body."""
        return self.ask("POST", f"/predict{query}", body, Content_Type="video/mp4", **headers)

    def post_form(self, *parts: bytes, query: str = "") -> Answer:
        """A form of these parts, head and content each."""
        body = b"".join(b"--edge\r\n%s\r\n" % part for part in parts) + b"--edge--\r\n"
        return self.ask("POST", f"/predict{query}", body, Content_Type="multipart/form-data; boundary=edge")

    def uploads(self) -> list[Path]:
        """What lies on the disk of what clients sent."""
        return [one for one in self.temporary.rglob("upload-*") if one.is_file()]

    def wait_for(self, what: Callable[[], bool], seconds: float = 20) -> None:
        """Until it holds."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        """As a service manager ends it. Returns: the exit code."""
        self.process.send_signal(number)
        with self.process:
            return self.process.wait(60)


def file_part(content: bytes, name: bytes = b"clip.mp4") -> bytes:
    """The part of a form that is a file."""
    return b'Content-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s' % (name, content)


@pytest.fixture(scope="session")
def best(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with fresh weights that knows the classes of ``clip_folder``."""
    import torch

    from videoai.core import checkpoint
    from videoai.core.types import ClipSpec
    from videoai.models import create_model

    path = tmp_path_factory.mktemp("served") / "best.pt"
    torch.manual_seed(0)
    classes = ["down", "left", "right", "up"]
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": "tiny_r3d"}, "data": {}},
        "classes": classes,
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": create_model("tiny_r3d", num_classes=len(classes)).state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(path, state)
    return path


@pytest.fixture
def start(tmp_path: Path, best: Path) -> Iterator[Callable[..., Serving]]:
    """Starts servers of ``best``, and ends those that still run."""
    started: list[Serving] = []

    def new(*words: str, **environment: str) -> Serving:
        started.append(Serving(tmp_path, f"checkpoint={best}", *words, **environment))
        return started[-1]

    yield new
    for one in started:
        one.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, best: Path) -> Iterator[Serving]:
    """One for tests that leave it as it was."""
    words = ("max_upload_mb=1", "pause_seconds=1", "upload_seconds=3", "num_workers=1", "max_connections=40")
    made = Serving(tmp_path_factory.mktemp("server"), f"checkpoint={best}", *words)
    yield made
    assert made.end() == 0
    assert not list(made.temporary.iterdir())
