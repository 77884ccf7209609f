"""Output where the terminal has no UTF-8."""

import os
import subprocess
import sys

import pytest

ASCII = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "videoai", *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, env={**os.environ, **environment})


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.slow)])
def test_tables_and_names_of_any_script_are_printed_in_what_the_terminal_has(clip_folder, tmp_path, encoding):
    for name, original in zip(
        ("走る", "прыжок"), sorted(clip_folder.glob("l*/")) + sorted(clip_folder.glob("u*/")), strict=False
    ):
        (tmp_path / name).symlink_to(original)
    done = run("data", "inspect", str(tmp_path), PYTHONIOENCODING=encoding, LC_ALL="C", PYTHONUTF8="0")
    text = done.stdout.decode(encoding)
    assert done.returncode == 0, done.stderr
    assert "+---" in text and "| " in text
    assert "\\u8d70\\u308b" in text


@pytest.mark.slow
def test_an_error_about_a_name_of_any_script_is_printed(tmp_path):
    done = run("data", "inspect", str(tmp_path / "走る"), **ASCII)
    assert done.returncode == 1
    assert b"\\u8d70" in done.stderr and b"Traceback" not in done.stderr
