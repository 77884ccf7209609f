"""The splits of the study and what it says of rows; names alone count, so no video is opened."""

from pathlib import Path

import pytest

from videoai.compose.settings import from_keywords
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.report.study import differences
from videoai.run.study.protocol import Cell
from videoai.run.study.split_leak import GROUPED, RANDOM, Leak, study_split_leak, verdict
from videoai.settings.study import SplitLeakSettings
from videoai.settings.training import TrainSettings


def training(**data: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"data": data or "motion16"}).settings()


def leak(num_people: int) -> Leak:
    items = [
        VideoItem(f"/c{k}/p{p}_{n}.mp4", k, group=f"p{p}")
        for k in range(3)
        for p in range(num_people)
        for n in range(3)
    ]
    return Leak(Manifest(("a", "b", "c"), {"train": items}, "here"), SplitLeakSettings(), training(), Path("study"))


@pytest.mark.parametrize("num_people", [8, 12, 30])
def test_both_arms_train_on_as_many_clips_of_each_class_and_one_of_them_parts_people(num_people):
    task = leak(num_people)
    for seed in range(3):
        grouped, random = (task.splits(Cell(1, seed, arm)) for arm in (GROUPED, RANDOM))
        assert grouped["train"].count_labels(3).tolist() == random["train"].count_labels(3).tolist()
        people = [{item.group for item in splits["train"]} & {item.group for item in splits["test"]}
                  for splits in (grouped, random)]  # fmt: skip
        assert not people[0] and people[1]


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (0.2, "+20.0 points (95 % +20.0 .. +20.0, 3 seeds); a random split flatters this set"),
        (0.0, "no gap that shows"),
    ],
)
def test_the_sentence_says_the_gap_and_whether_it_is_sure(gain, said):
    rows = [
        {"shots": 9, "seed": seed, "arm": arm, "accuracy": 0.5 + (gain if arm == RANDOM else 0)}
        for seed in range(3)
        for arm in (GROUPED, RANDOM)
    ]
    assert said in verdict(rows, differences(rows, GROUPED)[0])


def test_clips_without_groups_are_refused_with_the_setting_that_makes_them(tmp_path):
    lines = ["path,label,subject"]
    for index in range(24):
        (tmp_path / f"{index}.mp4").touch()
        lines.append(f"{index}.mp4,{'ab'[index % 2]},p{index // 4}")
    (tmp_path / "clips.csv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="its clips have no groups, .* data.split_by=subject"):
        study_split_leak(SplitLeakSettings(), training(name="csv", path=str(tmp_path / "clips.csv")))
