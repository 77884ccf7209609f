"""Uploads on disk, and the names that clients give them."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

pytest.importorskip("python_multipart", reason="the extra serve is not installed")

from tests.serving.conftest import file_part
from videoai.data.media import BadVideo
from videoai.serving.problem import Problem, of_bad_video
from videoai.serving.uploads import LOCK, PREFIX, Upload, UploadFolder, remove_left_behind, shown_name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a.mp4", "a.mp4"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\r\nSet-Cookie: b\x00\x7f.mp4", "aSet-Cookie: b.mp4"),
        ("\u202egpj.exe\u200b", "gpj.exe"),
        ("\ud800.mp4", ".mp4"),
        ("x" * 1000, "x" * 200),
        ("folder/", "upload"),
    ],
)
def test_a_shown_name_has_no_folder_and_no_control_characters(given, shown):
    assert shown_name(given) == shown


def test_a_folder_is_private_and_goes_with_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with UploadFolder() as folder:
        assert folder.path.stat().st_mode & 0o077 == 0
        with folder.new_file() as path:
            assert path.parent == folder.path and path.stat().st_mode & 0o077 == 0
        assert not path.exists()
        with folder.new_file():
            pass
        with pytest.raises(ZeroDivisionError), folder.new_file() as path:
            raise ZeroDivisionError
        assert not path.exists()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_server_left_goes_and_what_a_living_one_has_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, foreign = tmp_path / f"{PREFIX}dead", tmp_path / "other-dead"
    for folder in (dead, foreign):
        folder.mkdir()
        (folder / LOCK).touch()
        (folder / "upload-1").write_bytes(b"video")
    (tmp_path / f"{PREFIX}link").symlink_to(foreign)
    (tmp_path / f"{PREFIX}no-lock").mkdir()  # being made just now, perhaps
    command = (
        "import sys; from videoai.serving.uploads import *; folder = UploadFolder(); folder.__enter__();"
        "print(folder.path, flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    living = subprocess.Popen(
        [sys.executable, "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    with living:
        assert living.stdin and living.stdout
        its = Path(living.stdout.readline().strip())
        remove_left_behind(tmp_path)
        kept = {one.name for one in tmp_path.iterdir()}
        living.stdin.close()
    assert kept == {its.name, "other-dead", f"{PREFIX}link", f"{PREFIX}no-lock"}
    assert (foreign / "upload-1").exists()


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_form_is_written_as_it_comes(step):
    written = BytesIO()
    upload = Upload("multipart/form-data; boundary=edge", written)
    body = b"--edge\r\n" + file_part(b"\r\n--edg\r\n" * 50, "Käse.mp4".encode()) + b"\r\n--edge--\r\n"
    for start in range(0, len(body), step):
        upload.write(body[start : start + step])
    upload.end()
    assert written.getvalue() == b"\r\n--edg\r\n" * 50 and upload.name == "Käse.mp4"


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("multipart/form-data", b"", "without a boundary"),
        ("multipart/form-data; boundary=edge", b"--edge\r\n" + file_part(b"x"), "breaks off"),
        ("multipart/form-data; boundary=edge", b"nothing", "cannot be read"),
        (f"multipart/form-data; boundary={'x' * 3000}", b"", "cannot be read"),
        ("application/json", b"{}", "a body of application/json holds no file"),
    ],
)
def test_a_body_without_a_file_is_refused(kind, body, message):
    with pytest.raises(Problem, match=message):
        take(kind, body)


def take(kind: str, body: bytes) -> None:
    upload = Upload(kind, BytesIO())
    upload.write(body)
    upload.end()


def test_a_path_of_this_machine_is_in_no_answer():
    bad = BadVideo("/tmp/secret/upload-1", "corrupt", "index", "Invalid data: '/tmp/secret/upload-1'")
    problem = of_bad_video(bad, "mine.mp4")
    assert problem.status == 422 and str(problem) == "mine.mp4: corrupt while indexing: Invalid data: 'mine.mp4'"
