import logging
from types import SimpleNamespace

import pytest
import torch
import yaml

import videoai
from videoai.run.training import batch_size
from videoai.run.training.batch_size import Trial, largest_that_fits

TRAINER = {"batch_size": "auto", "max_epochs": 2, "precision": "fp32", "num_threads": 1, "log_every": 1}


class Memory:
    """Steps that run out of memory above a number of clips."""

    def __init__(self, room: int) -> None:
        self.room, self.tried = room, []

    def __call__(self, num_clips: int) -> None:
        self.tried.append(num_clips)
        if num_clips > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.mark.parametrize(("room", "unit", "most"), [(1, 1, 99), (7, 1, 99), (50, 1, 999), (50, 4, 999), (500, 3, 100)])
def test_the_largest_batch_that_fits_is_found_to_an_eighth_in_few_steps(room, unit, most):
    memory = Memory(room)
    found = largest_that_fits(memory, unit=unit, most=most)
    assert found <= min(room, most) and found % unit == 0
    assert found + max(unit, found // 8) >= min(room, most) // unit * unit
    assert len(memory.tried) < 30 and max(memory.tried) <= most


def test_a_gpu_that_is_too_small_for_any_batch_is_an_error_in_words():
    with pytest.raises(ValueError, match="too small for a batch of 2. Try trainer.activation_checkpointing=true"):
        largest_that_fits(Memory(1), unit=2, most=64)


def train(clip_folder, run_dir, **trainer):
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    given = {"data": data, "model": "tiny_r3d", "clip": "16x2x32", "run_dir": str(run_dir)}
    return videoai.train({**given, "trainer": {**TRAINER, **trainer}})


def test_the_size_is_found_once_and_decides_the_steps_of_an_epoch(clip_folder, tmp_path, monkeypatch, caplog):
    """Real trial steps, with a limit in the place of a GPU's memory; the device is the CPU."""
    caplog.set_level(logging.INFO)
    whole, measured = Trial.step, []

    def step(trial, num_clips):
        measured.append(num_clips)
        Memory(5)(num_clips)
        whole(trial, num_clips)

    def on_this_cpu(task, setup):
        trial = Trial(task, batch_size.sized(setup, 2))
        return batch_size.sized(trial.setup, largest_that_fits(trial.step, unit=1, most=64))

    monkeypatch.setattr(Trial, "step", step)
    monkeypatch.setattr("videoai.run.train.with_batch_size", on_this_cpu)
    videos = 16  # in the training split
    assert train(clip_folder, tmp_path, max_steps=3).step == 3
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert config["trainer"]["batch_size"] == 5
    assert measured[:2] == [1, 1] and max(measured) == 8
    assert f"{-(-videos // 5)} steps an epoch" in caplog.text


@pytest.mark.slow
def test_on_a_cpu_it_is_the_usual_one_which_a_continued_run_keeps(clip_folder, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    train(clip_folder, tmp_path, max_steps=1)
    assert "trainer.batch_size=auto: 16 clips on cpu" in caplog.text
    monkeypatch.setattr(batch_size, "USUAL", 4)
    assert train(clip_folder, tmp_path, max_steps=2).step == 2
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["trainer"]["batch_size"] == 16


def test_a_gpu_that_also_decodes_needs_a_number():
    settings = SimpleNamespace(
        trainer=SimpleNamespace(batch_size="auto"), augment=SimpleNamespace(repeats=1, repeats_in="batch")
    )
    setup = SimpleNamespace(settings=settings, device=torch.device("cuda"), reading={"decoder": "nvdec"})
    with pytest.raises(ValueError, match="batch_size=auto: .* with loading.decoder=nvdec .* Give a number"):
        batch_size.with_batch_size(None, setup)


def test_the_usual_size_is_a_multiple_of_the_clips_of_a_video_only_where_they_stand_in_one_batch(monkeypatch):
    monkeypatch.setattr(batch_size, "sized", lambda setup, size: size)
    trainer = SimpleNamespace(batch_size="auto")
    for repeats_in, size in (("batch", 18), ("steps", 16)):
        settings = SimpleNamespace(trainer=trainer, augment=SimpleNamespace(repeats=3, repeats_in=repeats_in))
        setup = SimpleNamespace(settings=settings, device=torch.device("cpu"))
        assert batch_size.with_batch_size(None, setup) == size
