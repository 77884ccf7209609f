"""The results of an evaluation follow from its tables, for one label a video and for several."""

import json
from math import nan
from pathlib import Path

import pytest
import torch

from videoai.report.derived import derived_results
from videoai.report.evaluation import class_report
from videoai.report.multilabel_evaluation import multi_label_report
from videoai.report.result_files import Evaluated, write_report

NAMES = ["run, fast", "walk", 'sit "down"', "jump", "fall", "café", "turn"]
ERRORS = ["", "moov atom not found", "", "", "", "", "", ""]


def evaluated(targets: torch.Tensor) -> Evaluated:
    """Eight videos, one of them unreadable, whose path has a line break."""
    scores = torch.rand(8, len(NAMES), generator=torch.Generator().manual_seed(3)).double()
    scores[1] = nan
    return Evaluated(
        scores=scores,
        targets=targets,
        paths=[f"{number}\n.mp4" for number in range(8)],
        errors=ERRORS,
        names=NAMES,
        views="4x3",
        split="test",
        checkpoint="best.pt",
        fingerprint="0123abcd",
        checkpoint_sha256="ab" * 32,
    )


@pytest.fixture
def one_label(tmp_path: Path) -> Path:
    write_report(tmp_path, class_report(evaluated(torch.tensor([0, 1, 2, 3, 4, 5, 6, 0])), clip_top1=0.4))
    return tmp_path


@pytest.fixture
def several_labels(tmp_path: Path) -> Path:
    targets = torch.rand(8, len(NAMES), generator=torch.Generator().manual_seed(4)) < 0.4
    write_report(tmp_path, multi_label_report(evaluated(targets.long())))
    return tmp_path


def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


def test_all_but_the_score_of_single_clips_follows_from_the_predictions(one_label):
    derived, files = derived_results(one_label, NAMES)
    assert derived == {key: value for key, value in results(one_label).items() if key != "clip_top1"}
    assert 0 < derived["video_top1"] < derived["video_top5"] < 1
    assert {*files} == {"predictions.csv", "per_class.csv", "confusion.csv", "confusion.png"}


def test_results_of_several_labels_follow_from_labels_and_scores(several_labels):
    derived, files = derived_results(several_labels, NAMES)
    assert derived == results(several_labels)
    assert "scores.csv" in files


@pytest.mark.parametrize(("key", "by"), [("mAP", 0.01), ("micro_f1", -0.01), ("labels_per_video", 0.5)])
def test_a_changed_number_of_several_labels_is_seen(key, by, several_labels):
    held = results(several_labels)
    (several_labels / "results.json").write_text(json.dumps({**held, key: held[key] + by}))
    with pytest.raises(ValueError, match=f"results.json: {key} is "):
        derived_results(several_labels, NAMES)


def test_scores_of_other_videos_are_refused(several_labels):
    path = several_labels / "scores.csv"
    path.write_text(path.read_text().replace("3\n.mp4", "9\n.mp4"))
    with pytest.raises(ValueError, match="not the videos of predictions.csv"):
        derived_results(several_labels, NAMES)


@pytest.mark.parametrize("content", ["", "path,label\n", "path,label,predicted\na,walk,walk\n"])
def test_tables_that_lack_something_are_refused(content, one_label):
    (one_label / "predictions.csv").write_text(content)
    with pytest.raises(ValueError, match=r"predictions\.csv: no "):
        derived_results(one_label, NAMES)


def test_the_numbers_of_a_task_of_ones_own_are_not_vouched_for(one_label):
    held = results(one_label)
    del held["video_top1"]
    (one_label / "results.json").write_text(json.dumps(held))
    with pytest.raises(ValueError, match="of a task of your own"):
        derived_results(one_label, NAMES)
