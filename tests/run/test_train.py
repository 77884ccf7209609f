import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

import videoai
from videoai.compose.settings import from_keywords
from videoai.data.decode.nvdec import MIN_SIDE
from videoai.data.encode import write_clip
from videoai.inference.initial_weights import load_weights
from videoai.inference.load import build_model
from videoai.run.train import build_trainer, resolve
from videoai.run.training.open_run import open_run
from videoai.run.training.pace import pace
from videoai.run.training.set_up import steps_per_epoch
from videoai.settings.training import TrainSettings
from videoai.tasks.supervised import new_freeze
from videoai.tasks.task import Setup

SMALL = {"batch_size": 6, "precision": "fp32", "tensorboard": False, "log_every": 1}


def settings_from(given: dict) -> TrainSettings:
    return from_keywords(
        TrainSettings, {key: value for key, value in given.items() if (key, value) != ("task", "gan")}
    ).settings()


def config(clip_folder, tmp_path, **changes) -> dict:
    given = {
        "data": {"name": "folder", "root": str(clip_folder), "num_workers": 0},
        "trainer": SMALL,
        "run_dir": str(tmp_path / "run"),
    }
    return {**given, **changes}


def setup_of(full: TrainSettings, num_videos: int = 18) -> Setup:
    """Only what the steps of a run depend on."""
    nothing: Any = None
    parts = dict.fromkeys(
        ("manifest", "fingerprint", "clip", "outputs", "target", "reading", "num_workers", "device"), nothing
    )
    return Setup(settings=full, steps_per_epoch=steps_per_epoch(full, num_videos), folder=Path(), **parts)


def test_train_from_python_takes_names_dicts_and_dotted_keys(clip_folder, tmp_path):
    done = videoai.train(config(clip_folder, tmp_path), model="frame_only", **{"trainer.max_steps": 2})
    assert done.step == 2
    again = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert again["model"]["name"] == "frame_only"
    again["trainer"]["max_steps"] = 3
    assert videoai.train(again).step == 3  # config.yaml repeats, here continues, the run


def test_an_unknown_setting_is_named_with_the_nearest(clip_folder, tmp_path):
    with pytest.raises(ValueError, match="unknown setting 'trainer.max_step'. Did you mean trainer.max_steps"):
        videoai.train(config(clip_folder, tmp_path), **{"trainer.max_step": 2})


@pytest.mark.parametrize(
    ("settings", "stop", "total"),
    [
        ({"max_epochs": 3, "max_steps": None}, 9, 9),
        ({"max_epochs": 3, "max_steps": 4}, 4, 9),
        ({"max_epochs": 3, "max_steps": 99}, 9, 9),
        ({"max_epochs": None, "max_steps": 99}, 99, 99),
    ],
)
def test_epochs_shape_the_schedule_and_steps_only_stop(clip_folder, tmp_path, settings, stop, total):
    full = settings_from(config(clip_folder, tmp_path, trainer={**SMALL, **settings}))
    actual = pace(setup_of(full), evaluations=20)
    assert (actual.cadence.stop_step, actual.total_steps) == (stop, total)


def test_an_epoch_with_repeats_still_draws_every_video_once(clip_folder, tmp_path):
    given = config(clip_folder, tmp_path, trainer={**SMALL, "max_epochs": 3}, augment={"repeats": 2})
    assert pace(setup_of(settings_from(given)), evaluations=20).total_steps == 18


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_epochs": None, "max_steps": None}, "training needs an end"),
    ],
)
def test_runs_without_an_end_or_size_are_refused(clip_folder, tmp_path, settings, message):
    full = settings_from(config(clip_folder, tmp_path, trainer={**SMALL, **settings}))
    with pytest.raises(ValueError, match=message):
        pace(setup_of(full), evaluations=20)


def test_too_many_unreadable_training_videos_stop_the_run(clip_folder, tmp_path):
    root = tmp_path / "data"
    for name in ("left", "up"):
        (root / name).mkdir(parents=True)
        for file in (clip_folder / name).iterdir():
            (root / name / file.name).symlink_to(file)
        (root / name / "broken.mp4").write_bytes(b"\0" * 500)
    given = config(
        clip_folder, tmp_path, data={"name": "folder", "root": str(root), "num_workers": 0, "val_fraction": 0.2}
    )
    with pytest.raises(ValueError, match="training videos are unreadable, more than loading.max_bad_fraction=0.05"):
        videoai.train(given, trainer={**SMALL, "max_epochs": 3})


def test_ten_steps_on_real_clips_give_the_golden_losses(clip_folder, tmp_path, golden):
    """Decoding, sampling, transforms, default model and optimizer in one. 2e-3: encoders differ a little."""
    videoai.train(config(clip_folder, tmp_path), trainer={**SMALL, "max_steps": 10})
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    golden("train_ten_steps", [json.loads(line)["loss"] for line in lines if '"train"' in line], 2e-3)


