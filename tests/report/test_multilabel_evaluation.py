import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.report.multilabel_evaluation import multi_label_report, multi_label_table
from videoai.report.result_files import Evaluated, write_report

CLASSES = ["run, fast", "jump", "sit"]


def evaluation(**changes: Any) -> dict[str, Any]:
    """Four videos of three classes: all found, one of two found, unreadable, nothing to find."""
    return {
        "scores": torch.tensor([[0.9, 0.2, 0.6], [0.8, 0.4, 0.1], [math.nan] * 3, [0.3, 0.1, 0.0]]),
        "labels": torch.tensor([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]]).bool(),
        "paths": ["a.mp4", "b,c.mp4", "d.mp4", "e.mp4"],
        "errors": ["", "", "moov atom not found", ""],
        "classes": CLASSES,
        "views": "10x3",
        "split": "test",
        "checkpoint": "best.pt",
        "fingerprint": "0123abcd",
        **changes,
    }


def write_multilabel_evaluation(folder: Path, **given: Any) -> dict[str, Any]:
    options = {key: given.pop(key) for key in () if key in given}
    evaluated = Evaluated(targets=given.pop("labels"), names=given.pop("classes"), **given)
    return write_report(folder, multi_label_report(evaluated, **options))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_results_name_the_metrics_and_what_could_not_be_read(tmp_path):
    results = write_multilabel_evaluation(tmp_path / "new", **evaluation())
    assert json.loads((tmp_path / "new" / "results.json").read_text()) == results
    # jump ranks 0.4 hit, 0.2, 0.1, 0 hit (unreadable): (1 + 2/4) / 2; the others are ranked without a fault.
    assert results["mAP"] == pytest.approx((1 + 0.75 + 1) / 3, abs=1e-6)
    assert results["mAP_of_chance"] == pytest.approx((2 / 4 + 2 / 4 + 1 / 4) / 3, abs=1e-6)
    assert results["micro_f1"] == pytest.approx(2 * 3 / (3 + 5), abs=1e-6)
    assert (results["n_total"], results["n_bad"], results["threshold"]) == (4, 1, 0.5)
    assert results["bad_videos"] == [{"path": "d.mp4", "reason": "moov atom not found"}]
    assert results["labels_per_video"] == 1.25


def test_the_files_name_true_and_predicted_labels(tmp_path):
    write_multilabel_evaluation(tmp_path, **evaluation())
    assert not list(tmp_path.glob("confusion*"))
    table = rows(tmp_path / "predictions.csv")
    assert [row["labels"] for row in table] == ["run, fast|sit", "run, fast|jump", "jump", ""]
    assert [row["predicted"] for row in table] == ["run, fast|sit", "run, fast", "", ""]
    assert (table[0]["top2"], table[0]["top2_probability"]) == ("sit", "0.600000")
    assert (table[2]["top1"], table[2]["error"]) == ("", "moov atom not found")
    assert rows(tmp_path / "scores.csv")[2] == {"path": "d.mp4", "run, fast": "0.000000", "jump": "0.000000"} | {
        "sit": "0.000000"
    }
    by_class = rows(tmp_path / "per_class.csv")
    assert [row["average_precision"] for row in by_class] == ["1.000000", "0.750000", "1.000000"]
    assert by_class[1] == by_class[1] | {"name": "jump", "num_videos": "2", "num_predicted": "0", "precision": ""}


def test_the_same_scores_give_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        write_multilabel_evaluation(tmp_path / name, **evaluation())
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert names == ["average_precision.png", "per_class.csv", "predictions.csv", "results.json", "scores.csv"]
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_split_without_any_label_has_no_score(tmp_path):
    results = write_multilabel_evaluation(tmp_path, **evaluation(labels=torch.zeros(4, 3, dtype=torch.bool)))
    assert results["mAP"] is None and results["mAP_of_chance"] is None
    assert results["classes_present"] == 0


def test_labels_of_another_shape_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"labels: torch.bool \[4, 2\], but bool \[4, 3\] is needed"):
        write_multilabel_evaluation(tmp_path / "out", **evaluation(labels=torch.ones(4, 2, dtype=torch.bool)))
    assert not (tmp_path / "out").exists()


def test_tuned_thresholds_decide_on_f1_and_predictions_and_a_half_stands_beside(tmp_path):
    results = write_multilabel_evaluation(tmp_path, **evaluation(), thresholds=[0.85, 0.15, 0.05])
    half = write_multilabel_evaluation(tmp_path / "half", **evaluation())
    assert results["threshold"] is None and list(results["thresholds"].values()) == [0.85, 0.15, 0.05]
    assert (results["micro_f1_at_0.5"], results["macro_f1_at_0.5"]) == (half["micro_f1"], half["macro_f1"])
    assert results["micro_f1"] != half["micro_f1"] and results["mAP"] == half["mAP"]
    assert [row["predicted"] for row in rows(tmp_path / "predictions.csv")][:2] == ["run, fast|sit|jump", "jump|sit"]
    assert [row["threshold"] for row in rows(tmp_path / "per_class.csv")] == ["0.850000", "0.150000", "0.050000"]
    assert any("at 0.5:" in value for name, value in multi_label_table(results) if "F1 at tuned thresholds" in name)
    assert not any("tuned" in name for name, _ in multi_label_table(half))
