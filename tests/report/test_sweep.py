import csv

import pytest

from videoai.report.sweep import sweep_figure, sweep_rows, sweep_table, write_sweep
from videoai.report.tables import as_text


def jobs(**more):
    """Three runs of two settings, one of them pruned, and one that failed."""
    values = [("1e-05", 0.2, {}), ("0.01", 0.9, {}), ("0.0123456789", 0.5, {"pruned": True})]
    done = [
        (
            [f"optim.lr={lr}", "augment=none"],
            {"metric": "top1", "value": value, "step": 4, "run_dir": "/r", **own, **more},
        )
        for lr, value, own in values
    ]
    return [([("optim.lr=oops"), "augment=none"], {"error": "[give] a number"}), *done]


@pytest.mark.parametrize(("more", "best"), [({}, "0.01"), ({"lower_is_better": True}, "1e-05")])
def test_the_best_comes_first_and_what_failed_last(more, best):
    rows = sweep_rows(jobs(**more))
    assert rows[0]["settings"]["optim.lr"] == best
    assert [row["state"] for row in rows] == ["complete", "complete", "pruned", "failed"]
    assert [row["number"] for row in rows][2:] == [3, 0]


def test_the_table_shows_values_folders_and_errors_as_they_are():
    text = as_text(sweep_table(sweep_rows(jobs())), width=120)
    assert "4 runs, 1 pruned, 1 failed" in text
    assert "optim.lr=0.01235" in text and "0.5 (pruned)" in text and "[give] a number" in text


def test_the_csv_file_has_a_column_for_each_setting_and_all_digits(tmp_path):
    write_sweep(tmp_path, sweep_rows(jobs()))
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["optim.lr"] for row in rows] == ["0.01", "1e-05", "0.0123456789", "oops"]
    assert rows[0]["value"] == "0.9" and rows[3]["error"] == "[give] a number"
    assert (tmp_path / "sweep.png").read_bytes()[:4] == b"\x89PNG"


def test_the_picture_has_a_panel_for_the_history_and_one_for_each_setting():
    panels = [panel for panel in sweep_figure(sweep_rows(jobs())).axes if panel.get_visible()]
    assert [panel.get_xlabel() for panel in panels] == ["run", "optim.lr", "augment"]
    assert panels[1].get_xscale() == "log"
    assert list(panels[0].lines[0].get_ydata()) == [0.2, 0.9]  # the best so far, of those that were not pruned


def test_a_sweep_of_failures_has_a_picture_too(tmp_path):
    write_sweep(tmp_path, sweep_rows(jobs()[:1]))
    assert (tmp_path / "sweep.png").exists()
