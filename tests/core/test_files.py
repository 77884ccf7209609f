"""Files that appear whole or not at all, tables, and locks between processes."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from videoai.core.files import cannot_write, csv_bytes, file_lock, open_atomic, write_atomic, write_together


def test_files_that_belong_together_are_replaced_together_or_not_at_all(tmp_path, monkeypatch):
    files = {tmp_path / "a.csv": b"old", tmp_path / "b.csv": b"old"}
    write_together(files)
    flushed, fsync = [], os.fsync

    def second_on_a_full_disk(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", second_on_a_full_disk)
    with pytest.raises(OSError, match=r"b\.csv: no room for 0.0 MB"):
        write_together(dict.fromkeys(files, b"new"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_a_limit_on_the_size_of_a_file_is_not_taken_for_a_full_disk(tmp_path):
    error = cannot_write(tmp_path / "last.pt", OSError(errno.EFBIG, os.strerror(errno.EFBIG)), num_bytes=3_500_000)
    assert "is too low for 3.5 MB (ulimit -f" in str(error) and "free" not in str(error)


@pytest.mark.parametrize("sync", [True, False])
def test_only_what_is_asked_to_survive_a_power_cut_is_flushed(tmp_path, monkeypatch, sync):
    flushed = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    write_atomic(tmp_path / "a", b"x", sync=sync)
    assert (tmp_path / "a").read_bytes() == b"x" and len(flushed) == (2 if sync else 0)  # the file and its folder


def test_a_block_that_raises_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match="bytes-like"), open_atomic(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and path.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/a\.csv: cannot be written \(.*\). Choose another folder"):
        write_atomic(tmp_path / "file" / "a.csv", b"x")


def test_files_are_readable_by_others_as_the_umask_says(tmp_path):
    write_atomic(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_table_keeps_commas_line_breaks_and_names_that_are_no_utf8():
    assert csv_bytes(["path", "label"], [["a,b", "c\nd"], [os.fsdecode(b"\xff.mp4"), 1]]) == (
        b'path,label\n"a,b","c\nd"\n\xff.mp4,1\n'
    )


def test_a_lock_is_held_against_other_processes_and_released_with_its_holder(tmp_path):
    code = "import sys; from videoai.core.files import file_lock\nwith file_lock(sys.argv[1], wait=False): pass"
    other = [sys.executable, "-c", code, str(tmp_path / "x.lock")]
    with file_lock(tmp_path / "x.lock"):
        refused = subprocess.run(other, capture_output=True, text=True)
        assert refused.returncode == 1 and "BlockingIOError" in refused.stderr
        lock = file_lock(tmp_path / "x.lock", wait=False)
        with pytest.raises(BlockingIOError, match=r"another process holds the lock.*x\.lock"):
            lock.__enter__()
    assert subprocess.run(other, capture_output=True).returncode == 0


def test_importing_it_imports_no_torch():
    code = "import sys, videoai.core.files; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_no_module_imports_fcntl_when_it_is_imported():
    """Windows has none. Inside a function of one platform it is welcome."""
    root = Path(__file__).parents[2] / "videoai"
    lines = ((path, line) for path in root.rglob("*.py") for line in path.read_text().splitlines())
    assert [f"{path}: {line}" for path, line in lines if line.startswith(("import fcntl", "from fcntl"))] == []
