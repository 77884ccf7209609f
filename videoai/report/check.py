"""The report of a data check: a table for programs, a page for people, a summary for the terminal."""

from __future__ import annotations

import base64
import html
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from videoai.core.files import csv_bytes, write_atomic

if TYPE_CHECKING:
    from numpy import ndarray
    from rich.table import Table

MAX_PICTURES = 200  # on the page; 4 KB each
PAGE = """<!doctype html><meta charset="utf-8"><title>Data check: {source}</title>
<style>body{{font:15px system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3em .6em;border-bottom:1px solid #ddd;
vertical-align:top}}td.path{{font-family:monospace;word-break:break-all}}img{{display:block;height:72px}}
.light{{color:#666}}</style>
<h1>Data check</h1><p>{source}<br>{pluralize(num_files, 'file')} examined, {summary}.</p>{sections}"""


class FaultLike(Protocol):
    """What a row of the report shows."""

    @property
    def kind(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def detail(self) -> str: ...

    @property
    def is_light(self) -> bool: ...


Picture = Callable[[str], "ndarray | None"]  # path -> uint8 [H, W, 3]


def write_report(
    folder: Path,
    source: str,
    faults: Sequence[FaultLike],
    num_files: int,
    *,
    meanings: Mapping[str, str],
    picture: Picture,
) -> None:
    """``report.csv`` and ``report.html``, one file that needs no other.

    Args:
        meanings: kind -> a sentence for its heading.
        picture: a look at a file, None where there is none.
    """
    rows = ((fault.kind, fault.path, fault.detail) for fault in faults)
    write_atomic(folder / "report.csv", csv_bytes(("kind", "path", "detail"), rows))
    by_kind: dict[str, list[FaultLike]] = defaultdict(list)
    for fault in faults:
        by_kind[fault.kind].append(fault)
    left = iter(range(MAX_PICTURES))
    sections = "".join(_section(kind, of_kind, meanings, picture, left) for kind, of_kind in by_kind.items())
    page = PAGE.format(source=html.escape(source), num_files=num_files, summary=summary(faults), sections=sections)
    write_atomic(folder / "report.html", page.encode("utf-8", "backslashreplace"))


def summary(faults: Sequence[FaultLike]) -> str:
    """``3 faults and 1 warning``."""
    light = sum(fault.is_light for fault in faults)
    heavy = len(faults) - light
    return f"{heavy} fault{'s' * (heavy != 1)} and {light} warning{'s' * (light != 1)}"


def check_table(faults: Sequence[FaultLike], meanings: Mapping[str, str]) -> Table:
    """Kinds with their counts, the first of each by name."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="What was found")
    table.add_column("kind")
    table.add_column("count", justify="right")
    table.add_column("meaning; the first one", overflow="fold")
    for kind, count in Counter(fault.kind for fault in faults).items():
        first = next(fault for fault in faults if fault.kind == kind)
        where = ": ".join(part for part in (first.path, first.detail) if part)
        table.add_row(kind, str(count), Text("; ".join(part for part in (meanings.get(kind, ""), where) if part)))
    return table


def _section(
    kind: str, faults: Sequence[FaultLike], meanings: Mapping[str, str], picture: Picture, left: Iterator[int]
) -> str:
    rows = []
    for fault in faults:
        image = _image(picture(fault.path)) if fault.path and next(left, None) is not None else ""
        cells = f'<td>{image}</td><td class="path">{html.escape(fault.path)}</td><td>{html.escape(fault.detail)}</td>'
        rows.append(f"<tr>{cells}</tr>")
    light = ' class="light"' if faults[0].is_light else ""
    heading = f"<h2{light}>{html.escape(kind)}: {len(faults)}</h2><p{light}>{html.escape(meanings.get(kind, ''))}</p>"
    return f"{heading}<table><tr><th></th><th>file</th><th>detail</th></tr>{''.join(rows)}</table>"


def _image(pixels: ndarray | None) -> str:
    if pixels is None:
        return ""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=70)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}">'
