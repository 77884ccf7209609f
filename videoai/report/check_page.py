"""``report.html`` of a data check: what was found, with the videos at fault, which play, and what the data are like."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.report.check import TABLE, FaultLike, summary
from videoai.report.page.bars_chart import Bar, bars_chart, histogram_chart
from videoai.report.page.counts import counts_table
from videoai.report.page.document import anchor, document
from videoai.report.page.film import Film, Strip, screen, strip
from videoai.report.page.html import Html, join, name, tag
from videoai.report.page.summary import Section

MAX_SHOWN = 24  # faults of a kind that have films
MAX_LISTED = 200  # faults of a kind that are named
MAX_FILM_BYTES = 10_000_000  # all JPEGs together; they are a third larger on the page

Look = Callable[[str], Film | None]  # path -> some frames of a video; None where there are none


@dataclass(frozen=True, kw_only=True)
class CheckedData:
    """What was checked."""

    source: str
    num_files: int
    counts: Sequence[tuple[str, Sequence[int]]]  # class, clips in each of ``splits``
    splits: Sequence[str]
    seconds: Sequence[float]  # length of each clip that can be read
    notes: Sequence[str]


def check_page(
    data: CheckedData, faults: Sequence[FaultLike], *, meanings: Mapping[str, str], look: Look, folder: Path
) -> bytes:
    """The page, UTF-8. meanings: kind -> a sentence. folder: where the page will lie, for its links to the videos."""
    films = Films(look)
    kinds = list(dict.fromkeys(fault.kind for fault in faults))
    parts = [
        _section(kind, [fault for fault in faults if fault.kind == kind], meanings.get(kind, ""), films, folder)
        for kind in sorted(kinds, key=lambda kind: kind_is_light(faults, kind))
    ]
    num_light = sum(fault.is_light for fault in faults)
    tiles = [("files", str(data.num_files)), ("faults", str(len(faults) - num_light)), ("warnings", str(num_light))]
    tiles += [("classes", str(len(data.counts))), ("length of all clips", _length(sum(data.seconds)))]
    return document(
        title=f"Data check: {data.source}",
        headline=f"{summary(faults)} in {pluralize(data.num_files, 'file')}.".capitalize(),
        tiles=tiles,
        sections=[*([Section("Found", _found(faults, kinds, meanings))] if faults else []), *parts, *_about(data)],
    )


def kind_is_light(faults: Sequence[FaultLike], kind: str) -> bool:
    """Whether a kind is a warning."""
    return next(fault.is_light for fault in faults if fault.kind == kind)


class Films:
    """Films of videos, each read once, as long as there is room on the page."""

    def __init__(self, look: Look) -> None:
        self.look, self.left = look, MAX_FILM_BYTES
        self.known: dict[str, Strip | None] = {}

    def of(self, path: str) -> Strip | None:
        """None where nothing can be read, or where the page is full."""
        if path not in self.known:
            film = self.look(path) if self.left > 0 else None
            self.known[path] = strip(film) if film else None
        made = self.known[path]
        self.left -= len(made.jpeg) if made else 0
        return made if self.left > 0 else None


def _found(faults: Sequence[FaultLike], kinds: Sequence[str], meanings: Mapping[str, str]) -> Html:
    """The kinds as bars, faults in one colour and warnings in another; each is explained."""
    count = Counter(fault.kind for fault in faults)
    order = sorted(kinds, key=lambda kind: (kind_is_light(faults, kind), -count[kind]))
    bars = [
        Bar(kind, count[kind], meanings.get(kind, ""), "over" if kind_is_light(faults, kind) else "wrong")
        for kind in order
    ]
    rows = [
        tag("li", tag("a", kind, href=f"#{anchor(kind)}"), f": {meanings[kind]}" if kind in meanings else "")
        for kind in order
    ]
    hint = "Red: faults. Orange: warnings, with which training goes on."
    left = tag("div", bars_chart("Kinds of faults", bars), tag("p", hint, class_="hint"))
    return tag("div", left, tag("div", tag("ul", *rows), class_="wide"), class_="beside")


def _section(kind: str, faults: Sequence[FaultLike], meaning: str, films: Films, folder: Path) -> Section:
    entries = [_entry(fault, films if at < MAX_SHOWN else None, folder) for at, fault in enumerate(faults[:MAX_LISTED])]
    more = [f"Films stand beside the first {MAX_SHOWN}."] if len(faults) > MAX_SHOWN else []
    more += [f"{len(faults) - MAX_LISTED} more are in {TABLE}."] if len(faults) > MAX_LISTED else []
    said = " ".join([f"{len(faults)} found{f': {meaning}' if meaning else ''}.", *more])
    return Section(kind, Html(tag("p", said, class_="hint") + tag("div", *entries, class_="faults")))


def _entry(fault: FaultLike, films: Films | None, folder: Path) -> Html:
    """A fault: the video, its twin beside it, and what is wrong."""
    paths = [path for path in (fault.path, fault.twin) if path]
    figures = [_figure(path, films, folder) for path in paths]
    return tag("div", tag("div", *figures, class_="twins"), tag("p", name(fault.detail)), class_="fault")


def _figure(path: str, films: Films | None, folder: Path) -> Html:
    """A video in its own proportions, and a link to its file."""
    made = films.of(path) if films else None
    shown = [tag("div", screen(made, path), style=f"width:{made.width}px")] if made else []
    shown += [tag("div", "no picture", class_="screen missing")] if films and not made else []
    return tag("figure", *shown, tag("figcaption", file_link(path, folder)), class_="film")


def file_link(path: str, folder: Path) -> Html:
    """The name of a file, which opens it: a link from ``folder`` on, which holds also where both are moved. Without a
    link where there is no such file, as in an archive."""
    shown = name(display_path(path))
    if not os.path.exists(path):
        return tag("span", shown, title=path)
    # the bytes of the name, whatever their encoding; "./" keeps what stands before a colon from being a protocol
    relative = "./" + quote(os.fsencode(os.path.relpath(path, folder)))
    return tag("a", shown, href=relative, title=path)


def _about(data: CheckedData) -> list[Section]:
    """Counts of classes and lengths."""
    said = [tag("p", tag("code", name(data.source)))]
    said += [tag("ul", *(tag("li", note) for note in data.notes))] if data.notes else []
    lengths = histogram_chart("Length of a clip", data.seconds, "s", "clips")
    counts = tag("div", counts_table(data.counts, data.splits), class_="wide")
    return [Section("Data", join([*said, tag("div", counts, tag("div", lengths), class_="beside")]))]


def _length(seconds: float) -> str:
    """``48 s``, ``3.5 min``, ``12.0 h``"""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
