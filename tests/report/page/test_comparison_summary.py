"""What the page of a comparison says."""

import pytest

from videoai.report.comparison import compare
from videoai.report.page.comparison_summary import MAX_EXHIBITS, Answers, comparison_summary, galleries
from videoai.report.page.page import summary_page


def answers(only_one: int, only_other: int, both: int = 10) -> list[Answers]:
    rows = [Answers(f"{at}.mp4", "<run>", "<run>", "walk", True, False) for at in range(only_one)]
    rows += [Answers(f"{at}b.mp4", "walk", "", "walk", False, True) for at in range(only_other)]
    return rows + [Answers(f"{at}c.mp4", "walk", "walk", "walk", True, True) for at in range(both)]


def summary(rows: list[Answers], **settings: tuple[str, str]):
    right = [row.one_is_right for row in rows], [row.other_is_right for row in rows]
    comparison = compare([row.label for row in rows], *right, resamples=200)
    return comparison_summary(comparison, rows, settings, ("a<b", "other"))


NONE = "No difference between a<b and other is shown:"


@pytest.mark.parametrize(
    ("rows", "headline"),
    [
        (answers(0, 10), "other is better than a<b: 100.0 % against 50.0 % of the same 20 videos are right."),
        (answers(10, 0), "a<b is better than other: 100.0 % against 50.0 % of the same 20 videos are right."),
        (answers(2, 3, 0), f"{NONE} 40.0 % and 60.0 % of the same 5 videos are right."),
        (answers(0, 1, 0), f"{NONE} 0.0 % and 100.0 % of the same 1 video are right."),
    ],
    ids=["second", "first", "none", "one video"],
)
def test_the_headline_names_the_better_run_or_that_none_is_shown_to_be(rows, headline):
    assert summary(rows).headline == headline


def test_a_gallery_shows_a_few_of_the_videos_spread_over_the_list():
    first, second = galleries(answers(50, 1))
    shown = [exhibit.index for exhibit in first.exhibits]
    assert len(shown) == MAX_EXHIBITS and shown[0] == 0 and shown[-1] > 40
    assert first.note.startswith("12 of 50 videos") and second.note.startswith("1 of 1 video,")
    assert "not read" in second.exhibits[0].lines[0]
    assert galleries(answers(0, 0)) == []


def test_names_of_runs_classes_and_settings_are_never_markup():
    told = summary(answers(3, 9), **{"optim.lr": ("<b>0.1", "0.2")})
    made = summary_page("x", told, [], []).decode()
    assert "<run>" not in made and "<b>0.1" not in made and "a<b" not in made
    assert "&lt;run&gt;" in made and "&lt;b&gt;0.1" in made
    assert made.count("sortable") >= 2  # settings and classes


def test_without_settings_that_differ_this_is_said():
    made = summary_page("x", summary(answers(1, 1)), [], []).decode()
    assert "None, as far as the runs recorded them." in made
