import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from videoai.data import feature_index as module
from videoai.data.feature_index import FeatureIndex, open_index
from videoai.data.feature_table import Block, FeatureRow, write_table

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["a.mp4", "a.mp4", "broken.mp4", "ü, b.mp4", "c.mp4"]


def table(path: Path, seed: int = 0) -> np.ndarray:
    """Five rows: two windows of one video, one without features, one that is not finite. Returns their features."""
    features = np.random.default_rng(seed).normal(size=(5, 4)).astype(np.float32)
    features[2], features[4, 1] = np.nan, np.inf
    error = [None, None, "missing", None, None]
    rows = [
        FeatureRow(name, 0.5, None, "train", "run", None, "00", why) for name, why in zip(NAMES, error, strict=True)
    ]
    write_table(path, iter([Block(rows[:3], features[:3]), Block(rows[3:], features[3:])]), 4, {"root": "/films"})
    return features


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "feature_index"


def same(one: FeatureIndex, other: FeatureIndex) -> None:
    assert [*one.rows] == [*other.rows]
    np.testing.assert_array_equal(one.vectors, other.vectors)
    np.testing.assert_array_equal(one.videos, other.videos)
    assert (one.left_out, one.reasons, one.provenance) == (other.left_out, other.reasons, other.provenance)


@pytest.mark.parametrize("suffix", ["parquet", "npz"])
def test_rows_with_features_are_kept_at_unit_length(tmp_path: Path, suffix: str):
    features = table(tmp_path / f"x.{suffix}")
    index = open_index(tmp_path / f"x.{suffix}")
    assert [row.video for row in index.rows] == ["a.mp4", "a.mp4", "ü, b.mp4"]
    kept = features[[0, 1, 3]]
    np.testing.assert_allclose(index.vectors, kept / np.linalg.norm(kept, axis=1, keepdims=True), rtol=1e-6)
    assert index.videos.tolist() == [0, 0, 1]
    assert index.left_out == 2
    assert index.reasons == ["broken.mp4: missing", "c.mp4: features that are not finite"]
    assert [row.video for row in index.first_rows()] == ["a.mp4", "ü, b.mp4"]
    assert index.file_of("a.mp4") == "/films/a.mp4"
    assert index.file_of("a.mp4", "/moved") == "/moved/a.mp4"


@pytest.mark.parametrize("suffix", ["parquet", "npz"])
def test_a_big_table_is_mapped_from_the_cache_and_reads_the_same(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
):
    table(path := tmp_path / f"x.{suffix}")
    small = open_index(path)
    assert not cache.exists()
    monkeypatch.setattr(module, "SAVED_FROM_BYTES", 0)
    same(open_index(path), small)
    assert isinstance(open_index(path).vectors, np.memmap)
    (folder,) = cache.iterdir()
    kept = (folder / "vectors.bin").stat().st_mtime_ns
    same(open_index(path), small)
    assert (folder / "vectors.bin").stat().st_mtime_ns == kept


def test_a_table_that_changed_takes_the_place_of_what_was_kept(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "SAVED_FROM_BYTES", 0)
    table(path := tmp_path / "x.parquet")
    table(other := tmp_path / "y.parquet")
    first, kept = open_index(path).vectors.copy(), open_index(other).vectors
    table(path, seed=1)
    os.utime(path, ns=(1, 1))
    assert not np.array_equal(open_index(path).vectors, first)
    assert len([*cache.iterdir()]) == 2  # the other table's is still there
    np.testing.assert_array_equal(open_index(other).vectors, kept)


def test_a_writer_that_died_leaves_nothing_that_is_taken_for_whole(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "SAVED_FROM_BYTES", 0)
    table(path := tmp_path / "x.parquet")
    write = module.np.save
    monkeypatch.setattr(module.np, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="no room"):
        open_index(path)
    assert [*cache.iterdir()] == []
    monkeypatch.setattr(module.np, "save", write)
    assert len(open_index(path)) == 3


@pytest.mark.parametrize("least", [0, 10**9])
def test_a_table_of_nothing_but_errors_is_an_empty_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int):
    monkeypatch.setattr(module, "SAVED_FROM_BYTES", least)
    rows = [FeatureRow("broken.mp4", None, None, None, None, None, None, "missing")]
    write_table(tmp_path / "x.parquet", iter([Block(rows, np.full((1, 4), np.nan, np.float32))]), 4, {})
    index = open_index(tmp_path / "x.parquet")
    assert (len(index), index.vectors.shape, index.left_out, index.first_rows()) == (0, (0, 4), 1, [])


MEASURED = """
import sys
from pathlib import Path

import numpy as np
import torch

from videoai.data.feature_index import open_index, unit
from videoai.run.features.nearest import nearest


def megabytes():
    status = Path("/proc/self/status").read_text().split("RssAnon:")[1]
    return int(status.split()[0]) / 1024


queries = unit(np.ones((4, 768), np.float32))
before = megabytes()
index = open_index(sys.argv[1])
for part in nearest(queries, index.vectors, 5, torch.device("cpu"), lambda queries, rows: None):
    print(len(index), megabytes() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")
def test_a_big_table_is_searched_in_less_memory_than_its_features_take(tmp_path: Path):
    draw, about = np.random.default_rng(0), (None, None, "train", "run", None, "00ff")
    blocks = (
        Block(
            [FeatureRow(f"{first + place}.mp4", *about) for place in range(4000)],
            draw.standard_normal((4000, 768), dtype=np.float32),
        )
        for first in range(0, 200_000, 4000)
    )
    write_table(tmp_path / "x.parquet", blocks, 768, {})  # 614 MB
    words = [sys.executable, "-c", MEASURED, str(tmp_path / "x.parquet")]
    environment = {**os.environ, "VIDEOAI_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    for most in (450, 150):  # the first one fills the cache
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        rows, megabytes = done.stdout.split()
        assert int(rows) == 200_000
        assert float(megabytes) < most
