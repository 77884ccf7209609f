import os

import pytest

from videoai.core import checkpoint
from videoai.run.training.folder import RunFolder, copy_best, default_run_dir, find_resume

STATE = {"format": 1, "config": {}, "classes": ["a", "b"], "clip": {}, "model": {}, "step": 4}


def test_a_folder_is_continued_by_itself_and_never_overwritten(tmp_path):
    folder = RunFolder(tmp_path)
    assert find_resume(folder, "auto") is None
    checkpoint.save(folder.last, STATE)
    assert find_resume(folder, "auto")["step"] == 4
    with pytest.raises(ValueError, match="already holds a run"):
        find_resume(folder, "false")
    assert find_resume(RunFolder(tmp_path / "new"), str(folder.last))["step"] == 4


def test_going_on_from_another_run_brings_its_best_and_never_turns_back(tmp_path):
    before, here = RunFolder(tmp_path / "before"), RunFolder(tmp_path / "here")
    checkpoint.save(before.last, STATE)
    checkpoint.save(before.best, {**STATE, "step": 2})
    assert find_resume(here, str(before.last))["step"] == 4
    copy_best(here, str(before.last))
    assert checkpoint.load(here.best)["step"] == 2
    checkpoint.save(here.last, {**STATE, "step": 9})
    assert find_resume(here, str(before.last))["step"] == 9  # the same command, again, after a kill
    with pytest.raises(FileNotFoundError, match="resume=lst.pt: no such file"):
        find_resume(here, "lst.pt")


def test_a_best_that_is_a_pipe_is_not_waited_for(tmp_path):
    other = RunFolder(tmp_path / "other")
    checkpoint.save(other.last, STATE)
    os.mkfifo(other.best)
    assert find_resume(RunFolder(tmp_path / "run"), str(other.last))["step"] == 4
    copy_best(RunFolder(tmp_path / "run"), str(other.last))
    assert not (tmp_path / "run").exists()


def test_a_best_without_a_last_is_gone_on_from(tmp_path):
    """The first save is the best one; the disk may be full before the last one follows."""
    folder = RunFolder(tmp_path)
    checkpoint.save(folder.best, STATE)
    assert find_resume(folder, "auto")["step"] == 4


def test_a_refused_run_leaves_no_folder_and_a_killed_save_no_litter(tmp_path):
    with pytest.raises(ValueError, match="refused"), RunFolder(tmp_path / "new").locked():
        raise ValueError("refused")
    assert list(tmp_path.iterdir()) == []
    folder = RunFolder(tmp_path / "run")
    checkpoint.save(folder.last, STATE)
    (folder.last.parent / ".last.pt.abc123").write_text("half")
    with folder.locked():
        assert [path.name for path in folder.last.parent.iterdir()] == ["last.pt"]


def test_a_damaged_checkpoint_is_an_error_and_not_a_fresh_start(tmp_path):
    folder = RunFolder(tmp_path)
    checkpoint.save(folder.last, STATE)
    folder.last.write_bytes(folder.last.read_bytes()[:50])
    with pytest.raises(ValueError, match="last.pt: cannot be read"):
        find_resume(folder, "auto")


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write there"), RunFolder(tmp_path / "file" / "run").locked():
        pass


def test_one_process_at_a_time(tmp_path):
    with RunFolder(tmp_path).locked(), pytest.raises(OSError, match="another process"), RunFolder(tmp_path).locked():
        pass


def test_results_go_to_the_run_of_the_checkpoint(tmp_path):
    assert default_run_dir(f"{tmp_path}/a/checkpoints/best.pt") == tmp_path / "a"
    assert default_run_dir(f"{tmp_path}/best.pt") == tmp_path
