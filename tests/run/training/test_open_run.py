import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import videoai
from videoai.compose.settings import from_arguments
from videoai.core import process_group
from videoai.core.loggers import Logger
from videoai.run.train import with_synchronized_norms
from videoai.run.training import compiling, open_run
from videoai.settings.training import TrainSettings

SMALL = {"batch_size": 6, "max_steps": 3, "precision": "fp32", "num_threads": 1, "log_every": 1, "eval_every": 3}


class BreaksAtTwo(Logger):
    """A custom logger, beside the run."""

    def __init__(self, *, told, run_dir, name, config, start_step):
        self.path = run_dir / told
        with self.path.open("a") as file:
            file.write(f"{name} precision {config['trainer']['precision']} from {start_step}\n")

    def scalars(self, step, split, values):
        if step == 2:
            raise ConnectionError("the server is gone")
        with self.path.open("a") as file:
            file.write(f"{step} {split}\n")


@pytest.fixture
def own(monkeypatch):
    """The node of the class above, importable under a name of its own."""
    import sys
    import types

    monkeypatch.setitem(sys.modules, "loggers_of_mine", types.ModuleType("loggers_of_mine"))
    monkeypatch.setattr("loggers_of_mine.BreaksAtTwo", BreaksAtTwo, raising=False)
    return {"_target_": "loggers_of_mine.BreaksAtTwo", "told": "told.txt"}


def train(clip_folder, run_dir, **changes):
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    given = {"data": data, "model": "frame_only", "clip": "16x2x32", "trainer": SMALL, "run_dir": str(run_dir)}
    return videoai.train({**given, **changes})


def steps(run_dir) -> list[tuple[int, str]]:
    records = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    return [(record["step"], record["split"]) for record in records]


def test_a_logger_that_fails_in_the_middle_is_named_and_the_run_ends_as_it_should(clip_folder, tmp_path, own, caplog):
    done = train(clip_folder, tmp_path, logger=[own], name="mine")
    assert done.step == 3 and steps(tmp_path) == [(1, "train"), (2, "train"), (3, "train"), (3, "val")]
    assert (tmp_path / "told.txt").read_text().splitlines() == ["mine precision fp32 from 0", "1 train"]
    warned = [record.getMessage() for record in caplog.records if "failed" in record.getMessage()]
    assert len(warned) == 1 and "loggers_of_mine.BreaksAtTwo" in warned[0] and "the server is gone" in warned[0]
    assert not (tmp_path / "tensorboard").exists()
    train(clip_folder, tmp_path, logger=[own], name="mine", trainer={**SMALL, "max_steps": 4})
    assert (tmp_path / "told.txt").read_text().splitlines()[2:] == ["mine precision fp32 from 3", "4 train", "4 val"]


def test_without_loggers_a_run_keeps_its_own_record_alone(clip_folder, tmp_path):
    train(clip_folder, tmp_path, logger=[], report=False)
    assert {path.name for path in tmp_path.iterdir()} == {
        ".lock",
        "checkpoints",
        "config.yaml",
        "metrics.jsonl",
        "status.json",
    }
    assert len(steps(tmp_path)) == 4


def test_a_logger_whose_package_is_missing_is_refused_before_there_is_a_run(clip_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("videoai.core.loggers.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"logger=wandb needs the package wandb: pip install 'videoai\[wandb\]'"):
        train(clip_folder, tmp_path / "run", logger=["tensorboard", "wandb"])
    assert not (tmp_path / "run").exists()


def test_a_run_that_began_with_the_former_setting_continues_with_other_loggers(clip_folder, tmp_path):
    train(clip_folder, tmp_path, logger=[])
    path = tmp_path / "checkpoints" / "last.pt"
    state = torch.load(path, weights_only=True)
    state["config"]["trainer"]["tensorboard"] = not state["config"].pop("logger")
    torch.save(state, path)
    done = train(clip_folder, tmp_path, logger=["tensorboard"], trainer={**SMALL, "max_steps": 4})
    assert done.step == 4 and (tmp_path / "tensorboard").exists()


def synchronized(*words):
    return from_arguments(TrainSettings, ["trainer.sync_batch_norm=true", "device=cpu", *words]).settings()


@pytest.mark.parametrize(
    ("device", "words", "said"),
    [
        ("cpu", "trainer.accumulate=4", "works on GPUs, and these processes train on the CPU"),
        ("cuda", "trainer.accumulate=5", "cannot share .*=5 .* evenly"),
        ("cuda", "trainer.accumulate=4 trainer.compile=blocks", "are not compiled, and trainer.compile=blocks"),
    ],
)
def test_norms_that_cannot_be_synchronized_are_refused(monkeypatch, device, words, said):
    monkeypatch.setattr(process_group, "world_size", lambda: 2)
    monkeypatch.setattr(open_run, "resolve_device", lambda asked: torch.device(device))
    with pytest.raises(ValueError, match=f"trainer.sync_batch_norm=true: .*{said}"):
        open_run.check_sync_batch_norm(synchronized(*words.split()))


def test_norms_that_wait_for_each_other_are_not_tried_in_the_compiler_by_one_process(monkeypatch):
    monkeypatch.setattr(process_group, "world_size", lambda: 2)
    settings = synchronized("trainer.accumulate=2")
    setup = SimpleNamespace(settings=settings, training=settings, device=torch.device("cuda"))
    assert compiling.resolve(SimpleNamespace(takes_probes=True), setup, nn.BatchNorm3d(2), None) == "off"


def test_norms_of_one_process_stay_as_they_are_and_that_is_said(caplog):
    settings, model = synchronized(), nn.Sequential(nn.BatchNorm3d(2))
    open_run.check_sync_batch_norm(settings)
    with caplog.at_level("INFO"):
        with_synchronized_norms(model, settings)
    assert "changes nothing here: this is one process" in caplog.text
    assert type(model[0]) is nn.BatchNorm3d


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"memory": True}, "profile.memory=true is for a GPU, and this run trains on cpu"),
        ({"steps": [2, 4]}, r"profile.steps=\[2,4\]: the run ends at step 3"),
    ],
)
def test_a_profile_that_there_will_not_be_is_refused_before_data_are_read(tmp_path, profile, message):
    with pytest.raises(ValueError, match=message):  # not the missing clips
        train(tmp_path / "nowhere", tmp_path / "run", device="cpu", profile=profile)
    assert not (tmp_path / "run").exists()


def test_profile_steps_behind_the_epochs_leave_no_folder(clip_folder, tmp_path):
    """18 training clips in batches of 6: 2 epochs are 6 steps."""
    trainer = {**SMALL, "max_steps": None, "max_epochs": 2}
    with pytest.raises(ValueError, match=r"profile.steps=\[2,7\]: the run ends at step 6. Give \[first, last\]"):
        train(clip_folder, tmp_path / "run", trainer=trainer, profile={"steps": [2, 7]})
    assert not (tmp_path / "run").exists()
