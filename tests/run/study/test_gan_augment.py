"""The study's clips, and what it refuses; ``tests/cli/test_study.py`` runs it."""

from pathlib import Path

import pytest

from videoai.compose.settings import from_keywords
from videoai.core.types import ClipSpec
from videoai.data.lists.from_files import from_folder
from videoai.run.study.gan_augment import FewClips, settings_that_matter, split_arm, study_gan
from videoai.run.study.protocol import Cell
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import parse
from videoai.settings.study import GanStudySettings
from videoai.settings.training import TrainSettings


def few_clips(clip_folder: Path, **changes) -> FewClips:
    manifest = from_folder(str(clip_folder))
    settings, gan = parse(GanStudySettings, changes), from_keywords(TrainGanSettings, {}).settings()
    return FewClips(manifest, ClipSpec(num_frames=16, size=32), settings, gan, {}, Path("study"))


def training(**given) -> TrainSettings:
    return from_keywords(TrainSettings, given).settings()


def chosen(task: FewClips, shots: int, seed: int, arm: str = "real") -> set[str]:
    return {item.path for item in task.clips(Cell(shots, seed, arm))}


def test_arms_of_a_seed_see_the_same_clips_and_more_shots_hold_the_fewer(clip_folder):
    task = few_clips(clip_folder)
    assert chosen(task, 2, 0) == chosen(task, 2, 0, "diff_augment+gan") < chosen(task, 3, 0)
    assert chosen(task, 2, 0) != chosen(task, 2, 1)
    assert task.clips(Cell(2, 0, "real")).count_labels(4).tolist() == [2, 2, 2, 2]


def test_twice_as_many_real_clips_hold_those_of_the_other_arms(clip_folder):
    task = few_clips(clip_folder)
    assert chosen(task, 2, 0) < chosen(task, 2, 0, "real+x2")
    assert task.clips(Cell(2, 0, "real+x2")).count_labels(4).tolist() == [4, 4, 4, 4]


def test_an_arm_without_enough_real_clips_is_refused_alone(clip_folder):
    task = few_clips(clip_folder)
    assert chosen(task, 3, 0)
    with pytest.raises(ValueError, match="x2 needs 6 clips of each class, but one class has 4 training clips"):
        task.clips(Cell(3, 0, "real+x2"))


def test_only_rare_classes_have_few_clips(clip_folder):
    task = few_clips(clip_folder, rare=0.5)
    counts = [task.clips(Cell(2, seed, "real")).count_labels(4).tolist() for seed in range(8)]
    assert all(sorted(each) == [2, 2, 4, 4] for each in counts)
    assert len({tuple(each) for each in counts}) > 1  # another seed, other classes


def test_an_arm_is_a_base_and_what_is_added():
    assert split_arm("diff_augment+gan_gated") == ("diff_augment", "gan_gated")
    assert split_arm("standard") == ("standard", "")
    for wrong in ("gan", "real+", "real+gans", "gan+real"):
        with pytest.raises(ValueError, match="no such arm as"):
            split_arm(wrong)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"baseline": "standard", "arms": ["real"]}, "baseline=standard: it is none of arms=real"),
        ({"shots": [1]}, r"shots=\[1\]: give a list of whole numbers from 2"),
        ({"seeds": 1}, "seeds=1: give a whole number from 2 up"),
        ({"interval": "z"}, "interval=z: Choose from t, bootstrap"),
        ({"gan_steps": 150}, "gan_steps=150: the class fades in until step 150"),
        ({"rare": 0}, "rare=0: give a number above 0 to 1"),
        ({"shots": [5]}, "shots=5: class 'down' has 4 training videos. Use fewer shots"),
    ],
)
def test_settings_that_cannot_be_measured_are_refused(clip_folder, tmp_path, changes, message):
    classifier = training(data={"name": "folder", "root": str(clip_folder)})
    gan = from_keywords(TrainGanSettings, {}).settings()
    with pytest.raises(ValueError, match=message):
        study_gan(
            parse(GanStudySettings, {"run_dir": str(tmp_path / "study"), **changes}),
            gan,
            dict.fromkeys(("real", "standard", "diff_augment"), classifier),
        )
    assert not (tmp_path / "study/rows.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"augment": {"mixup": 0.4}}, True),
        ({"trainer": {"label_smoothing": 0.3}}, True),
        ({"data": {"flip": 0.25}}, True),
        ({"model": {"dropout": 0.4}}, True),
        ({"trainer": {"log_every": 7}}, False),
        ({"seed": 5}, False),
    ],
)
def test_every_setting_that_changes_a_row_is_a_fact(clip_folder, changes, is_told):
    given = {"data": {"name": "folder", "root": str(clip_folder)}, "model": {"name": "tiny_r3d"}}
    before = settings_that_matter(training(**given))
    merged = {
        key: {**given.get(key, {}), **value} if isinstance(value, dict) else value for key, value in changes.items()
    }
    assert (settings_that_matter(training(**{**given, **merged})) != before) == is_told
