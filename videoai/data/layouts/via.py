"""Projects of the VGG Image Annotator 3 (VIA): temporal segments of videos, and attributes of whole files.

    {"project": {"pid": ..., "rev": ..., "vid_list": ["1"]},
     "attribute": {"1": {"aname": "action", "type": 4, "options": {"0": "run", "1": "walk"}}},
     "file": {"1": {"fname": "a.mp4", "type": 4, "loc": 1, "src": ""}}, "view": {"1": {"fid_list": ["1"]}},
     "metadata": {"1_x": {"vid": "1", "z": [0.5, 2.1], "xy": [], "av": {"1": "0"}}}}

z holds seconds, none for a whole file; xy a region of the picture, which is no label of a clip. Source of the format:
gitlab.com/vgg/via, via-3.x.y, _via_metadata.js and _via_attribute.js.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack
from urllib.parse import unquote, urlsplit

from videoai.core.messages import pluralize
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, load_json
from videoai.data.layouts.stretches import choose, clips, listed, most, stretch
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.listing import NamedSpan
from videoai.data.lists.manifest import Manifest

VIDEO, CHECKBOX = 4, 2  # types of files and of attributes
UNSET = ("", "_DEFAULT")  # values of segments that nobody has named


@dataclass
class Film:
    """One video of a project, with the stretches that each attribute describes."""

    entry: Entry
    videos: list[str]  # the names it may have
    beside: str
    stretches: dict[str, list[NamedSpan]] = field(default_factory=dict)


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree)
    if not files:
        return None
    settings, why = tree.place(), f"{os.path.basename(files[0])} of VIA 3"
    try:
        counts = _counts([film for path in files for film in _films(path)])
    except ValueError:  # reading it will say so
        return Candidate("via", settings, why)
    if len(counts) > 1:
        settings["attribute"] = most(counts)
        why += f"; attributes {', '.join(listed(counts))}, data.attribute chooses"
    return Candidate("via", settings, why)


def from_via(
    root: str,
    *,
    annotations: str | None = None,
    attribute: str | None = None,
    multi_label: bool = False,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the temporal segments of every video; the values of an attribute are the classes.

    Args:
        root: the videos.
        annotations: the project file or its folder; None = below root.
        attribute: its name; None = the only one that videos have values of.
        multi_label: a video has any number of labels, each at its times.
    """
    tree = survey(annotations or root)
    files = _files(tree) or tree.fail("VIA 3", "a .json project of the VGG Image Annotator 3")
    films = [film for path in files for film in _films(path)]
    chosen = choose("attribute", attribute, _counts(films), files[0])
    bare = [film.videos[0] for film in films if not film.stretches.get(chosen)]
    notes = [f"left out {pluralize(len(bare), 'video')} without a value of {chosen}, first {bare[0]}."] if bare else []
    found = (clip for film in films for clip in _clips(film, chosen, multi_label))
    return manifest_from_annotations(found, root, files[0], notes=notes, **options)


def _files(tree: Survey) -> list[str]:
    return [path for path in tree.named("*.json") if all(f'"{key}"' in peek(path) for key in ("project", "pid", "rev"))]


def _counts(films: list[Film]) -> Counter[str]:
    return Counter(name for film in films for name, spans in film.stretches.items() for _ in spans)


def _clips(film: Film, attribute: str, multi_label: bool) -> Iterator[Annotated]:
    if spans := film.stretches.get(attribute):
        video, *also = film.videos
        place = {"also": tuple(also), "beside": film.beside}
        yield from clips(film.entry, video, spans, multi_label=multi_label, **place)


def _films(path: str) -> list[Film]:
    content = load_json(path)
    files, views, attributes, metadata = (
        _part(content, key, path) for key in ("file", "view", "attribute", "metadata")
    )
    prefixes = content.get("config", {}).get("file", {}).get("loc_prefix", {})
    films = {
        number: Film(_entry(about, path, f"file {number!r}"), _names(about, prefixes), os.path.dirname(path))
        for number, about in files.items()
        if about.get("type") == VIDEO
    }
    for name, about in metadata.items():
        entry = _entry(about, path, f"metadata {name!r}")
        shown = views.get(str(about.get("vid")), {}).get("fid_list")
        if not isinstance(shown, list) or not shown:
            entry.fail(f"vid is {about.get('vid')!r}, a view that the project does not have")
        if film := films.get(str(shown[0])):
            for attribute, span in _spans(entry, attributes):
                film.stretches.setdefault(attribute, []).append(span)
    return list(films.values())


def _part(content: Any, key: str, path: str) -> dict[str, dict[str, Any]]:
    part = content.get(key) if isinstance(content, dict) else None
    if not isinstance(part, dict) or not all(isinstance(value, dict) for value in part.values()):
        raise ValueError(
            f'{path}: "{key}" must hold an object for each of its numbers; save the project in VIA 3 again'
        )
    return part


def _entry(about: dict[str, Any], path: str, place: str) -> Entry:
    return Entry(about, lambda: f"{path}: {place}")


def _names(about: dict[str, Any], prefixes: Mapping[str, Any]) -> list[str]:
    """The file's name, and what its address ends in."""
    source = f"{prefixes.get(str(about.get('loc')), '')}{about.get('src') or ''}"
    path = "" if source.startswith("data:") else unquote(urlsplit(source).path)
    return [name for name in (str(about.get("fname") or ""), os.path.basename(path)) if name] or [
        "a file without a name"
    ]


def _spans(entry: Entry, attributes: dict[str, dict[str, Any]]) -> Iterator[tuple[str, NamedSpan]]:
    if entry.fields.get("xy"):
        return
    times = entry.fields.get("z") or []
    if len(times) not in (0, 2):  # one moment of the video
        return
    start, end = _seconds(entry, times) if times else (0.0, None)
    values = entry.fields.get("av")
    for number, value in (values if isinstance(values, dict) else {}).items():
        if number not in attributes:
            entry.fail(f"av names the attribute {number!r}, which the project does not have")
        for label in _labels(str(value), attributes[number]):
            span = NamedSpan(label, start, end) if end is None else stretch(entry, "z", label, start, end)
            yield str(attributes[number].get("aname") or number), span


def _seconds(entry: Entry, times: Any) -> tuple[float, float]:
    timed = Entry(dict(zip(("z[0]", "z[1]"), times, strict=True)), entry.where)
    return timed.seconds("z[0]"), timed.seconds("z[1]")


def _labels(value: str, attribute: dict[str, Any]) -> list[str]:
    """Numbers of options as their names; a text stands for itself."""
    options = attribute.get("options") or {}
    chosen = value.split(",") if attribute.get("type") == CHECKBOX and value not in options else [value]
    return [str(options.get(one, one)).strip() for one in chosen if one.strip() not in UNSET]
