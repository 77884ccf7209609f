"""What a task says of an evaluation on the page; ``page.py`` puts it into the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from videoai.core.messages import pluralize
from videoai.report.page.html import Html, name, tag
from videoai.report.result_files import Evaluated


class Exhibit(NamedTuple):
    """One clip to show."""

    index: int  # the number of its video in the split
    title: Html
    lines: Sequence[Html] = ()


class Gallery(NamedTuple):
    """Films that belong together."""

    title: str
    note: str  # how they were chosen
    exhibits: Sequence[Exhibit]


class Section(NamedTuple):
    """A part of the page with a heading."""

    title: str
    body: Html


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The content of a page, apart from films, data and settings."""

    headline: str
    notes: Sequence[str] = ()  # sentences below the headline
    tiles: Sequence[tuple[str, str]] = ()  # name and value
    sections: Sequence[Section] = ()
    galleries: Sequence[Gallery] = ()


def plain_summary(evaluated: Evaluated, rows: Sequence[tuple[str, str]]) -> Summary:
    """The summary of a task that says no more than its table: ``rows`` of name and value."""
    title, value = rows[0] if rows else ("videos", str(len(evaluated.paths)))
    return Summary(
        headline=f"{title[:1].upper()}{title[1:]}: {value}, on {videos(evaluated)}.",
        notes=unreadable_note(evaluated, "have no value"),
        tiles=rows[:6],
    )


def videos(evaluated: Evaluated) -> str:
    """``62 test videos``"""
    split = "" if evaluated.split == "all" else f"{evaluated.split} "
    return pluralize(len(evaluated.paths), f"{split}video")


def unreadable_note(evaluated: Evaluated, how: str) -> list[str]:
    """A sentence on unreadable videos; none where all could be read. ``how``: how they count."""
    count = int(evaluated.unreadable.sum())
    return [f"{count} of the videos could not be read and {how}."] if count else []


def path_line(path: str) -> Html:
    """The name of a video in one line below its film; the whole of it under the mouse."""
    return tag("span", name(path), class_="path", title=path)


def table(header: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]], *, label: str) -> Html:
    """A table whose columns sort. header: title and kind of each column, ``text`` or ``number``; a cell is a text, or
    a pair of what is shown and what it sorts by."""
    heads = [
        tag("th", tag("button", title, type="button"), scope="col", class_=kind, aria_sort="none")
        for title, kind in header
    ]
    body = [tag("tr", *(_cell(value, kind) for value, (_, kind) in zip(row, header, strict=True))) for row in rows]
    made = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), class_="sortable", aria_label=label)
    return tag("div", made, class_="scroll")


def _cell(value: object, kind: str) -> Html:
    shown, key = value if isinstance(value, tuple) else (value, value)
    if kind == "text":
        return tag("td", shown if isinstance(shown, Html) else name(shown), data_sort=key)
    return tag("td", shown, class_="number", data_sort="" if key is None or key != key else key)


def share(value: float) -> tuple[str, float]:
    """A cell for a share 0 .. 1: what is shown, and what it sorts by."""
    return ("–" if value != value else f"{100 * value:.1f}", value)
