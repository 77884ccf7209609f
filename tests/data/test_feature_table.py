from pathlib import Path

import numpy as np
import pytest

from videoai.data.feature_table import Block, FeatureRow, read_features, write_table

ROWS = [
    FeatureRow("a.mp4", None, None, "train", "run", "anna", "00ff"),
    FeatureRow("ü, b.mp4", 0.5, 1.5, None, None, None, "01ff"),
    FeatureRow("broken.mp4", 0.0, None, "test", "run|jump", None, None, "missing while opening"),
]
FEATURES = np.array([[1, 2], [3, 4], [np.nan, np.nan]], np.float32)


@pytest.mark.parametrize("suffix", ["parquet", "npz"])
def test_a_table_reads_back_as_it_was_written(tmp_path: Path, suffix: str):
    path = tmp_path / f"features.{suffix}"
    write_table(path, iter([Block(ROWS[:1], FEATURES[:1]), Block(ROWS[1:], FEATURES[1:])]), 2, {"layer": "pooled"})
    table = read_features(path)
    assert table.rows == ROWS
    np.testing.assert_array_equal(table.features, FEATURES)
    assert table.provenance == {"layer": "pooled"}


def test_a_column_that_somebody_added_is_kept(tmp_path: Path):
    arrow = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "features.parquet"
    write_table(path, iter([Block(ROWS, FEATURES)]), 2, {})
    table = arrow.read_table(path).append_column("weather", [["sun", "rain", None]])
    arrow.write_table(table, path)
    assert read_features(path).columns == {"weather": ["sun", "rain", None]}


@pytest.mark.parametrize(("suffix", "name"), [("parquet", "a\\udcff.mp4"), ("npz", "a\udcff.mp4")])
def test_a_file_name_that_is_not_utf8_costs_no_table(tmp_path: Path, suffix: str, name: str):
    path = tmp_path / f"features.{suffix}"
    write_table(path, iter([Block([ROWS[0]._replace(video="a\udcff.mp4")], FEATURES[:1])]), 2, {"root": "/b\udcff"})
    table = read_features(path)
    assert table.rows[0].video == name
    assert table.provenance["root"] == "/b\udcff"


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else", b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", ["parquet", "npz"])
def test_another_file_is_refused_by_name(tmp_path: Path, suffix: str, content: bytes):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"x\.{suffix}: not an? "):
        read_features(path)


def test_a_parquet_file_of_something_else_is_refused(tmp_path: Path):
    arrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(arrow.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="not a Parquet file of videoai features extract"):
        read_features(tmp_path / "x.parquet")


def test_a_table_that_fails_half_way_does_not_appear(tmp_path: Path):
    def blocks():
        yield Block(ROWS[:1], FEATURES[:1])
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_table(tmp_path / "features.parquet", blocks(), 2, {})
    assert not [*tmp_path.iterdir()]
