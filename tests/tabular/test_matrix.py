import numpy as np
import pytest

from videoai.tabular.matrix import as_column, group_scaled


@pytest.mark.parametrize(
    ("values", "expected", "is_categorical"),
    [
        ([1, "2.5", None, float("nan"), ""], [1, 2.5, np.nan, np.nan, np.nan], False),
        (["sun", None, "rain", "sun"], [1, np.nan, 0, 1], True),
        (["1", "two"], [0, 1], True),  # one word makes all of them names
    ],
)
def test_numbers_stay_and_names_are_numbered(values: list[object], expected: list[float], is_categorical: bool):
    column, categorical = as_column(values)
    np.testing.assert_array_equal(column, np.array(expected, np.float32))
    assert categorical is is_categorical


def test_a_group_is_scaled_by_itself_and_names_are_left():
    x = np.array([[1, 7], [3, 7], [100, 8], [100, 8]], np.float32)
    scaled = group_scaled(x, np.array([0, 0, 1, 1]), np.array([False, True]))
    np.testing.assert_array_equal(scaled, [[-1, 7], [1, 7], [0, 8], [0, 8]])  # a constant has no spread to divide by
