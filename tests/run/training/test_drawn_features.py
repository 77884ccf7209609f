"""Features drawn beside the clips of a real run: only of a frozen body, and continued bitwise."""

import logging
from pathlib import Path

import pytest
import torch

import videoai
from videoai.gan.feature_space import AUGMENTERS

SMALL = {"batch_size": 6, "precision": "fp32", "tensorboard": False, "log_every": 1, "num_threads": 1}


def settings(clip_folder, judge_run, run_dir, stop=4, **changes):
    return {
        "data": {"name": "folder", "root": str(clip_folder), "num_workers": 0, "flip": 0.0},
        "clip": {"num_frames": 8, "size": 32, "stride": 2},
        "trainer": {**SMALL, "max_epochs": 2, "max_steps": stop},
        "weights": str(judge_run / "checkpoints/best.pt"),
        "finetune": "linear_probe",
        "run_dir": str(run_dir),
        **changes,
    }


def weights(run_dir: Path) -> dict[str, torch.Tensor]:
    return torch.load(run_dir / "checkpoints/last.pt", weights_only=True)["model"]


@pytest.mark.parametrize(
    "name",
    [
        "gaussian",
        *(pytest.param(n, marks=pytest.mark.slow) for n in AUGMENTERS if n not in ("gaussian", "feature_gan")),
        pytest.param("feature_gan", marks=pytest.mark.nightly),
    ],
)
def test_a_run_with_drawn_features_continues_bitwise(clip_folder, judge_run, tmp_path, name):
    augment = {"features": name, "feature_ratio": 0.5}
    for run, stop in (("whole", 4), ("parts", 2), ("parts", 4)):
        given = settings(clip_folder, judge_run, tmp_path / run, stop, augment=augment)
        given["data"]["test_fraction"] = 0.0  # leaves the five clips a class that a GAN needs
        videoai.train(given)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


@pytest.mark.slow
def test_drawn_features_change_the_head_and_nothing_else(clip_folder, judge_run, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    videoai.train(settings(clip_folder, judge_run, tmp_path / "without"))
    videoai.train(settings(clip_folder, judge_run, tmp_path / "with", augment={"features": "gaussian"}))
    without, drawn = weights(tmp_path / "without"), weights(tmp_path / "with")
    assert {key for key in without if not torch.equal(without[key], drawn[key])} == {"head.weight", "head.bias"}
    assert (
        "augment.features=gaussian: fitted to 16 of 16 training videos, 64 values each; 6 drawn beside 6" in caplog.text
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"finetune": "full"}, "finetune trains it. Use finetune=linear_probe with weights=..."),
        ({"finetune": "gradual"}, "finetune trains it"),
        ({"finetune": "attentive_probe"}, "needs a head that is one linear layer .* that of AttentiveModel is more"),
        ({"augment": {"features": "feature_gan"}}, "needs 5 or more clips of a class, but class 'down' has 4"),
        ({"augment": {"features": "smote", "feature_classes": "rare"}}, "the smallest class has 4 clips, half of"),
        ({"augment": {"features": "smot"}}, "augment.features=smot: Did you mean smote"),
        ({"augment": {"features": "smote", "feature_ratio": 0}}, "augment.feature_ratio=0: give a number above 0"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(clip_folder, judge_run, tmp_path, changes, message):
    given = {"augment": {"features": "gaussian"}, **changes}
    with pytest.raises(ValueError, match=message):
        videoai.train(settings(clip_folder, judge_run, tmp_path, **given))
    assert not (tmp_path / "checkpoints").exists()


def test_several_labels_a_clip_are_refused(multi_label_csv, judge_run, tmp_path):
    given = settings(multi_label_csv, judge_run, tmp_path, augment={"features": "gaussian"})
    given["data"] = {"name": "csv", "path": str(multi_label_csv), "num_workers": 0, "flip": 0.0, "multi_label": True}
    with pytest.raises(ValueError, match="draws features of one class, but the clips of .* have several labels each"):
        videoai.train(given)
