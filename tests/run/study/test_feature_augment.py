"""The study on real clips: classes that the encoder never saw, and what is refused."""

import pytest
import torch

from videoai.run.study.feature_augment import FewShots, study_features
from videoai.run.study.protocol import Cell
from videoai.settings.parse import parse
from videoai.settings.study import FeatureStudySettings


def clouds(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(3).repeat_interleave(count)
    return torch.eye(3)[labels] * 3 + torch.randn(3 * count, 3, generator=torch.Generator().manual_seed(seed)), labels


def task(**changes) -> FewShots:
    settings = {"train": clouds(30, 0), "val": clouds(30, 1), "test": clouds(30, 2), "others": None}
    settings |= {"classes": ["a", "b", "c"], "draws": 20, "l2": (0.1, 1.0), "refuse": True}
    return FewShots(**{**settings, **changes})


def test_arms_of_a_seed_see_the_same_clips_and_more_shots_hold_the_fewer():
    few, more = (task()._choose(Cell(shots, 4, arm)) for shots, arm in ((2, "none"), (5, "smote")))
    assert few[1].bincount().tolist() == [2, 2, 2]
    rows = {tuple(row) for row in more[0].tolist()}
    assert {tuple(row) for row in few[0].tolist()} < rows
    other = task()._choose(Cell(2, 5, "none"))
    assert not torch.equal(few[0], other[0])


@pytest.mark.parametrize("arm", ["none", "gaussian", "feature_mixup", "smote"])
def test_a_cell_measured_again_is_the_same(arm):
    first, again = (task().measure(Cell(3, 1, arm)) for _ in range(2))
    assert first["accuracy"] == again["accuracy"] > 0.5  # chance is a third
    assert first["l2"] in (0.1, 1.0)


def test_a_refusal_names_the_class_and_can_be_waived():
    with pytest.raises(ValueError, match="smote needs 2 or more clips of a class, but class 'a' has 1"):
        task().measure(Cell(1, 0, "smote"))
    assert task(refuse=False).measure(Cell(1, 0, "smote"))["accuracy"] > 0.4


def test_one_shot_has_a_spread_only_when_other_classes_lend_theirs():
    with pytest.raises(ValueError, match="no class has two clips"):
        task().measure(Cell(1, 0, "gaussian"))
    assert task(others=clouds(30, 3)).measure(Cell(1, 0, "gaussian"))["accuracy"] > 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "the encoder was trained on down, left, right, up, which leaves 0 classes that it has not seen"),
        ({"arms": ["gaussian"]}, "arms=gaussian: none is missing, which the others are compared with"),
        (
            {"arms": ["none", "gan"]},
            r"arms=\[none, gan\]: give a list of some of none, gaussian, feature_mixup, smote, feature_gan",
        ),
        ({"interval": "z"}, "interval=z: Choose from t, bootstrap"),
        ({"shots": [0]}, r"shots=\[0\]: give a list of whole numbers from 1"),
        ({"seeds": 1}, "seeds=1: give a whole number from 2 up"),
        ({"l2": [0.0]}, r"l2=\[0.0\]: give a list of numbers above 0"),
        ({"l2": []}, r"l2=\[\]: give numbers above 0"),
        ({"shots": []}, r"shots=\[\]: give whole numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_measured(judge_run, tmp_path, changes, message):
    given = {"checkpoint": str(judge_run / "checkpoints/best.pt"), "run_dir": str(tmp_path / "study"), **changes}
    with pytest.raises(ValueError, match=message):
        study_features(parse(FeatureStudySettings, given))
    assert not (tmp_path / "study").exists()
