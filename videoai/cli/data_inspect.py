"""``videoai data inspect PATH``."""

import json
from typing import Any

from videoai.cli.overrides import path_first
from videoai.compose.settings import from_arguments
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.settings.datasets import InspectSettings
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings

CHOICES = ("model", "clip")  # groups of train that are passed on to it


def main(arguments: list[str]) -> int:
    """Print what lies at PATH. Exit code 1 when no layout could be read."""
    path, rest = path_first(arguments)
    choices = [argument for argument in rest if argument.partition("=")[0] in CHOICES]
    rest = [argument for argument in rest if argument not in choices]
    settings = from_arguments(InspectSettings, [*([f"path={path}"] if path else ()), *rest]).settings()
    from videoai.data.layouts.survey import Candidate
    from videoai.run.datasets.inspect import inspect

    def defaults(fit: Candidate) -> TrainSettings:
        whole = from_arguments(TrainSettings, [f"data={fit.name}", *choices]).whole
        return parse(TrainSettings, {**whole, "data": {**whole["data"], **fit.settings}})

    report = inspect(settings, defaults, choices)
    if settings.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines(report)))
    return 0 if "classes" in report else 1


def lines(report: dict[str, Any]) -> list[str]:
    """The report as text."""
    contents = report["seen"]
    part = "" if contents["whole"] else "; there is more below that was not looked at"
    there = f"{pluralize(contents['folders'], 'folder')}, {pluralize(contents['annotations'], 'annotation file')}"
    text = [f"{report['path']}: {there}{part}", "", "fits:"]
    for layout in report["layouts"]:
        text.append(f"  {layout['name']:<14}{layout['why']}")
        text += [f"  {'':<14}cannot be read: {layout['error']}"] if layout["error"] else []
    if "classes" not in report:
        return [*text, "", "no layout could be read; the lines above say what is wrong with each."]
    text += ["", *content(report), "", "train with:", f"  {report['command']}"]
    others = [layout for layout in report["layouts"] if layout["name"] != report["layout"] and not layout["error"]]
    return text + [line for other in others for line in (f"or, as {other['name']}:", f"  {other['command']}")]


def content(report: dict[str, Any]) -> list[str]:
    """Classes, splits, videos, warnings."""
    from videoai.report.tables import as_text, class_balance_table

    splits = ", ".join(f"{split} {count}" for split, count in report["splits"].items())
    counts = {split: [count[split] for count in report["classes"].values()] for split in report["splits"]}
    num_clips = sum(report["splits"].values())
    groups = f", {pluralize(report['groups'], 'group')}" if report["groups"] else ""
    return [
        f"{report['layout']}: {pluralize(len(report['classes']), 'class', 'classes')}, {pluralize(num_clips, 'clip')}: "
        f"{splits}{groups}",
        *(f"  {note}" for note in report["notes"]),
        as_text(class_balance_table(counts, classes=list(report["classes"]))),
        *video_lines(report["videos"]),
        *(f"warning: {warning}" for warning in report["warnings"]),
        *([f"picture: {display_path(report['montage'])}"] if "montage" in report else []),
    ]


def video_lines(videos: dict[str, Any]) -> list[str]:
    """Lengths, rates, sizes and codecs of the videos that were looked at."""
    text = [f"videos: {videos['looked_at']} looked at (min .. median .. max)"]
    for name in ("seconds", "fps", "frames"):
        if held := videos[name]:
            text.append(f"  {name:<9}{held['min']:.4g} .. {held['median']:.4g} .. {held['max']:.4g}")
    for name in ("sizes", "codecs"):
        if held := videos[name]:
            rest = f" and {len(held) - 5} more" if len(held) > 5 else ""
            text.append(f"  {name:<9}{', '.join(f'{key} ({count})' for key, count in list(held.items())[:5])}{rest}")
    return text
