import json
from pathlib import Path

import numpy as np
import pytest

from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.run.features.report import class_counts, duplicate_columns, report_features
from videoai.settings.features import FeatureReportSettings


def write(path: Path, *, labels: bool = True, splits: bool = True, rows: int = 60) -> Path:
    """Rows of three classes; one is broken, column 3 is constant, column 5 repeats 4, and the last copies the first."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=rows)
    x = (y[:, None] + rng.normal(size=(rows, 12))).astype(np.float32)
    x[:, 3], x[:, 5], x[-1], x[7] = 1, x[:, 4], x[0], np.nan
    given = [
        FeatureRow(
            f"{number}.mp4",
            None,
            None,
            ("test" if number % 4 == 3 else "train") if splits else None,
            f"class{label}" if labels else None,
            None,
            "",
        )
        for number, label in enumerate(y)
    ]
    given[7] = given[7]._replace(error="7.mp4: corrupt while decoding")
    write_table(path, iter([Block(given, x)]), 12, {"checkpoint": "best.pt", "layer": "pooled", "classes": []})
    return path


def report(table: Path, folder: Path, **changes):
    done = report_features(FeatureReportSettings(table=str(table), run_dir=str(folder), device="cpu", **changes))
    return done, json.loads((folder / "report.json").read_text()), (folder / "report.html").read_text()


def test_one_page_holds_all_that_is_known(tmp_path):
    done, numbers, page = report(write(tmp_path / "features.npz"), tmp_path / "out")
    assert "60 rows of 60 videos, 12 features each; a linear probe tells" in done.headline
    assert numbers["reasons"] == {"corrupt while decoding": 1}
    assert (numbers["constant"], numbers["duplicates"]) == ([3], [[5, 4]])
    assert numbers["neighbors"]["numbers"]["leaks"] == 1
    assert numbers["probe"]["probes"]["linear"]["accuracy"] > numbers["probe"]["majority"]
    for said in ("f5 = f4", "corrupt while decoding", "data:image/png;base64,", "Recall@1", "best.pt", "59.mp4"):
        assert said in page
    assert "<script src" not in page and "http://" not in page
    assert [one.split(":")[0] for one in done.skipped] == ["selection"]


@pytest.mark.parametrize(
    ("shape", "skipped"),
    [
        ({"labels": False}, ["probe", "selection"]),
        ({"rows": 9, "splits": False}, ["probe", "selection"]),
        ({"splits": False}, ["selection"]),
    ],
)
def test_what_does_not_apply_is_left_out_with_a_reason(tmp_path, shape, skipped):
    done, numbers, page = report(write(tmp_path / "features.npz", **shape), tmp_path / "out")
    assert [one.split(":")[0] for one in done.skipped] == skipped
    for name in skipped:
        assert numbers[name]["skipped"]
    assert "Skipped: " in page


def test_a_selection_of_the_table_stands_on_the_page_and_one_of_another_does_not(tmp_path):
    (tmp_path / "features").mkdir()
    table = write(tmp_path / "features" / "features.npz")
    beside = tmp_path / "features_select"
    beside.mkdir()
    results = {"verdict": "anova with 4 columns.", "settings": {"table": str(table)}, "test": None}
    (beside / "results.json").write_text(json.dumps(results))
    _, numbers, page = report(table, tmp_path / "out")
    assert numbers["selection"]["verdict"] == "anova with 4 columns." and "anova with 4 columns." in page
    (beside / "results.json").write_text(json.dumps({**results, "settings": {"table": "other.npz"}}))
    assert "skipped" in report(table, tmp_path / "out")[1]["selection"]


def test_a_table_without_any_features_is_refused(tmp_path):
    rows = [FeatureRow(f"{number}.mp4", None, None, None, "a", None, "", "gone") for number in range(3)]
    write_table(tmp_path / "x.npz", iter([Block(rows, np.full((3, 4), np.nan, np.float32))]), 4, {})
    with pytest.raises(ValueError, match="none of its 3 rows has features"):
        report(tmp_path / "x.npz", tmp_path / "out")


def test_several_labels_count_for_each_class_and_equal_columns_are_found():
    rows = [
        FeatureRow("a", None, None, "val", "run|jump", None, ""),
        FeatureRow("b", None, None, None, "run", None, ""),
    ]
    assert class_counts(rows) == [("jump", [1]), ("run", [1])]
    assert class_counts(rows[1:]) == [("run", [1])]
    assert duplicate_columns(np.array([[1, 1, 2, 0, 0], [2, 2, 3, 0, 0]], np.float32)) == [(1, 0)]
