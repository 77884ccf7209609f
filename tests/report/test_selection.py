import pytest

from videoai.report.selection import Point, choose, importance_note, verdict


def points(anova: list[float]) -> list[Point]:
    nan = float("nan")
    return [
        Point("all", 64, [0.70, 0.72, 0.71], nan),
        Point("anova", 8, anova, 0.5),
        Point("anova", 16, [0.71, 0.72, 0.72], 0.5),
        Point("random", 8, [0.50, 0.52, 0.51], nan),
        Point("random", 16, [0.60, 0.62, 0.61], nan),
    ]


def test_the_smallest_selection_near_the_best_is_kept():
    chosen = choose(points([0.71, 0.72, 0.72]), 0.5)
    assert chosen
    assert (chosen.point.method, chosen.point.size) == ("anova", 8)
    assert "The choice matters: +20.7 points" in verdict(chosen, points([0.71, 0.72, 0.72]))


def test_a_selection_that_random_columns_reach_is_said_not_to_show():
    given = points([0.50, 0.53, 0.50])
    given[2] = Point("anova", 16, [0.60, 0.63, 0.60], 0.5)
    assert "The choice does not show" in verdict(choose(given, 0.5), given)


def test_without_a_measured_method_nothing_is_chosen():
    assert choose(points([0.5] * 3)[:1], 0.5) is None


@pytest.mark.parametrize(
    ("names", "said"), [(["number"], "held-out rows (noise"), ([f"f{k}" for k in range(9)], "9 of the 12 columns")]
)
def test_a_few_columns_are_named_and_many_counted(names: list[str], said: str):
    assert said in importance_note(names, 12)