@pytest.mark.parametrize(
    "model",
    [{"name": "tiny_r3d"}, pytest.param({"name": "cnn_lstm", "backbone": "resnet10t"}, marks=pytest.mark.slow)],
)
def test_activation_checkpointing_keeps_the_statistics_of_batch_norms(clip_folder, tmp_path, model):
    """Only one step of two micro-batches is compared: later steps follow gradients, whose sums may round otherwise."""
    kept = []
    for again in (False, True):
        given = config(clip_folder, tmp_path, run_dir=str(tmp_path / str(again)), model=model, clip="16x2x32")
        more = {"max_steps": 1, "accumulate": 2, "batch_size": 3, "num_threads": 1, "activation_checkpointing": again}
        done = videoai.train(given, trainer={**SMALL, **more})
        state = torch.load(done.checkpoint, weights_only=True)["model"]
        kept.append({key: value for key, value in state.items() if key.endswith(("running_mean", "running_var"))})
        assert {int(value) for key, value in state.items() if key.endswith("num_batches_tracked")} == {2}
    assert kept[0] and all(torch.equal(kept[0][key], kept[1][key]) for key in kept[0])


def test_a_run_is_assembled_without_touching_the_console(clip_folder, tmp_path, capsys):
    full = settings_from(config(clip_folder, tmp_path))
    with open_run(resolve(full)) as run:
        trainer = build_trainer(run)
    assert trainer.step == 0
    assert capsys.readouterr().out == ""


RNN = {"name": "tiny_cnn_gru", "hidden_size": 4}


@pytest.mark.parametrize(
    ("model", "first"), [("tiny_r3d", "stem.0.weight, stem.1.weight"), (RNN, "backbone.convs.0.0.weight")]
)
def test_what_nothing_has_trained_is_not_frozen_to_the_end(clip_folder, tmp_path, model, first):
    given = config(clip_folder, tmp_path) | {"model": model}
    with pytest.raises(ValueError, match=rf"tensors that nothing has trained \({first}.*to the end.*finetune=gradual"):
        videoai.train(given, trainer={**SMALL, "max_steps": 1}, finetune="linear_probe")


def test_a_recurrent_layer_behind_loaded_frames_is_not_frozen_to_the_end(clip_folder, tmp_path):
    """The backbone may be trained; the layers between it and the head are not."""
    full = settings_from(config(clip_folder, tmp_path) | {"model": RNN, "finetune": "linear_probe"})
    model = build_model(full.model, num_classes=4)
    fresh = load_weights(model, replace(full, model={**full.model, "backbone_pretrained": True}), ["a", "b", "c", "d"])
    with pytest.raises(ValueError, match=r"holds 6 tensors that nothing has trained \(norm\.weight, norm\.bias, rnn\."):
        new_freeze(full.finetune, model, fresh, steps_per_epoch=3)
    freeze = new_freeze(replace(full.finetune, unfreeze_epoch=1), model, fresh, steps_per_epoch=3)
    assert freeze is not None and set(freeze.trainable) == {"head.weight", "head.bias"}


def test_what_was_loaded_may_be_frozen(clip_folder, tmp_path):
    first = videoai.train(config(clip_folder, tmp_path), trainer={**SMALL, "max_steps": 1})
    given = config(clip_folder, tmp_path, run_dir=str(tmp_path / "probe"), weights=first.checkpoint)
    assert videoai.train(given, trainer={**SMALL, "max_steps": 2}, finetune="linear_probe").step == 2


EVERYTHING = {
    "augment": {
        "scale": [0.5, 1.0],
        "color_jitter": 0.3,
        "policy": "randaugment",
        "erase": 0.5,
        "mixup": 0.2,
        "speed": 2.0,
        "time_jitter": 1.0,
        "frame_drop": 0.1,
        "repeats": 2,
    },
    "imbalance": {"sampler": "balanced", "balanced_softmax": True, "focal": 1.0, "effective_number": 0.9},
}
TURNED = {"flip": 0.5, "flip_labels": {"left": "right"}, "reverse": 0.5, "reverse_labels": {"left": "right"}}


def test_everything_random_continues_to_bitwise_the_same_weights_whatever_the_workers(clip_folder, tmp_path):
    def weights(run: str, workers: int, *stops: int) -> dict[str, torch.Tensor]:
        for steps in stops:
            data = {"name": "folder", "root": str(clip_folder), "num_workers": workers, **TURNED}
            given = config(clip_folder, tmp_path, data=data, run_dir=str(tmp_path / run), **EVERYTHING)
            videoai.train(given, model="frame_only", trainer={**SMALL, "max_steps": steps, "eval_every": 4})
        return torch.load(tmp_path / run / "checkpoints" / "last.pt", weights_only=True)["model"]

    straight, stopped, worked = weights("straight", 0, 4), weights("stopped", 0, 2, 4), weights("worked", 2, 4)
    assert all(torch.equal(straight[key], stopped[key]) for key in straight)
    assert all(torch.equal(straight[key], worked[key]) for key in straight)


