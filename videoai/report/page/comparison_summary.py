"""The page of ``videoai compare``: two runs on the same videos."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from videoai.core.messages import pluralize
from videoai.report.comparison import Comparison
from videoai.report.page.html import Html, name, tag
from videoai.report.page.summary import Exhibit, Gallery, Section, Summary, path_line, share, table
from videoai.report.page.svg import Axis, box, svg, words
from videoai.report.tables import percent

MAX_EXHIBITS = 12  # films in a gallery
WIDTH, MARGIN = 460, 20  # pixels of the interval


class Answers(NamedTuple):
    """What both runs say of one video."""

    path: str
    label: str
    one: str  # the class that the first run answers; "" = it could not read the video
    other: str
    one_is_right: bool
    other_is_right: bool


def comparison_summary(
    comparison: Comparison,
    answers: Sequence[Answers],
    settings: Mapping[str, tuple[str, str]],
    runs: tuple[str, str],
) -> Summary:
    """The page without its films, whose galleries number the videos as ``answers`` does.

    Args:
        answers: of each video that both runs answered. settings: those that differ, by name. runs: the runs' names.
    """
    return Summary(
        headline=headline(comparison, runs),
        notes=[f"First: {runs[0]}. Second: {runs[1]}. Gains are those of the second over the first."],
        tiles=[
            ("top-1 of the first", percent(comparison.one)),
            ("top-1 of the second", percent(comparison.other)),
            ("gain", f"{100 * comparison.gain:+.1f}"),
            ("95 % interval of the gain", f"{100 * comparison.low:+.0f} to {100 * comparison.high:+.0f}"),
            ("p, McNemar", f"{comparison.p_value:.2g}"),
        ],
        sections=[
            Section("Paired test", test_part(comparison)),
            Section("Settings that differ", settings_part(settings)),
            Section("Classes", classes_part(comparison)),
        ],
        galleries=[*galleries(answers)],
    )


def headline(comparison: Comparison, runs: tuple[str, str]) -> str:
    """Which run is better, or that none is shown to be."""
    videos = f"of the same {pluralize(comparison.num_videos, 'video')}"
    if not comparison.differs:
        both = f"{percent(comparison.one)} and {percent(comparison.other)}"
        return f"No difference between {runs[0]} and {runs[1]} is shown: {both} {videos} are right."
    best, worst = (runs[1], runs[0]) if comparison.gain > 0 else (runs[0], runs[1])
    high, low = sorted((comparison.one, comparison.other), reverse=True)
    return f"{best} is better than {worst}: {percent(high)} against {percent(low)} {videos} are right."


def test_part(comparison: Comparison) -> Html:
    """What the test compares, and the interval of the gain."""
    split = comparison.only_one + comparison.only_other
    said = [
        f"The runs disagree on {pluralize(split, 'video')}: the first alone is right on {comparison.only_one}, the "
        f"second alone on {comparison.only_other}. {comparison.verdict}",
        f"The gain in top-1 is {100 * comparison.gain:+.1f} points, 95 % interval {100 * comparison.low:+.1f} to "
        f"{100 * comparison.high:+.1f} points.",
    ]
    hint = (
        "McNemar\u2019s exact test, two-sided (Dietterich 1998, doi:10.1162/089976698300017197); interval by paired "
        "bootstrap. Both take the videos as independent: where several are of one person or source, p is too small."
    )
    texts = [*(tag("p", one) for one in said), tag("p", hint, class_="hint")]
    return tag("div", tag("div", *texts), interval_chart(comparison), class_="beside")


def interval_chart(comparison: Comparison) -> Html:
    """The gain with its interval, and zero."""
    reach = max(0.01, 1.15 * max(abs(comparison.low), abs(comparison.high)))
    across = Axis(-reach, reach, MARGIN, WIDTH - MARGIN)
    left, right, zero = across(comparison.low), across(comparison.high), across(0)
    kind = "quiet" if not comparison.differs else "right"
    parts = [
        box(MARGIN, 30, WIDTH - 2 * MARGIN, 44, "ground"),
        box(left, 46, max(1.0, right - left), 12, kind),
        tag("line", x1=zero, y1=24, x2=zero, y2=80, class_="diagonal"),
        tag("circle", cx=across(comparison.gain), cy=52, r=5, class_="count"),
        words(f"{100 * comparison.low:+.1f}", left - 2, 40, "end"),
        words(f"{100 * comparison.high:+.1f}", right + 2, 40, "start"),
        words("gain in top-1, points", MARGIN, 16, "axis"),
        words("the first is better", MARGIN, 98, "start"),
        words("the second is better", WIDTH - MARGIN, 98, "end"),
        words("0", zero, 98, "tick"),
    ]
    return tag("div", svg(WIDTH, 104, *parts, label="Gain in top-1 with its 95 % interval"), class_="chart")


def settings_part(settings: Mapping[str, tuple[str, str]]) -> Html:
    """Name and both values."""
    if not settings:
        return tag("p", "None, as far as the runs recorded them.")
    header = [("setting", "text"), ("first", "text"), ("second", "text")]
    return table(header, [[key, *values] for key, values in settings.items()], label="Settings that differ")


def classes_part(comparison: Comparison) -> Html:
    """Every class; a click on a heading sorts."""
    header = [
        ("class", "text"),
        ("videos", "number"),
        ("first %", "number"),
        ("second %", "number"),
        ("gain", "number"),
    ]
    rows = [
        [row.name, row.num_videos, share(row.one), share(row.other), (f"{100 * row.gain:+.1f}", row.gain)]
        for row in comparison.classes
    ]
    hint = "Share of the videos of a class that are right. A click on a heading sorts."
    return Html(tag("p", hint, class_="hint") + table(header, rows, label="Classes"))


def galleries(answers: Sequence[Answers]) -> list[Gallery]:
    """The videos that one run alone gets right, spread evenly over the list."""
    only_one = [at for at, row in enumerate(answers) if row.one_is_right and not row.other_is_right]
    only_other = [at for at, row in enumerate(answers) if row.other_is_right and not row.one_is_right]
    made = []
    for title, found in (("Right in the first alone", only_one), ("Right in the second alone", only_other)):
        number = min(MAX_EXHIBITS, len(found))
        chosen = [found[at * len(found) // number] for at in range(number)]
        note = f"{len(chosen)} of {pluralize(len(found), 'video')}, spread evenly over the list"
        if chosen:
            made.append(Gallery(title, note, [exhibit(answers[at], at) for at in chosen]))
    return made


def exhibit(row: Answers, index: int) -> Exhibit:
    """The true class, and the answers of both."""
    said = [
        tag("span", f"{which}: ", tag("span", name(answer or "not read"), class_="right" if is_right else "wrong"))
        for which, answer, is_right in (("first", row.one, row.one_is_right), ("second", row.other, row.other_is_right))
    ]
    return Exhibit(index, tag("span", name(row.label)), [*said, path_line(row.path)])
