"""The files and the page of an evaluation of numbers."""

import csv
import io
import math

import torch

from videoai.report.result_files import Evaluated
from videoai.report.value_evaluation import value_report, value_summary, value_table, values_text

NAN = math.nan


def evaluated(**changes: object) -> Evaluated:
    about = {
        "scores": torch.tensor([[1.0, 10.0], [2.0, 20.0], [NAN, NAN], [4.0, 41.0]]),
        "targets": torch.tensor([[1.0, NAN], [2.5, 20.0], [3.0, 30.0], [4.0, 40.0]]),
        "paths": ["a.mp4", "b.mp4", "c.mp4", "d.mp4"],
        "errors": ["", "", "cut off", ""],
        "names": ["pain", "angle"],
        "views": "1x1",
        "split": "test",
        "checkpoint": "best.pt",
        "fingerprint": "0",
    }
    return Evaluated(**{**about, **changes})


def test_a_missing_truth_is_an_empty_cell_and_an_unread_video_has_a_reason():
    report = value_report(evaluated(), [2.0, 20.0])
    rows = list(csv.DictReader(io.StringIO(report.files["predictions.csv"].decode())))
    assert rows[0] == {
        "path": "a.mp4",
        "pain": "1.000000",
        "pain_predicted": "1.000000",
        "angle": "",
        "angle_predicted": "10.000000",
        "error": "",
    }
    assert (rows[2]["pain_predicted"], rows[2]["error"]) == ("", "cut off")
    pain, angle = (report.results["per_target"][name] for name in ("pain", "angle"))
    assert (pain["n"], pain["n_missing"], pain["mae"]) == (4, 0, (0 + 0.5 + 1 + 0) / 4)
    assert (angle["n"], angle["n_missing"]) == (3, 1)
    assert angle["mae"] == round((0 + 10 + 1) / 3, 6)
    assert report.results["n_bad"] == 1


def test_the_same_scores_give_the_same_bytes_and_a_picture():
    one, two = (value_report(evaluated(), [2.0, 20.0]) for _ in range(2))
    assert one.files == two.files
    assert one.pictures["scatter.png"]() == two.pictures["scatter.png"]()


def test_the_page_says_what_is_missing_and_averages_no_errors_of_several_units():
    report = value_report(evaluated(), [2.0, 20.0])
    summary = value_summary(evaluated(), report.results, [2.0, 20.0])
    assert "1 video has no angle: left out of its metrics." in summary.notes
    assert "1 of the videos could not be read and count as the mean of training." in summary.notes
    assert [name for name, _ in summary.tiles] == ["CCC", "Pearson r", "sign agreement"]
    assert "MAE" not in summary.headline
    assert ("angle: missing", "1") in value_table(report.results)
    assert [exhibit.index for exhibit in summary.galleries[0].exhibits][:1] == [1]


def test_one_target_is_said_in_its_unit():
    alone = evaluated(
        scores=torch.tensor([[1.0], [2.0]]),
        targets=torch.tensor([[1.0], [3.0]]),
        paths=["a.mp4", "b.mp4"],
        errors=["", ""],
        names=["pain"],
    )
    results = value_report(alone, [2.0]).results
    assert value_summary(alone, results, [2.0]).headline.endswith("MAE 0.5 of pain on 2 test videos.")
    assert values_text(["a", "b"], [1.5, NAN]) == "a 1.5, b –"