def first_batch(given: dict, tmp_path):
    full = settings_from(given)
    with open_run(resolve(full)) as run:
        trainer = build_trainer(run)
    return next(trainer.batches(0)), trainer


@pytest.mark.parametrize(
    ("turn", "becomes"),
    [
        ({"flip": 1.0, "flip_labels": {"left": "right"}}, {"left": "right", "right": "left", "up": "up"}),
        (
            {"flip": 0.0, "reverse": 1.0, "reverse_labels": {"left": "right", "up": "down"}},
            {"left": "right", "right": "left", "up": "down"},
        ),
    ],
)
def test_turned_clips_reach_the_loss_under_their_new_names(clip_folder, tmp_path, turn, becomes):
    given = config(clip_folder, tmp_path, trainer={**SMALL, "batch_size": 16})
    given["data"] |= turn
    clips, trainer = first_batch(given, tmp_path)
    classes, items = trainer.facts["classes"], trainer.batches.dataset.items
    seen = {
        (classes[items[index].label], classes[label])
        for index, label in zip(clips.index.tolist(), clips.label.tolist(), strict=True)
    }
    assert becomes.items() <= seen


def test_a_balanced_sampler_fills_batches_with_rare_classes(clip_folder, tmp_path, caplog):
    caplog.set_level("INFO")
    root = tmp_path / "data"
    for split, counts in (("train", {"left": 6, "up": 2}), ("val", {"left": 1, "up": 1})):
        for name, count in counts.items():
            (root / split / name).mkdir(parents=True)
            for file in sorted((clip_folder / name).iterdir())[:count]:
                (root / split / name / file.name).symlink_to(file)
    given = config(clip_folder, tmp_path, data={"name": "folder", "root": str(root), "num_workers": 0})
    given |= {"trainer": {**SMALL, "batch_size": 8}, "imbalance": {"sampler": "balanced"}}
    clips, _ = first_batch(given, tmp_path)
    assert clips.label.bincount().tolist() == [4, 4]
    assert "sampler balanced: 4 .. 4 clips of a class in an epoch" in caplog.text


@pytest.mark.slow
def test_a_run_whose_workers_are_spawned_records_its_decoder_and_keeps_it(tmp_path, monkeypatch):
    """The whole way of decoder=nvdec, on the CPU: only the refusal of a device that is no GPU is taken out."""
    monkeypatch.setattr("videoai.data.decode.nvdec.check_nvdec", lambda device: None)
    for name in ("dark", "light"):
        (tmp_path / "clips" / name).mkdir(parents=True)
        for number in range(3):
            frames = np.full((8, MIN_SIDE, MIN_SIDE, 3), 100 * (name == "light") + 10 * number, np.uint8)
            write_clip(tmp_path / "clips" / name / f"{number}.mp4", frames)
    given = config(tmp_path / "clips", tmp_path, model="tiny_r3d", clip="16x2x32", device="cpu")
    given |= {"loading": {"decoder": "nvdec", "num_workers": 1}, "trainer": {**SMALL, "batch_size": 2}}
    del given["data"]["num_workers"]
    assert videoai.train(given, **{"trainer.max_steps": 2}).step == 2
    assert yaml.safe_load((tmp_path / "run/config.yaml").read_text())["loading"]["decoder"] == "nvdec"
    with pytest.raises(ValueError, match=r"loading.decoder was nvdec, is pyav \(their pixels differ a little"):
        videoai.train(given, **{"loading.decoder": "pyav", "trainer.max_steps": 3})


def test_the_chosen_metric_chooses_the_best_checkpoint_and_is_reported(clip_folder, tmp_path):
    settings = {**SMALL, "max_steps": 2, "metric": "macro_f1"}
    done = videoai.train(config(clip_folder, tmp_path), model="frame_only", trainer=settings)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    validated = [line for line in lines if line["split"] == "val"]
    assert done.metric == "macro_f1"
    assert done.best_value == pytest.approx(max(line["macro_f1"] for line in validated), abs=1e-6)
    assert {"top1", "mean_class_accuracy", "macro_f1", "loss"} <= set(validated[0])


def test_a_run_among_the_class_folders_is_refused(clip_folder, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("left", "up"):
        (clips / name).symlink_to(clip_folder / name)
    given = config(clips, tmp_path)
    for run_dir in (clips, clips / "runs" / "a"):
        with pytest.raises(ValueError, match="lies inside the clips, .* and would be taken for a class of them"):
            videoai.train(given, run_dir=str(run_dir))
    assert sorted(path.name for path in clips.iterdir()) == ["left", "up"]
