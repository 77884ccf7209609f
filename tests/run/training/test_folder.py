import copy
import logging
import os
import re

import pytest

from videoai.compose.former import complete
from videoai.core import checkpoint
from videoai.run.training.folder import RunFolder, continued, default_run_dir, find_resume, flatten

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
    assert checkpoint.load(here.best)["step"] == 2
    checkpoint.save(here.last, {**STATE, "step": 9})
    assert find_resume(here, str(before.last))["step"] == 9  # the same command, again, after a kill


def test_a_best_that_is_a_pipe_is_not_waited_for(tmp_path):
    other = RunFolder(tmp_path / "other")
    checkpoint.save(other.last, STATE)
    os.mkfifo(other.best)
    assert find_resume(RunFolder(tmp_path / "run"), str(other.last))["step"] == 4
    assert not (tmp_path / "run").exists()


def test_more_threads_than_machines_have_are_not_taken_from_a_checkpoint():
    then, now = ({"trainer": {"num_threads": number}, "run_dir": "run"} for number in (100_000, "auto"))
    with pytest.raises(
        ValueError, match="trainer.num_threads was 100000 .* To have so many: trainer.num_threads=100000"
    ):
        continued(now, then)
    assert continued(then, then)["trainer"]["num_threads"] == 100_000  # the person says so


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


def test_auto_takes_the_value_that_the_run_began_with():
    before = {"run_dir": "r", "trainer": {"precision": "bf16", "layout": "channels_last_3d", "max_steps": 5}}
    now = {"run_dir": "r", "trainer": {"precision": "auto", "layout": "auto", "max_steps": 9}}
    assert continued(now, before)["trainer"] == {"precision": "bf16", "layout": "channels_last_3d", "max_steps": 9}


def test_a_changed_setting_names_what_it_was_and_is():
    with pytest.raises(ValueError, match=r"optim.lr was 0.1, is 0.2; optim.name was \(not set\), is sgd"):
        continued({"run_dir": "r", "optim": {"lr": 0.2, "name": "sgd"}}, {"run_dir": "r", "optim": {"lr": 0.1}})


MAY_CHANGE = {  # literally: a setting that slips in here changes weights without a word
    *("run_dir", "resume", "debug", "device", "name", "judge", "cas_steps", "synthetic.source"),
    *(f"trainer.{name}" for name in ("max_steps", "max_epochs", "eval_every", "save_every", "log_every")),
    *("trainer.patience", "trainer.tensorboard", "data.num_workers", "data.max_bad_fraction", "data.verify"),
    *("data.isolated", "data.root", "data.path", "data.annotations", "data.max_missing_fraction"),
}


@pytest.mark.parametrize("task", ["classify", "gan"])
def test_every_setting_that_makes_the_weights_is_refused_when_it_changes(task):
    before = complete({"data": {"name": "folder", "root": "x"}, **({"task": "gan"} if task == "gan" else {})})[0]
    settings = flatten(before)
    assert {"trainer.ema_decay", "data.flip", "clip.stride"} <= set(settings)
    for key in settings:
        *groups, name = key.split(".")
        now = copy.deepcopy(before)
        node = now
        for group in groups:
            node = node[group]
        node[name] = "another"
        if key in MAY_CHANGE:
            continued(now, before)
        else:
            with pytest.raises(ValueError, match=rf"holds a run with other settings: {re.escape(key)} was"):
                continued(now, before)


def test_a_setting_that_is_newer_than_the_run_is_no_change_at_its_default(caplog):
    before = {"run_dir": "r", "data": {"root": "x"}}
    now = {"run_dir": "r", "data": {"root": "x", "frame_fps": None}}
    with caplog.at_level(logging.INFO):
        assert continued(now, before, at_default={"run_dir", "data.frame_fps"}) == now
    assert "settings newer than this run, at their defaults: 1 (data.frame_fps=None)" in caplog.text
    caplog.clear()
    continued(now, now, at_default={"data.frame_fps"})
    assert caplog.text == ""


def test_a_newer_setting_at_another_value_and_a_changed_one_at_its_default_are_refused():
    before = {"run_dir": "r", "optim": {"lr": 0.1}}
    with pytest.raises(ValueError, match=r"settings: optim.beta was \(not set\), is 12\. "):
        continued({"run_dir": "r", "optim": {"lr": 0.1, "beta": 12}}, before, at_default={"optim.lr"})
    with pytest.raises(ValueError, match=r"settings: optim.lr was 0.1, is 0.2\. "):
        continued({"run_dir": "r", "optim": {"lr": 0.2}}, before, at_default={"optim.lr"})


def test_a_setting_that_is_gone_is_named():
    with pytest.raises(
        ValueError, match=r"optim.old was 1, is \(no setting now\).*with the videoai that began the run"
    ):
        continued({"run_dir": "r", "optim": {"lr": 0.1}}, {"run_dir": "r", "optim": {"lr": 0.1, "old": 1}})


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


def test_flatten_joins_keys():
    assert flatten({"a": {"b": 1, "c": {}}, "d": [1]}) == {"a.b": 1, "a.c": {}, "d": [1]}


def test_a_schedule_of_another_length_is_said(caplog):
    before = {"run_dir": "r", "schedule": {"name": "cosine"}, "trainer": {"max_epochs": 2, "max_steps": None}}
    after = {**before, "trainer": {"max_epochs": 3, "max_steps": None}}
    continued(after, before)
    assert "trainer.max_epochs was 2, is 3: the schedule runs over another length" in caplog.text
    caplog.clear()
    continued({**before, "trainer": {"max_epochs": 2, "max_steps": 5}}, before)
    assert caplog.text == ""


def test_a_run_from_before_a_setting_keeps_what_it_did_then():
    """``gan.sameness_weight`` is 2 today; runs from before it had no such loss."""
    for before in ({"run_dir": "r"}, {"gan": {"sameness_weight": 0.0}}):  # begun then, and continued once
        now = {"run_dir": "r", "gan": {"sameness_weight": 2.0}}
        assert continued(now, before, at_default={"gan.sameness_weight"})["gan"]["sameness_weight"] == 0.0
    with pytest.raises(ValueError, match=r"gan\.sameness_weight was \(not set\), is 3\.0"):
        continued({"run_dir": "r", "gan": {"sameness_weight": 3.0}}, {"run_dir": "r"}, at_default=())
