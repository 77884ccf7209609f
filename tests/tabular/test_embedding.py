import numpy as np
import pytest

from videoai.tabular.embedding import alike_neighbors, embedded


def two_clusters() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    return (10 * np.eye(8)[y] + rng.normal(size=(40, 8))).astype(np.float32), y


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_rows_that_lie_apart_stay_apart(method: str):
    x, y = two_clusters()
    points, kept = embedded(x, method, 0)
    centres = [points[y == label].mean(0) for label in (0, 1)]
    spread = max(points[y == label].std(0).max() for label in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * spread
    assert (kept is None) == (method == "tsne")


@pytest.mark.parametrize("shape", [(3, 8), (5, 1), (4, 2)])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_few_rows_and_few_columns_are_drawn_too(method: str, shape: tuple[int, int]):
    points, _ = embedded(np.random.default_rng(0).normal(size=shape).astype(np.float32), method, 0)
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()


def test_neighbours_of_one_label_are_counted_against_chance():
    x, y = two_clusters()
    share, chance = alike_neighbors(x, y)
    assert share == 1
    assert chance == pytest.approx(19 / 39)
