"""What a killed export left is removed, and nothing else."""

from videoai.core.files import file_lock
from videoai.run.export.held_folder import LOCK, held_folder


def test_it_is_gone_afterwards_and_so_is_what_was_left(tmp_path):
    left, other = tmp_path / ".out-left", tmp_path / ".out-mine"
    for folder in (left, other):
        folder.mkdir()
        (folder / "half").write_text("half")
    (left / LOCK).touch()
    with held_folder(tmp_path / "out") as held:
        assert held.is_dir() and not left.exists()
    assert [one.name for one in tmp_path.iterdir()] == [".out-mine"]


def test_what_another_export_holds_stays(tmp_path):
    with held_folder(tmp_path / "out") as first, held_folder(tmp_path / "out") as second:
        assert first.is_dir() and second.is_dir() and first != second
    running = tmp_path / ".out-running"
    running.mkdir()
    with file_lock(running / LOCK), held_folder(tmp_path / "out"):
        assert running.is_dir()
