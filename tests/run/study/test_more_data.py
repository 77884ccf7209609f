"""The parts of the study and its rows; a stand-in answers, so no video is opened."""

from pathlib import Path

import numpy as np
import pytest

from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.study.more_data import Growing, part_of
from videoai.settings.study import MoreDataSettings

CLASSES = ("a", "b", "c")


def manifest(num_groups: int = 12, val: int = 10) -> Manifest:
    """Three clips a class of each person; class c has a third of them."""

    def items(split: str, groups: int) -> list[VideoItem]:
        return [
            VideoItem(f"/{split}/c{k}/p{p}_{n}.mp4", k, group=f"{split}{p}")
            for k in range(3)
            for p in range(groups)
            for n in range(1 if k == 2 else 3)
        ]

    return Manifest(CLASSES, {"train": items("train", num_groups), "val": items("val", val)}, "here")


def test_parts_lie_within_each_other_and_keep_the_shares_of_the_classes():
    whole = manifest()
    for seed in range(3):
        parts = [part_of(whole, share, seed) for share in (0.25, 0.5, 1.0)]
        assert [part.count_labels(3).tolist() for part in parts] == [[9, 9, 3], [18, 18, 6], [36, 36, 12]]
        paths = [{item.path for item in part} for part in parts]
        assert paths[0] < paths[1] < paths[2]


def test_a_part_takes_whole_groups_and_seeds_take_others():
    half = [part_of(manifest(), 0.5, seed) for seed in range(2)]
    groups = [{item.group for item in part} for part in half]
    assert groups[0] != groups[1] and len(groups[0]) == 6


def growing(folder: Path, **settings: object) -> Growing:
    """Answers are right for the first part / 2 clips of val."""

    def classifier(learned, asked, seed, home):
        num_right = len(learned) // 2
        answers = np.full((len(asked), 3), 0.1)
        truth = np.where(np.arange(len(asked)) < num_right, asked.label, (asked.label + 1) % 3)
        answers[np.arange(len(asked)), truth] = 0.8
        answers[-1] = np.nan  # cannot be read: wrong
        return answers

    return Growing(manifest(), MoreDataSettings(**settings), classifier, folder)  # pyright: ignore[reportArgumentType]


def test_rows_hold_an_answer_for_each_clip_and_gains_name_every_class(tmp_path):
    study = growing(tmp_path, more=40, seeds=2)
    rows = study.rows({"study": "more_data"})
    assert [(row["seed"], row["shots"]) for row in rows] == [(s, n) for s in range(2) for n in (21, 42, 84)]
    assert rows[1]["right"] == "1" * 21 + "0" * 49 and rows[2]["accuracy"] == pytest.approx(42 / 70)
    gains = study.gains(rows)
    assert [(one.name, one.clips, one.more) for one in gains] == [
        ("all", 84, 40), ("a", 36, 40), ("b", 36, 40), ("c", 12, 40)
    ]  # fmt: skip
    assert np.isfinite([one.points for one in gains]).all()


def test_the_default_adds_half_of_the_set_in_the_shares_of_the_classes(tmp_path):
    study = growing(tmp_path, seeds=2)
    assert [one.more for one in study.gains(study.rows({}))] == [42, 18, 18, 6]


def test_minutes_end_the_study_between_seeds_but_not_before_the_second(tmp_path, caplog):
    rows = growing(tmp_path, seeds=4, minutes=1e-9).rows({})
    assert {row["seed"] for row in rows} == {0, 1}
    assert "2 of 4 seeds were measured" in caplog.text


def test_parts_of_one_size_are_refused_with_what_they_are(tmp_path):
    with pytest.raises(ValueError, match=r"of 84 training clips these are 21, 21, 42, 84, .* 3 or more. Give parts"):
        growing(tmp_path, parts=(0.25, 0.251, 0.5, 1.0))


def test_fewer_than_three_parts_make_no_curve():
    with pytest.raises(ValueError, match="give three or more shares up to 1.0"):
        MoreDataSettings(parts=(0.5, 1.0))
