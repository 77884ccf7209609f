import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.report.evaluation import class_report, class_table
from videoai.report.result_files import Evaluated, Report, write_report

CLASSES = ["run, fast", "walk", 'sit "down"']


def evaluation(**changes: Any) -> dict[str, Any]:
    """Four videos of three classes: right, wrong, unreadable, right."""
    nan = math.nan
    return {
        "scores": torch.tensor([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [nan, nan, nan], [0.0, 0.0, 1.0]]),
        "clip_top1": 0.4,
        "labels": torch.tensor([0, 1, 1, 2]),
        "paths": ["a.mp4", "b,c.mp4", "d.mp4", "é.mp4"],
        "errors": ["", "", "moov atom not found", ""],
        "classes": CLASSES,
        "views": "4x3",
        "split": "val",
        "checkpoint": "best.pt",
        "fingerprint": "0123abcd",
        "k": 5,
        **changes,
    }


def write_evaluation(folder: Path, **given: Any) -> dict[str, Any]:
    options = {key: given.pop(key) for key in ("clip_top1", "k") if key in given}
    evaluated = Evaluated(targets=given.pop("labels"), names=given.pop("classes"), **given)
    return write_report(folder, class_report(evaluated, **options))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_checkpoint_chosen_by_uar_has_the_recall_of_each_class_first(tmp_path):
    plain = write_evaluation(tmp_path / "plain", **evaluation())
    assert "uar" not in plain and "UAR" not in dict(class_table(plain))
    results = write_evaluation(tmp_path / "by_class", **evaluation(by_class=True))
    names = [*results["class_recall"]]
    assert (results["uar"], results["war"]) == (plain["mean_class_accuracy"], plain["video_top1"])
    assert [*results["class_recall"].values()] == [1.0, 0.0, 1.0]
    table = class_table(results)
    assert [name for name, _ in table[:3]] == ["UAR", "WAR", "recall"]
    assert table[2][1].startswith(f"{names[1]} 0 %, ")  # the lowest first; the unreadable video is of it
    none = write_evaluation(tmp_path / "none", **evaluation(by_class=True, labels=torch.tensor([0, 0, 0, 2])))
    assert none["class_recall"][names[1]] is None


def test_results_count_an_unreadable_video_as_wrong_and_say_why(tmp_path):
    results = write_evaluation(tmp_path / "new" / "val", **evaluation())
    assert results == json.loads((tmp_path / "new" / "val" / "results.json").read_text("utf-8"))
    assert results["n_total"] == 4
    assert results["n_bad"] == 1
    assert results["video_top1"] == 0.5
    assert not {"video_top3", "video_top5"} & {*results}  # each of three classes is among the first three
    assert results["clip_top1"] == 0.4
    assert results["mean_class_accuracy"] == pytest.approx(2 / 3, abs=1e-6)  # (1 + 0 + 1) / 3 at six decimals
    assert 0 < results["macro_f1"] < results["mean_class_accuracy"]
    assert results["top1_interval95"] == [0.150039, 0.849961]  # scipy.stats.binomtest(2, 4), method wilson
    assert results["bad_videos"] == [{"path": "d.mp4", "reason": "moov atom not found"}]
    assert (results["classes"], results["views"], results["split"]) == (3, "4x3", "val")
    assert (results["checkpoint"], results["fingerprint"]) == ("best.pt", "0123abcd")


@pytest.mark.parametrize(("num_classes", "has_top5"), [(2, False), (5, False), (6, True)])
def test_top_5_needs_more_than_five_classes(tmp_path, num_classes, has_top5):
    classes = [f"class {number}" for number in range(num_classes)]
    scores, labels = torch.eye(num_classes)[:2], torch.tensor([0, 0])
    pair = evaluation(scores=scores, labels=labels, paths=["a", "b"], errors=["", ""], classes=classes)
    results = write_evaluation(tmp_path, **pair)
    assert [key for key in results if key.startswith("video_top")] == ["video_top1", *["video_top5"] * has_top5]


def test_predictions_hold_one_row_per_video_with_the_runners_up(tmp_path):
    write_evaluation(tmp_path, **evaluation(k=2))
    right, wrong, unreadable, _ = rows(tmp_path / "predictions.csv")
    assert right == {
        "path": "a.mp4",
        "label": "run, fast",
        "predicted": "run, fast",
        "correct": "1",
        "probability": "0.700000",
        "top2": "walk",
        "top2_probability": "0.200000",
        "error": "",
    }
    assert (wrong["path"], wrong["predicted"], wrong["correct"]) == ("b,c.mp4", "run, fast", "0")
    assert (unreadable["predicted"], unreadable["correct"], unreadable["top2"]) == ("", "0", "")
    assert unreadable["error"] == "moov atom not found"


def test_the_predictions_add_up_to_the_results(tmp_path):
    results = write_evaluation(tmp_path, **evaluation())
    correct = [int(row["correct"]) for row in rows(tmp_path / "predictions.csv")]
    assert sum(correct) / len(correct) == results["video_top1"]
    per_class = rows(tmp_path / "per_class.csv")
    assert sum(int(row["num_videos"]) for row in per_class) == results["n_total"]
    assert sum(int(row["num_correct"]) for row in per_class) == sum(correct)


