"""The page of a description: one file of HTML with a timeline and the key frames."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from videoai.core.messages import pluralize, whole_percent
from videoai.report.page.description_chart import (
    Bar,
    Curve,
    Group,
    Lane,
    description_chart,
    lanes_of,
    moment_url,
    when,
)
from videoai.report.page.document import document
from videoai.report.page.html import Html, join, name, tag
from videoai.report.page.summary import Section, table

MOST_ROWS = 500  # rows of a table; description.json has all
Described = Mapping[str, Any]


def description_page(described: Described, pictures: Sequence[bytes], url: str | None) -> bytes:
    """The file. pictures: the key frames, JPEG. url: of the video, which a click opens; None = it is no file."""
    video, shots = described["video"], described["shots"]
    sections = [
        Section("Timeline", timeline(described, url)),
        Section("Key frames", key_frames(described, pictures, url)) if pictures else None,
        Section("Tags", tag_table(described)) if described["tags"] else None,
        Section("Actions", action_table(described)) if described["actions"] else None,
        Section("Curves", curve_table(described)) if described["curves"] else None,
        Section("Shots", shot_table(described)) if len(shots) > 1 else None,
        Section("Where it comes from", facts(described)),
    ]
    return document(
        title=Path(video["path"]).name,
        headline=headline(described),
        notes=[video["path"]] if Path(video["path"]).name != video["path"] else [],
        tiles=[
            ("duration", when(video["duration_seconds"])),
            ("shots", str(len(shots)) if described["shot_detector"] else "not looked for"),
            *([("actions", str(len(described["actions"])))] if described["actions"] else []),
            ("picture", f"{video['width']} x {video['height']}"),
            ("frames a second", f"{video['fps']:.4g}"),
        ],
        sections=[one for one in sections if one],
    )


def headline(described: Described) -> str:
    """``1:05 in 3 shots: running (82 %), open_door 2 times.``"""
    length = when(described["video"]["duration_seconds"])
    shots = f" in {pluralize(len(described['shots']), 'shot')}" if described["shot_detector"] else ""
    best: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in described["tags"]:
        best.setdefault((one["checkpoint"], one.get("target", "")), one)
    said = [f"{one['label']} ({whole_percent(one['probability'])})" for one in best.values()]
    actions = [one["label"] for one in described["actions"]]
    said += [f"{label}, {pluralize(actions.count(label), 'time')}" for label in list(dict.fromkeys(actions))[:3]]
    return f"{length}{shots}" + (f": {'; '.join(said[:4])}." if said else ".")


def timeline(described: Described, url: str | None) -> Html:
    """Shots, then what each checkpoint said."""
    shots = [Bar(one["start_seconds"], one["end_seconds"], at % 2) for at, one in enumerate(described["shots"])]
    pictures = [Bar(one["seconds"], one["seconds"]) for one in described["key_frames"]]
    rows = [Lane("shots", shots, "quiet"), *([Lane("key frames", pictures, "over")] if pictures else [])]
    groups, left_out = [Group("", rows)], 0
    for checkpoint in [one["checkpoint"] for one in described["checkpoints"]]:
        own = {
            kind: [one for one in described[kind] if one["checkpoint"] == checkpoint]
            for kind in ("actions", "tag_events", "curves")
        }
        lanes, few = lanes_of([*own["actions"], *own["tag_events"]], "right")
        left_out += few
        curves = [Curve(one["target"], one["points"]) for one in own["curves"]]
        if lanes or curves:
            groups.append(Group(checkpoint, [*lanes, *curves]))
    opens = " A click opens the video there, as long as it lies where it lay." if url else ""
    notes = [f"The stronger the colour, the surer. Point at a bar for its times.{opens}"]
    notes += [f"{pluralize(left_out, 'label')} that lasted shortest: description.json."] if left_out else []
    chart = description_chart(groups, seconds=described["video"]["duration_seconds"], url=url)
    return join([*(tag("p", note, class_="hint") for note in notes), chart])


def key_frames(described: Described, pictures: Sequence[bytes], url: str | None) -> Html:
    """A picture each, with its time and its shot."""
    figures = []
    for one, jpeg in zip(described["key_frames"], pictures, strict=True):
        source = "data:image/jpeg;base64," + b64encode(jpeg).decode()
        shown: Html = tag("img", src=source, alt=f"at {when(one['seconds'])}", style="width:100%;border-radius:6px")
        if url:
            shown = tag("a", shown, href=moment_url(url, one["seconds"]), target="_blank", rel="noopener")
        figures.append(
            tag(
                "figure",
                shown,
                tag("figcaption", tag("b", when(one["seconds"])), f", shot {one['shot'] + 1}"),
                class_="film",
            )
        )
    note = "One a shot as far as they go, then what differs most from those in what the network sees."
    return join([tag("p", note, class_="hint"), tag("div", *figures, class_="films")])


def tag_table(described: Described) -> Html:
    """The whole video."""
    header = [("tag", "text"), ("probability %", "number"), ("checkpoint", "text")]
    return table(
        header,
        [
            [label(one), (f"{100 * one['probability']:.1f}", one["probability"]), one["checkpoint"]]
            for one in described["tags"]
        ],
        label="Tags",
    )


def action_table(described: Described) -> Html:
    """When which action happens."""
    header = [
        ("action", "text"),
        ("start s", "number"),
        ("end s", "number"),
        ("score %", "number"),
        ("checkpoint", "text"),
    ]
    rows = [
        [
            label(one),
            (f"{one['start_seconds']:.2f}", one["start_seconds"]),
            (f"{one['end_seconds']:.2f}", one["end_seconds"]),
            (f"{100 * one['score']:.1f}", one["score"]),
            one["checkpoint"],
        ]
        for one in described["actions"]
    ]
    return with_rest(header, rows, "Actions")


def curve_table(described: Described) -> Html:
    """Mean, lowest and highest value of each target."""
    header = [
        ("target", "text"),
        ("mean", "number"),
        ("lowest", "number"),
        ("highest", "number"),
        ("checkpoint", "text"),
    ]
    rows = []
    for one in described["curves"]:
        values = [point["value"] for point in one["points"]]
        numbers = [(f"{value:.4g}", value) for value in (one["mean"], min(values), max(values))]
        rows.append([one["target"], *numbers, one["checkpoint"]])
    return table(header, rows, label="Curves")


def shot_table(described: Described) -> Html:
    """Every shot."""
    header = [("shot", "number"), ("start s", "number"), ("end s", "number"), ("seconds", "number")]
    rows = []
    for number, one in enumerate(described["shots"], start=1):
        start, end = one["start_seconds"], one["end_seconds"]
        rows.append([number, *((f"{value:.2f}", value) for value in (start, end, end - start))])
    return with_rest(header, rows, "Shots")


def with_rest(header: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]], title: str) -> Html:
    """A table, and a line on the rows that it has no room for."""
    made = [table(header, rows[:MOST_ROWS], label=title)]
    if len(rows) > MOST_ROWS:
        made.append(tag("p", f"{len(rows) - MOST_ROWS} more: description.json.", class_="hint"))
    return join(made)


def label(one: Mapping[str, Any]) -> str:
    """With the name of its target, where a model has several."""
    return f"{one['target']}: {one['label']}" if "target" in one else one["label"]


def facts(described: Described) -> Html:
    """The checkpoints, and how shots were found."""
    rows = [(one["checkpoint"], said_by(one, described)) for one in described["checkpoints"]]
    rows.append(("shots", described["shot_detector"] or "shots=false"))
    cells = [tag("tr", tag("th", name(key), scope="row"), tag("td", value)) for key, value in rows]
    return tag("div", tag("table", tag("tbody", *cells), class_="facts"), class_="scroll")


def said_by(checkpoint: Mapping[str, Any], described: Described) -> str:
    """``12 windows; tags: 5``"""
    who = checkpoint["checkpoint"]
    counts = [f"{kind}: {sum(one['checkpoint'] == who for one in described[kind])}" for kind in checkpoint["gives"]]
    return "; ".join([pluralize(checkpoint["windows"], "window"), *counts])
