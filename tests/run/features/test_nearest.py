from pathlib import Path

import numpy as np
import pytest
import torch

from videoai.data.feature_index import unit
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.run.features import nearest as module
from videoai.run.features.nearest import check_one_process, nearest, open_filled

CPU = torch.device("cpu")


def found(
    queries: np.ndarray, index: np.ndarray, k: int, bar: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    barred = None if bar is None else torch.from_numpy(bar)
    parts = [*nearest(queries, index, k, CPU, lambda q, n: None if barred is None else barred[q, n])]
    assert [part.queries.start for part in parts] == [*range(0, len(queries), module.QUERIES)]
    return torch.cat([part.rows for part in parts]).numpy(), torch.cat([part.similarity for part in parts]).numpy()


@pytest.mark.parametrize(("queries", "rows", "products"), [(256, 2**14, 2**22), (7, 16, 2**22), (3, 50, 40), (1, 1, 1)])
def test_the_nearest_rows_are_those_of_sorting_every_product(
    monkeypatch: pytest.MonkeyPatch, queries: int, rows: int, products: int
):
    for name, value in (("QUERIES", queries), ("ROWS", rows), ("PRODUCTS", products)):
        monkeypatch.setattr(module, name, value)
    draw = np.random.default_rng(0)
    asked, index = (unit(draw.normal(size=(count, 6)).astype(np.float32)) for count in (20, 101))
    bar = draw.random((20, 101)) < 0.5
    cosine = np.where(bar, -np.inf, asked @ index.T)
    places, similarity = found(asked, index, 4, bar)
    np.testing.assert_array_equal(places, np.argsort(-cosine, axis=1)[:, :4])
    np.testing.assert_allclose(similarity, -np.sort(-cosine, axis=1)[:, :4], rtol=1e-6)


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_of_equal_rows_the_first_ones_are_taken_in_order(monkeypatch: pytest.MonkeyPatch, rows: int):
    monkeypatch.setattr(module, "ROWS", rows)
    index = unit(np.array([[0, 1], *[[1, 1]] * 7, [1, 0]], np.float32))
    places, similarity = found(index[[8]], index, 3)
    assert places.tolist() == [[8, 1, 2]]
    assert similarity[0].tolist() == pytest.approx([1, 0.5**0.5, 0.5**0.5])


def test_where_all_other_rows_are_barred_nothing_more_is_found():
    index = unit(np.eye(3, dtype=np.float32))
    places, similarity = found(index[:1], index, 10, np.array([[False, True, True]]))
    assert places.shape == (1, 3)
    assert places[0, 0] == 0
    assert similarity.tolist() == [[1, -np.inf, -np.inf]]


def test_a_table_without_features_and_torchrun_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [FeatureRow("a.mp4", None, None, None, None, None, None, "missing while opening")]
    write_table(tmp_path / "x.npz", iter([Block(rows, np.full((1, 2), np.nan, np.float32))]), 2, {})
    with pytest.raises(ValueError, match=r"x.npz: no row has features \(a.mp4: missing while opening\)"):
        open_filled(str(tmp_path / "x.npz"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="search runs in one process"):
        check_one_process("search")