def test_the_class_files_are_complete_and_square(tmp_path):
    write_evaluation(tmp_path, **evaluation())
    per_class = rows(tmp_path / "per_class.csv")
    assert [row["class"] for row in per_class] == CLASSES
    assert per_class[1] == {
        "class": "walk",
        "num_videos": "2",
        "num_correct": "0",
        "accuracy": "0.000000",
        "precision": "",  # never predicted
        "recall": "0.000000",
        "f1": "0.000000",
        "most_confused_with": "run, fast",
    }
    confusion = rows(tmp_path / "confusion.csv")
    counts = [[int(row[name]) for name in CLASSES] for row in confusion]
    assert counts == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_scores_give_the_same_bytes_and_leave_nothing_else(tmp_path):
    for name in ("first", "second"):
        write_evaluation(tmp_path / name, **evaluation())
    write_evaluation(tmp_path / "second", **evaluation())  # over its own files
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert first == second
    assert set(first) == {"results.json", "predictions.csv", "per_class.csv", "confusion.csv", "confusion.png"}


def test_a_nan_without_a_reason_is_reported_as_one(tmp_path):
    results = write_evaluation(tmp_path, **evaluation(errors=["", "", "", ""]))
    assert results["n_bad"] == 1
    assert "holds NaN" in results["bad_videos"][0]["reason"]


def test_a_reason_makes_a_video_wrong_whatever_its_scores(tmp_path):
    results = write_evaluation(tmp_path, **evaluation(errors=["a view was unreadable", "", "gone", ""]))
    assert (results["n_bad"], results["video_top1"]) == (2, 0.25)
    assert rows(tmp_path / "predictions.csv")[0]["predicted"] == ""


def test_an_unreadable_split_is_zero_not_nan(tmp_path):
    results = write_evaluation(tmp_path, **evaluation(scores=torch.full((4, 3), math.nan), clip_top1=math.nan))
    assert (results["n_bad"], results["video_top1"], results["mean_class_accuracy"]) == (4, 0.0, 0.0)
    assert results["clip_top1"] is None
    assert "NaN" not in (tmp_path / "results.json").read_text("utf-8").replace("holds NaN", "")


def test_a_file_name_that_is_not_utf_8_is_written_all_the_same(tmp_path):
    odd = b"\xff.mp4".decode("utf-8", "surrogateescape")
    results = write_evaluation(tmp_path, **evaluation(paths=["a", "b", odd, "d"]))
    assert json.loads((tmp_path / "results.json").read_text("utf-8")) == results
    assert rows(tmp_path / "predictions.csv")[2]["path"] == "\\udcff.mp4"


@pytest.mark.parametrize("error", [TypeError("set_text(): incompatible\narguments"), RuntimeError("x"), MemoryError()])
def test_a_picture_that_fails_costs_one_line_and_no_result(tmp_path, caplog, error):
    def fail() -> bytes:
        raise error

    (tmp_path / "confusion.png").write_bytes(b"of another evaluation")
    write_report(tmp_path, Report({"split": "val"}, {"a.csv": b"a"}, {"confusion.png": fail, "b.png": lambda: b"b"}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.png", "results.json"]
    (line,) = caplog.messages
    assert f"confusion.png could not be drawn ({type(error).__name__}" in line and "\n" not in line


def test_an_interrupted_write_keeps_the_old_file(tmp_path, monkeypatch):
    write_evaluation(tmp_path, **evaluation())
    before = (tmp_path / "predictions.csv").read_bytes()

    def interrupt(*_: object) -> None:
        raise OSError("interrupted")

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(OSError, match="interrupted"):
        write_evaluation(tmp_path, **evaluation(paths=["x", "x", "x", "x"]))
    assert (tmp_path / "predictions.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 5


def test_an_empty_split_is_refused(tmp_path):
    nothing = evaluation(scores=torch.zeros(0, 3), labels=torch.zeros(0, dtype=torch.int64), paths=[], errors=[])
    with pytest.raises(ValueError, match="split 'val' has no videos"):
        write_evaluation(tmp_path, **nothing)
    assert not list(tmp_path.iterdir())


def test_lengths_that_differ_are_named(tmp_path):
    with pytest.raises(ValueError, match="4 scores, 1 paths and 4 errors"):
        write_evaluation(tmp_path, **evaluation(paths=["a.mp4"]))
    with pytest.raises(ValueError, match=r"scores \[4, 3\], but there are 2 classes"):
        write_evaluation(tmp_path, **evaluation(classes=["x", "y"]))
    with pytest.raises(ValueError, match=r"labels: .* but int64 \[4\] is needed"):
        write_evaluation(tmp_path, **evaluation(labels=torch.tensor([0])))
    assert not list(tmp_path.iterdir())


MADE_OF_PREDICTIONS = ["comparison-b.csv", "comparison-b.html", "report.html", "fiftyone/samples.json"]


@pytest.mark.parametrize("name", MADE_OF_PREDICTIONS)
def test_what_was_made_of_other_predictions_goes_with_them_and_is_named(name, tmp_path, caplog):
    caplog.set_level("INFO")
    write_report(tmp_path, Report({}, {"predictions.csv": b"1"}))
    for there in (name, "notes.csv"):
        (tmp_path / there).parent.mkdir(exist_ok=True)
        (tmp_path / there).touch()
    write_report(tmp_path, Report({}, {"predictions.csv": b"1"}))
    assert (tmp_path / name).exists() and not caplog.text
    write_report(tmp_path, Report({}, {"predictions.csv": b"2"}))
    assert not (tmp_path / name).exists() and (tmp_path / "notes.csv").exists()
    assert f"removed what was made of the former: {name}" in caplog.text


def test_what_is_made_anew_takes_the_place_of_the_former(tmp_path, caplog):
    caplog.set_level("INFO")
    for content in (b"1", b"2"):
        write_report(tmp_path, Report({}, {"predictions.csv": content, "report.html": content}))
    assert (tmp_path / "report.html").read_bytes() == b"2" and not caplog.text
