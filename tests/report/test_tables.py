import subprocess
import sys

import pytest
import torch
from rich.table import Table

from videoai.report.evaluation import class_table
from videoai.report.metrics import UNREADABLE, ClassScore, per_class
from videoai.report.tables import as_text, class_balance_table, results_table, worst_classes_table

RESULTS = {
    "split": "val",
    "views": "4x3",
    "classes": 2,
    "classes_present": 2,
    "n_total": 40,
    "n_bad": 3,
    "video_top1": 0.75,
    "top1_interval95": [0.5981, 0.8581],
    "video_top2": 0.925,
    "clip_top1": None,
    "mean_class_accuracy": 0.7,
    "macro_f1": 0.65,
}


def lines(table: Table) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in as_text(table).splitlines() if "│" in line]


def test_class_balance_has_a_row_per_class_and_totals():
    table = class_balance_table({"train": [2, 10], "val": [1, 0], "test": [0, 4]}, classes=["run", "walk"])
    assert lines(table) == [
        ["walk", "10", "0", "4"],
        ["run", "2", "1", "0"],
        ["labels in all (2 classes)", "12", "1", "4"],
    ]


def test_thirty_classes_are_shown_and_more_are_folded_without_losing_a_video():
    thirty, many = (
        class_balance_table({"train": list(range(n))}, classes=[str(i) for i in range(n)]) for n in (30, 99)
    )
    assert len(lines(thirty)) == 31
    shown = lines(many)
    assert len(shown) == 31
    assert shown[15] == ["… 70 more classes", str(sum(range(14, 84)))]
    assert shown[0] == ["98", "98"]
    assert shown[-2] == ["0", "0"]  # the rarest class is never folded away
    assert sum(int(row[1]) for row in shown[:-1]) == int(shown[-1][1])


def test_names_that_look_like_markup_are_shown_as_written():
    table = class_balance_table({"[bold]": [1]}, classes=["[red]run[/blue]"])
    assert "[red]run[/blue]" in as_text(table)
    assert "[bold]" in as_text(table)


def test_the_summary_shows_the_interval_and_the_unreadable_videos():
    shown = dict(lines(results_table(class_table(RESULTS), split="val")))
    assert shown == {
        "video top-1": "75.0 % (95 %: 59.8 .. 85.8)",
        "video top-2": "92.5 %",
        "clip top-1": "-",
        "mean class accuracy": "70.0 %",
        "macro F1": "65.0 %",
        "videos": "40",
        "unreadable (count as wrong)": "3",
        "views": "4x3",
    }


def test_the_summary_says_when_classes_are_absent():
    shown = dict(lines(results_table(class_table(RESULTS | {"classes": 17, "classes_present": 3}), split="val")))
    assert shown["mean class accuracy"] == "70.0 % (3 of 17 classes present)"


def test_the_five_worst_classes_are_listed_and_perfect_ones_are_not():
    labels = torch.arange(8).repeat_interleave(10)
    predicted = labels.clone()
    for label in range(1, 8):
        predicted[10 * label : 10 * label + label] = label - 1
    shown = lines(worst_classes_table(per_class(predicted, labels, classes=[f"class {n}" for n in range(8)])))
    assert [row[0] for row in shown] == ["class 7", "class 6", "class 5", "class 4", "class 3"]
    assert shown[0] == ["class 7", "30.0 %", "3/10", "100.0 %", "class 6"]


def test_classes_without_videos_are_not_among_the_worst():
    labels, predicted = torch.tensor([0, 0, 1]), torch.tensor([0, UNREADABLE, 1])
    shown = lines(worst_classes_table(per_class(predicted, labels, classes=["run", "walk", "sit"])))
    assert shown == [["run", "50.0 %", "1/2", "100.0 %", "-"]]


def test_a_perfect_result_says_so():
    perfect = [ClassScore("run", 3, 3, 1.0, 1.0, 1.0, 1.0, "")]
    table = worst_classes_table(perfect)
    assert table.row_count == 0
    assert "every video is classified correctly" in str(table.caption)


def test_text_is_plain_and_as_wide_as_asked():
    table = class_balance_table({"train": [0]}, classes=["a class with a long name " * 10])
    assert "\x1b" not in as_text(table)
    assert "[red]" not in as_text(table)
    assert not as_text(table).endswith("\n")
    assert max(len(line) for line in as_text(table, width=60).splitlines()) == 60


def test_counts_for_other_classes_are_refused():
    with pytest.raises(ValueError, match="train has 1 counts for 2 classes"):
        class_balance_table({"train": [1]}, classes=["run", "walk"])


def test_importing_the_reports_imports_no_heavy_package():
    code = "import sys, videoai.report.tables, videoai.report.evaluation as e; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"rich", "matplotlib", "sklearn", "torchmetrics"} & set(loaded)
