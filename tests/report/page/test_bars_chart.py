"""Histograms put each value into one bin."""

import re

import pytest

from videoai.report.page.bars_chart import NUM_BINS, Bar, bars_chart, bin_edges, binned, histogram_chart


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([0.5, 1.0, 1.5, 2.0], id="alike"),
        pytest.param([2.0] * 24, id="all the same"),
        pytest.param([1.0] * 50 + [3600.0], id="one far longer"),
        pytest.param([0.0, 0.0, 5.0], id="nothing among them"),
    ],
)
def test_every_value_lies_in_one_bin(values):
    known = sorted(values)
    counts = binned(known, bin_edges(known))
    assert sum(counts) == len(values)
    assert 'class="right"' in histogram_chart("lengths", values, "s", "clips")


def test_bins_grow_where_one_value_is_far_larger_than_the_others():
    assert len(set(binned([1.0, 2.0, 4.0, 3600.0], bin_edges([1.0, 2.0, 4.0, 3600.0])))) == 2  # 0 and 1
    edges = bin_edges([1.0, 1.0, 1.0, 3600.0])
    assert len(edges) == NUM_BINS + 1
    assert edges[1] / edges[0] == pytest.approx(edges[-1] / edges[-2])


def test_nothing_is_drawn_of_nothing():
    assert histogram_chart("lengths", [], "s", "clips") == ""
    assert histogram_chart("lengths", [float("nan")], "s", "clips") == ""


def test_bars_are_in_proportion_and_no_title_is_markup():
    made = bars_chart("kinds", [Bar("<a>", 40), Bar("b", 10)])
    first, second = (float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', made))
    assert first == pytest.approx(4 * second, abs=0.2)  # places are rounded to a tenth of a pixel
    assert "<a>" not in made
