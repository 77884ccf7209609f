"""The table and the sentence of the study of architectures."""

import pytest

from videoai.report.architectures import architectures_table, lowest_recalls, summed_up, verdict
from videoai.report.study import differences
from videoai.report.tables import as_text


def rows(**scores: tuple[float, float]) -> list[dict]:
    return [
        {"arm": arm, "shots": 9, "seed": seed, "accuracy": uar, "war": uar + 0.1, "params": 1_500_000,
         "clips_per_second": 40.0 + seed, "recall": {"happy": uar + 0.1, "sad": uar - 0.1, "rare": None}}
        for arm, each in scores.items()
        for seed, uar in enumerate(each)
    ]  # fmt: skip


def test_a_model_is_summed_up_by_its_mean_spread_and_lowest_class():
    one = summed_up(rows(a=(0.4, 0.6)), "a", "t")
    assert (one.uar, one.war, one.params, one.clips_per_second) == pytest.approx((50.0, 60.0, 1_500_000, 40.5))
    assert one.uar_sd == pytest.approx(14.142, abs=1e-3)
    assert (one.low, one.high) == (0.0, 100.0)  # two seeds say little, and no share lies outside
    assert (one.worst, one.worst_recall) == ("sad", pytest.approx(40.0))


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ((0.70, 0.71, 0.72), "b is better than a (+20.0 points"),
        ((0.30, 0.31, 0.32), "b is worse than a (-20.0 points"),
        ((0.40, 0.51, 0.62), "b is no different that shows from a (+0.0 points"),
    ],
)
def test_the_sentence_names_the_best_and_says_whether_a_lead_shows(scores, said):
    measured = rows(a=(0.50, 0.51, 0.52), b=scores)
    table = [summed_up(measured, arm, "t") for arm in "ab"]
    gaps = differences(measured, "a")
    assert said in verdict(table, gaps, 0.2) and "chance 20.0 %" in verdict(table, gaps, 0.2)
    text = as_text(architectures_table(table, gaps))
    assert "51.0 ± 1.0 [49 .. 53]" in text and "1.50" in text
    assert lowest_recalls(table).startswith("lowest recall: a sad 41 %, b sad")
