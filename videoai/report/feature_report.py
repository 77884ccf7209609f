"""The page of a table of features: what it is of, whether its numbers are sound, and what they know."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from videoai.core.messages import pluralize
from videoai.report.page.bars_chart import Bar, bars_chart, histogram_chart
from videoai.report.page.counts import counts_table
from videoai.report.page.document import document
from videoai.report.page.html import Html, join, name, tag, text
from videoai.report.page.summary import Section, table

SHOWN = 20  # columns, or reasons, that are named
TRAINED = (
    "The network was trained to tell these classes, so accuracy on rows of split train flatters; that of test does not."
)
PROVENANCE = ("checkpoint", "model", "weights", "layer", "clip", "window_seconds", "stride_seconds", "preset", "data")


class Skipped(NamedTuple):
    """A look at the table that does not apply."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """Counts, and the health of the columns."""

    path: str
    provenance: Mapping[str, Any]
    num_rows: int
    num_videos: int
    num_windows: int
    reasons: Mapping[str, int]  # why rows have no features: how many
    width: int
    missing: int  # values of rows with features
    constant: Sequence[int]  # columns
    duplicates: Sequence[tuple[int, int]]  # a column, and an earlier one with the same numbers
    norms: Sequence[float]
    knows_labels: bool  # the network was trained to tell these classes
    splits: Sequence[str]
    counts: Sequence[tuple[str, Sequence[int]]]  # class, rows in each split


def feature_page(facts: TableFacts, parts: Mapping[str, Any]) -> tuple[bytes, str, dict[str, Any]]:
    """The page, its first sentence, and the numbers on it. parts: map, probe, neighbors, selection, or ``Skipped``."""
    headline = _headline(facts, parts)
    page = document(
        title=f"Features: {facts.path}",
        headline=headline,
        notes=_notes(facts),
        tiles=_tiles(facts, parts),
        sections=[
            _origin(facts),
            _columns(facts),
            _classes(facts),
            Section("Map", _or_reason(parts["map"], _map)),
            Section("Probe", _or_reason(parts["probe"], _probe)),
            Section("Neighbors", _or_reason(parts["neighbors"], _neighbors)),
            Section("Selection", _or_reason(parts["selection"], _selection)),
        ],
    )
    return page, headline, _numbers(facts, parts)


def _headline(facts: TableFacts, parts: Mapping[str, Any]) -> str:
    said = f"{pluralize(facts.num_rows, 'row')} of {pluralize(facts.num_videos, 'video')}, {facts.width} features each"
    if isinstance(parts["probe"], Skipped):
        return f"{said}."
    linear = parts["probe"]["probes"]["linear"]
    return (
        f"{said}; a linear probe tells {100 * linear['accuracy']:.1f} % of {parts['probe']['tested']} right "
        f"(95 %: {100 * linear['low']:.1f} .. {100 * linear['high']:.1f}; the largest class is "
        f"{100 * parts['probe']['majority']:.1f} %)."
    )


def _notes(facts: TableFacts) -> list[str]:
    """What may be wrong with the table."""
    bad, constant = sum(facts.reasons.values()), len(facts.constant)
    said = {
        f"{pluralize(bad, 'row has', 'rows have')} no features: below is why.": bad,
        f"{facts.missing} values are missing in rows with features.": facts.missing,
        f"{pluralize(constant, 'column never changes', 'columns never change')}.": constant,
        TRAINED: facts.knows_labels,
    }
    return [note for note, applies in said.items() if applies]


def _tiles(facts: TableFacts, parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    tiles = [("rows", str(facts.num_rows)), ("videos", str(facts.num_videos)), ("features", str(facts.width))]
    tiles += [("without features", str(sum(facts.reasons.values()))), ("classes", str(len(facts.counts)))]
    if not isinstance(parts["neighbors"], Skipped):
        numbers = parts["neighbors"]["numbers"]
        tiles += [("near-duplicates", str(numbers["pairs"])), ("across splits", str(numbers["leaks"]))]
        asked = [one for one in numbers["retrieval"].values() if one["queries"]]
        tiles += [("Recall@1", f"{100 * one['recall@1']:.1f} %") for one in asked[:1]]
        tiles += [("Recall@1 by chance", f"{100 * one['chance_recall@1']:.1f} %") for one in asked[:1]]
    return tiles


def _origin(facts: TableFacts) -> Section:
    rows = [(key, facts.provenance.get(key)) for key in PROVENANCE if facts.provenance.get(key) not in (None, "", {})]
    rows += [("windows", f"{facts.num_windows} of {facts.num_rows} rows")]
    lines = [tag("tr", tag("th", key, scope="row"), tag("td", name(_short(value)))) for key, value in rows]
    listed = tag("div", tag("table", tag("tbody", *lines), class_="facts"), class_="scroll")
    return Section("Where it comes from", Html(listed + _reasons(facts)))


def _reasons(facts: TableFacts) -> Html:
    if not facts.reasons:
        return tag("p", "Each row has features.", class_="hint")
    order = sorted(facts.reasons.items(), key=lambda pair: -pair[1])
    more = f" {len(order) - SHOWN} rarer reasons are in the table." if len(order) > SHOWN else ""
    bars = [Bar(f"reason {place}", count, why, "wrong") for place, (why, count) in enumerate(order[:SHOWN], start=1)]
    words = tag("ol", *(tag("li", name(why), f": {pluralize(count, 'row')}") for why, count in order[:SHOWN]))
    hint = tag("p", f"Rows without features, by reason.{more}", class_="hint")
    return join([hint, bars_chart("Reasons", bars), words])


def _columns(facts: TableFacts) -> Section:
    constant, twice = len(facts.constant), len(facts.duplicates)
    said = [
        f"{facts.missing} missing values in rows with features.",
        f"{constant} of {facts.width} columns are constant{_named([f'f{number}' for number in facts.constant])}.",
        f"{twice} columns repeat another one{_named([f'f{one} = f{other}' for one, other in facts.duplicates])}.",
    ]
    chart = histogram_chart("Norm of a row", facts.norms, "", "rows")
    return Section("Columns", Html(tag("ul", *(tag("li", line) for line in said)) + tag("div", chart, class_="charts")))


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f": {', '.join(names[:SHOWN])}{more}" if names else ""


def _classes(facts: TableFacts) -> Section:
    if not facts.counts:
        return Section("Classes", tag("p", "Skipped: no row has a label.", class_="hint"))
    return Section("Classes", counts_table(facts.counts, facts.splits or ["rows"]))


def _or_reason(part: Any, write: Any) -> Html:
    return tag("p", f"Skipped: {part.reason}", class_="hint") if isinstance(part, Skipped) else write(part)


def _map(part: Mapping[str, Any]) -> Html:
    url = "data:image/png;base64," + b64encode(part["png"]).decode()
    hint = f"{part['rows']} rows: neighbours stay neighbours, distances mean nothing."
    return Html(tag("p", hint, class_="hint") + tag("img", src=url, alt="t-SNE of the rows", class_="picture"))


def _probe(part: Mapping[str, Any]) -> Html:
    header = [("probe", "text"), ("accuracy %", "number"), ("95 %", "text")]
    rows: list[Sequence[object]] = [
        [title, f"{100 * one['accuracy']:.1f}", f"{100 * one['low']:.1f} .. {100 * one['high']:.1f}"]
        for title, one in part["probes"].items()
    ]
    rows.append(["majority", f"{100 * part['majority']:.1f}", ""])
    hint = f"Learned from {part['learned']} rows, tested on {part['tested']}; rows of a video or group stay together."
    return Html(tag("p", hint, class_="hint") + table(header, rows, label="Probes"))


def _neighbors(part: Mapping[str, Any]) -> Html:
    said = tag("ul", *(tag("li", name(line)) for line in (*part["said"], *part["retrieval"])))
    if not part["pairs"]:
        return said
    header = [("similarity", "number"), ("video", "text"), ("other", "text"), ("across splits", "text")]
    header += [("labels", "text")]
    rows = [
        [f"{pair.similarity:.4f}", *map(_path, (pair.one.video, pair.other.video)), "yes" if pair.leaks else "",
         " / ".join(dict.fromkeys((pair.one.label or "", pair.other.label or "")))]
        for pair in part["pairs"]
    ]  # fmt: skip
    return Html(said + table(header, rows, label="Near-duplicates"))


def _path(video: str) -> tuple[Html, str]:
    """A cell whose lines may end after each folder and word, so that columns behind it stay in sight."""
    words = re.split(r"(?<=[/_-])", video)
    return tag("bdi", *(Html(text(word) + tag("wbr")) for word in words)), video


def _selection(part: Mapping[str, Any]) -> Html:
    test = part.get("test")
    said = [part["verdict"], f"From {part['folder']}/results.json."]
    if test:
        accuracies = f"{100 * test['selected']:.1f} %, all {100 * test['all']:.1f} %"
        said.insert(1, f"On {test['rows']} rows of split test: {accuracies}.")
    return join(tag("p", line) for line in said)


def _numbers(facts: TableFacts, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The content of report.json."""
    kept = {key: value for key, value in vars(facts).items() if key not in ("norms", "provenance")}
    looks = {
        key: {"skipped": part.reason} if isinstance(part, Skipped) else {k: v for k, v in part.items() if _is_plain(v)}
        for key, part in parts.items()
    }
    return {**kept, "reasons": dict(facts.reasons), **looks}


def _is_plain(value: Any) -> bool:
    return not isinstance(value, bytes) and not (isinstance(value, list) and value and not isinstance(value[0], str))


def _short(value: Any) -> str:
    said = ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, Mapping) else str(value)
    return said if len(said) <= 300 else f"{said[:300]} …"
