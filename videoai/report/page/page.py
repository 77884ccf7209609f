"""Puts a page together: the summary of a task, films, and what it takes to repeat the evaluation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from videoai.core.messages import pluralize
from videoai.report.page.counts import counts_table
from videoai.report.page.document import document
from videoai.report.page.film import Film, Strip, screen, strip
from videoai.report.page.html import Html, join, name, tag
from videoai.report.page.summary import Exhibit, Gallery, Section, Summary

MAX_FILM_BYTES = 12_000_000  # all JPEGs together; they are a third larger on the page
MAX_BAD = 100  # unreadable videos that are listed


class Shown(NamedTuple):
    """A gallery and its films, by the number of the video; a text says why there is none."""

    gallery: Gallery
    films: Mapping[int, Film | str]


@dataclass(frozen=True, kw_only=True)
class About:
    """What was evaluated, and how."""

    title: str  # such as "tiny_r3d on test"
    source: str  # where the data lie
    counts: Sequence[tuple[str, Sequence[int]]]  # class, clips in each of ``splits``
    splits: Sequence[str]
    notes: Sequence[str]  # on the data
    bad_videos: Sequence[Mapping[str, str]]  # path and reason
    facts: Sequence[tuple[str, str]]  # model, checkpoint, views, ...
    settings: Mapping[str, Any]  # dotted key -> value, of the run that trained
    versions: Mapping[str, Any]
    command: str  # repeats it


def page(about: About, summary: Summary, shown: Sequence[Shown]) -> bytes:
    """``report.html`` of an evaluation, as ``document``."""
    closing = [
        Section("Data", data_part(about)),
        Section("Settings", settings_part(about)),
        Section("Repeat", repeat_part(about.command)),
    ]
    return summary_page(about.title, summary, shown, closing)


def summary_page(title: str, summary: Summary, shown: Sequence[Shown], closing: Sequence[Section]) -> bytes:
    """A page of a summary. shown: films, behind the sections of the summary. closing: the sections behind them."""
    sections = [*summary.sections, *films_sections(shown), *closing]
    return document(title=title, headline=summary.headline, notes=summary.notes, tiles=summary.tiles, sections=sections)


def films_sections(shown: Sequence[Shown]) -> Iterator[Section]:
    """The galleries. Films that would make the file too large are left out, and their number is given."""
    left = MAX_FILM_BYTES
    for gallery, films in shown:
        figures, left_out = [], 0
        for exhibit in gallery.exhibits:
            film = films.get(exhibit.index) if left > 0 else None
            made = strip(film) if isinstance(film, Film) else film
            left -= len(made.jpeg) if isinstance(made, Strip) else 0
            if made is None or left < 0:
                left_out += 1
            else:
                figures.append(figure(exhibit, made))
        if gallery.exhibits:
            note = f"{gallery.note}." + (f" {left_out} films are left out for time or size." if left_out else "")
            yield Section(gallery.title, Html(tag("p", note, class_="hint") + tag("div", *figures, class_="films")))


def figure(exhibit: Exhibit, made: Strip | str) -> Html:
    """A film and what is said of it."""
    if isinstance(made, str):
        picture, when = tag("div", tag("span", made), class_="screen missing"), ""
    else:
        title = exhibit.title if not isinstance(exhibit.title, Html) else f"video {exhibit.index}"
        picture, when = screen(made, title), made.when
    lines = [tag("div", line) for line in (*exhibit.lines, *[tag("span", when, class_="when")] * bool(when))]
    return tag("figure", picture, tag("figcaption", tag("div", exhibit.title, class_="answer"), *lines), class_="film")


def data_part(about: About) -> Html:
    """Counts, imbalance, what was noted when the data were read, and what could not be read."""
    said = [tag("p", tag("code", name(about.source)))]
    notes = [*imbalance(about), *about.notes]
    if notes:
        said.append(tag("ul", *(tag("li", note[:1].upper() + note[1:]) for note in notes)))
    if bad := about.bad_videos:
        rows = [tag("tr", tag("td", name(one["path"])), tag("td", one["reason"])) for one in bad[:MAX_BAD]]
        more = tag("p", f"{len(bad) - MAX_BAD} more: results.json.") if len(bad) > MAX_BAD else ""
        listed = tag("table", tag("thead", tag("tr", tag("th", "video"), tag("th", "reason"))), tag("tbody", *rows))
        said += [tag("h3", f"Unreadable videos: {len(bad)}"), tag("div", listed, class_="scroll"), more]
    return join([*said, counts_table(about.counts, about.splits)])


def imbalance(about: About) -> list[str]:
    """A sentence for each split whose largest class is much larger than its smallest."""
    said = []
    for at, split in enumerate(about.splits):
        counts = sorted((row[at], title) for title, row in about.counts if row[at])
        if len(counts) > 1 and counts[-1][0] >= 3 * counts[0][0]:
            (few, rare), (many, frequent) = counts[0], counts[-1]
            said.append(
                f"{split} is imbalanced: {pluralize(many, 'clip')} of “{frequent}”, {few} of “{rare}”. Mean class "
                "accuracy and macro F1 count classes alike."
            )
    return said


def settings_part(about: About) -> Html:
    """Model and protocol in a table; every setting of the run and the versions behind a heading that opens."""
    facts = [tag("tr", tag("th", title, scope="row"), tag("td", name(value))) for title, value in about.facts]
    blocks = [tag("table", tag("tbody", *facts), class_="facts")]
    for title, values in (("Settings of the run", about.settings), ("Versions", about.versions)):
        rows = [tag("tr", tag("th", key, scope="row"), tag("td", name(shown(value)))) for key, value in values.items()]
        if rows:
            made = tag("table", tag("tbody", *rows), class_="facts")
            blocks.append(tag("details", tag("summary", f"{title} ({len(rows)})"), tag("div", made, class_="scroll")))
    return join(blocks)


def repeat_part(command: str) -> Html:
    """The command."""
    return Html(tag("pre", tag("code", command)) + tag("button", "Copy", type="button", class_="copy"))


def shown(value: object) -> str:
    """A setting's value as one would type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
