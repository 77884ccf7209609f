import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import pytest
import yaml

from videoai.compose.arguments import put
from videoai.compose.settings import from_arguments
from videoai.core import checkpoint
from videoai.run.training.choose_folder import hold_folder
from videoai.run.training.folder import FolderInUse, RunFolder
from videoai.settings.parse import complete, to_dict
from videoai.settings.training import TrainSettings

STATE = {"format": 1, "classes": ["a", "b"], "clip": {}, "model": {}, "step": 4}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of clips in the current folder, and another of the same name."""
    monkeypatch.chdir(tmp_path)
    for folder in ("clips", "more/clips"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@cache
def composed(*words):
    return from_arguments(TrainSettings, ["data=folder", "data.root=clips", "model=frame_only", *words])


def settings(*words):
    """The settings of a command line; what differs is put in, since composing takes a while."""
    whole = copy.deepcopy(composed().whole)
    for word in words:
        key, _, value = word.partition("=")
        put(whole, key, yaml.safe_load(value))
    return replace(composed(), whole=complete(TrainSettings, whole)).settings()


def begin(*words, saves=True) -> str:
    """The name of the folder that a run of these words takes."""
    asked = settings(*words)
    with hold_folder(asked) as folder:
        folder.write_config(to_dict(asked))
        if saves:
            checkpoint.save(folder.last, {**STATE, "config": to_dict(asked)})
        else:
            (folder.path / "metrics.jsonl").touch()
    return folder.path.name


OTHERS = {
    "optim.lr=0.1": "optim.lr=auto",
    "seed=3": "seed=0",
    "data.root=more/clips": "data.root=",
    "imbalance.sampler=balanced": "imbalance.sampler=uniform",
}


@pytest.mark.parametrize("other", OTHERS)
def test_other_settings_begin_the_next_numbered_run_and_say_what_differs(other, caplog):
    caplog.set_level("INFO")
    assert begin() == "clips-frame_only" and not caplog.text
    assert begin(other) == "clips-frame_only-2"
    assert f"runs/clips-frame_only holds a run with {OTHERS[other]}" in caplog.text
    assert caplog.text.strip().endswith("; this one is runs/clips-frame_only-2")


def test_an_earlier_command_finds_its_own_run_among_the_numbered_ones():
    rates = ["optim.lr=0.1", "optim.lr=0.2", "optim.lr=0.3"]
    names = [begin(rate) for rate in rates]
    assert names == ["clips-frame_only", "clips-frame_only-2", "clips-frame_only-3"]
    assert [begin(rate) for rate in reversed(rates)] == names[::-1]


@pytest.mark.parametrize("word", ["trainer.max_steps=9", "loading.num_workers=0", "logger=[]", "trainer.log_every=3"])
def test_what_a_continued_run_may_change_begins_no_new_one(word):
    assert begin() == begin(word) == "clips-frame_only"


def test_clips_that_were_moved_are_the_same_clips(here):
    begin()
    (here / "clips").rename(here / "more" / "moved")
    assert begin("data.root=more/moved", "name=clips-frame_only") == "clips-frame_only"


def test_a_new_run_can_be_asked_for(caplog):
    caplog.set_level("INFO")
    assert [begin("resume=false") for _ in range(3)] == [f"clips-frame_only{number}" for number in ("", "-2", "-3")]
    assert "runs/clips-frame_only holds a run with the same settings" in caplog.text


@pytest.mark.parametrize("word", ["optim.lr=0.004", "optim.lr=0.1"])
def test_a_run_that_ended_before_its_first_checkpoint_leaves_its_place_to_the_next(word):
    assert begin(saves=False) == begin(word) == "clips-frame_only"


def test_a_number_is_not_given_twice(here):
    for rate in (1, 2, 3):
        begin(f"optim.lr=0.{rate}")
    for name in ("clips-frame_only-2", "clips-frame_only-x", "clips-frame_only-10"):
        (here / "runs" / name).rename(here / "away") if name.endswith("-2") else (here / "runs" / name).mkdir()
    (here / "runs" / "clips-frame_only-10" / "config.yaml").write_text("seed: 0\n")
    checkpoint.save(here / "runs/clips-frame_only-10/checkpoints/last.pt", {**STATE, "config": {}})
    assert begin("optim.lr=0.9") == "clips-frame_only-11"


@pytest.mark.parametrize("folder", ["mine", "runs/clips-frame_only"])
def test_a_named_folder_is_taken_whatever_it_holds(folder):
    for rate in (1, 2):
        with hold_folder(settings(f"run_dir={folder}", f"optim.lr=0.{rate}")) as held:
            assert held.path.name == folder.rpartition("/")[2]
            checkpoint.save(held.last, {**STATE, "config": {}})


def test_runs_that_begin_at_the_same_moment_take_different_folders():
    together = threading.Barrier(4, timeout=30)

    def run(asked) -> str:
        together.wait()
        with hold_folder(asked) as folder:
            together.wait()  # all hold one
            return folder.path.name

    with ThreadPoolExecutor(4) as pool:
        names = sorted(pool.map(run, [settings(f"optim.lr=0.{rate}") for rate in range(1, 5)]))
    assert names == [f"clips-frame_only{number}" for number in ("", "-2", "-3", "-4")]


def test_the_same_command_twice_at_a_time_is_refused():
    with hold_folder(settings()), pytest.raises(FolderInUse, match="another process is training here"):
        begin()


def test_a_run_that_training_never_reached_leaves_nothing(here):
    with pytest.raises(ValueError, match="refused"), hold_folder(settings()):
        raise ValueError("refused")
    assert not (here / "runs").exists()


def test_a_damaged_run_is_named_and_not_passed_over(here):
    begin()
    folder = RunFolder(here / "runs" / "clips-frame_only")
    (folder.path / "config.yaml").unlink()
    folder.last.write_bytes(folder.last.read_bytes()[:50])
    with pytest.raises(ValueError, match="last.pt: cannot be read"):
        begin()


TITLES = {
    "clips": {"name": "folder", "root": "/a/clips"},
    "my_clips": {"name": "folder", "root": "/a/my clips/"},
    "fights": {"name": "csv", "path": "/a/fights/clips.csv"},
    "fold_3": {"name": "csv", "path": "/a/fights/fold_3.csv"},
    "jumps": {"name": "json", "path": "/a/jumps.json"},
    "packed": {"name": "shards", "path": "s3://bucket/packed?x=1"},
    "ucf101": {"name": "ucf101", "root": "/a/clips"},
    "motion16": {"name": "motion16"},
    "folder": {"name": "folder", "root": "/"},
}


@pytest.mark.parametrize("title", TITLES)
def test_a_run_is_named_after_its_data(title):
    whole = {**composed().whole, "data": TITLES[title]}
    given = replace(composed(), whole=complete(TrainSettings, whole)).settings()
    assert (given.name, given.run_dir) == (f"{title}-frame_only", None)
