"""A table with known answers: useful columns, near copies of some, useless ones, and noise with many values."""

from collections.abc import Callable

import numpy as np
import pytest

from videoai.tabular.matrix import Matrix

CLASSES, USEFUL, COPIES, USELESS = 4, 8, 4, 40


@pytest.fixture(scope="session")
def planted() -> Callable[..., Matrix]:
    """A function that makes the table."""
    return make


def make(rows: int = 600, seed: int = 0) -> Matrix:
    """Binary columns ``useful0`` .. 7, ``copy0`` .. 3 of the first of them, ``useless0`` .. 39, and the column
    ``number``, which is noise with as many values as rows. Three rows each are a group."""
    rng = np.random.default_rng(seed)
    y = rng.integers(CLASSES, size=rows)
    means = 1.2 * rng.normal(size=(CLASSES, USEFUL))
    useful = (means[y] + rng.normal(size=(rows, USEFUL)) > 0).astype(float)
    copies = useful[:, :COPIES] + 0.01 * rng.normal(size=(rows, COPIES))
    useless = (rng.normal(size=(rows, USELESS)) > 0).astype(float)
    x = np.concatenate([useful, copies, useless, rng.normal(size=(rows, 1))], axis=1).astype(np.float32)
    counts = {"useful": USEFUL, "copy": COPIES, "useless": USELESS}
    names = [f"{name}{number}" for name, count in counts.items() for number in range(count)] + ["number"]
    is_categorical = np.zeros(len(names), bool)
    return Matrix(x, names, is_categorical, y, [f"class{k}" for k in range(CLASSES)], np.arange(rows) // 3)
