from typing import Any

import numpy as np
import pytest

from videoai.tabular.preprocess import preprocessor

NAN = np.nan
NUMBERS = np.array([[1, 10, 5], [2, 20, 5], [NAN, 30, 5], [4, NAN, 5]], np.float32)
PLAIN: dict[str, Any] = {"missing": "mean", "scale": "none", "encode": "onehot"}
Y = np.array([0, 0, 1, 1])


def prepared(x: np.ndarray, categorical: list[bool], **changed: Any) -> np.ndarray:
    return preprocessor(np.array(categorical), **{**PLAIN, **changed}).fit_transform(x, Y)


@pytest.mark.parametrize(("missing", "filled"), [("mean", 7 / 3), ("median", 2), ("knn", 7 / 3)])
def test_a_missing_number_is_filled(missing: str, filled: float):
    x = prepared(NUMBERS, [False] * 3, missing=missing)
    assert x[2, 0] == pytest.approx(filled)


def test_a_model_fills_by_the_other_columns():
    x = np.array([[k, 2 * k] for k in range(1, 20)], np.float32)
    x[4, 1] = NAN
    pipeline = preprocessor(np.array([False, False]), **{**PLAIN, "missing": "model"})
    assert pipeline.fit_transform(x)[4, 1] == pytest.approx(10, abs=0.2)


def test_an_indicator_says_where_a_number_was_missing():
    x = prepared(NUMBERS, [False] * 3, missing="indicator")
    assert x[:, 2:].tolist() == [[0, 0], [0, 0], [1, 0], [0, 1]]  # beside two columns: the constant one is gone


def test_constant_and_empty_columns_vanish():
    x = np.column_stack([NUMBERS, np.full(4, NAN)]).astype(np.float32)
    pipeline = preprocessor(np.zeros(4, bool), **PLAIN)
    assert pipeline.fit_transform(x, Y).shape == (4, 2)
    assert list(pipeline.get_feature_names_out(["a", "b", "constant", "empty"])) == ["a", "b"]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("scale", "check"),
    [
        ("z", lambda x: np.allclose([x.mean(0), x.std(0)], [[0, 0], [1, 1]], atol=1e-6)),
        ("minmax", lambda x: np.allclose([x.min(0), x.max(0)], [[0, 0], [1, 1]])),
        ("robust", lambda x: np.allclose(np.median(x, 0), 0, atol=1e-6)),
    ],
)
def test_numbers_are_scaled(scale: str, check: Any):
    assert check(prepared(NUMBERS, [False] * 3, scale=scale))


NAMES = np.array([[0], [0], [1], [NAN]], np.float32)


def test_names_become_columns_and_an_unknown_one_none_of_them():
    pipeline = preprocessor(np.array([True]), **PLAIN)
    assert pipeline.fit_transform(NAMES, Y).tolist() == [[1, 0], [1, 0], [0, 1], [1, 0]]  # the most frequent fills
    assert pipeline.transform(np.array([[7]], np.float32)).tolist() == [[0, 0]]


def test_target_encoding_never_sees_the_label_of_its_own_row():
    names = np.repeat(np.arange(100, dtype=np.float32), 2)[:, None]  # each name twice, so that a label of its own shows
    y = np.random.default_rng(0).integers(2, size=200)
    pipeline = preprocessor(np.array([True]), **{**PLAIN, "encode": "target"})
    encoded = pipeline.fit_transform(names, y)
    assert abs(np.corrcoef(encoded[:, 0], y)[0, 1]) < 0.3  # 0.7 if rows saw their own label
