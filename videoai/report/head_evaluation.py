"""The files of one evaluation of several heads: results.json, predictions.csv and scores.csv."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from videoai.core.messages import pluralize
from videoai.report.head_metrics import HeadScores, measured
from videoai.report.page.html import tag
from videoai.report.page.summary import (
    Exhibit,
    Gallery,
    Section,
    Summary,
    path_line,
    table,
    unreadable_note,
    videos,
)
from videoai.report.result_files import Evaluated, Report, cell, csv_for_people, table_bytes
from videoai.report.tables import closing_rows, percent

MAX_EXHIBITS = 12  # films in a gallery
SHARES = ("top1", "uar", "top5")  # what heads of classes have; uar = the mean recall
Classes = Mapping[str, Sequence[str]]  # head -> names of its classes; () of a value


def head_report(evaluated: Evaluated, heads: list[HeadScores], classes: Classes) -> Report:
    """The report of several heads."""
    results = evaluated.results(about={"outputs": len(evaluated.names)}, metrics=measured(heads))
    rows = zip(evaluated.paths, evaluated.scores.tolist(), strict=True)
    files = {
        "predictions.csv": _predictions_csv(evaluated, heads, classes),
        "scores.csv": table_bytes(["path", *evaluated.names], ([path, *row] for path, row in rows)),
    }
    return Report(results, files)


def _predictions_csv(evaluated: Evaluated, heads: list[HeadScores], classes: Classes) -> bytes:
    """One row a video: of each head the truth, nothing where it is missing, and the answer."""
    header = ["path"]
    for head in heads:
        header += [head.name, f"{head.name}_predicted"] + [f"{head.name}_probability"] * (head.kind == "class")
    cells = [_cells(head, classes[head.name], evaluated.reasons) for head in heads]
    rows = (
        [path, *(value for part in parts for value in part), reason]
        for path, reason, *parts in zip(evaluated.paths, evaluated.reasons, *cells, strict=True)
    )
    return csv_for_people([*header, "error"], rows)


def _cells(head: HeadScores, names: Sequence[str], reasons: Sequence[str]) -> list[list[str]]:
    if head.kind == "value":
        pairs = zip(head.targets.tolist(), head.scores[:, 0].tolist(), strict=True)
        return [[cell(known), cell(said)] for known, said in pairs]
    best, at = head.scores.nan_to_num(0.0).max(1)
    known = [str(names[label]) if label >= 0 else "" for label in head.targets.tolist()]
    said = [[str(names[place]), cell(value)] for place, value in zip(at.tolist(), best.tolist(), strict=True)]
    return [
        [truth, *(["", ""] if reason else answer)] for truth, answer, reason in zip(known, said, reasons, strict=True)
    ]


def head_table(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for the console, of ``head_report``'s results."""
    rows = [("mean over heads (top-1, CCC)", f"{results['mean']:.3f}")]
    if "joint_top1" in results:
        rows.append((f"all classes right ({pluralize(results['n_joint'], 'video')})", percent(results["joint_top1"])))
    if "joint_top5" in results:
        rows.append(("all classes among the best five", percent(results["joint_top5"])))
    for name, score in results["heads"].items():
        missing = f", {score['n_missing']} missing" if score["n_missing"] else ""
        if score["kind"] == "class":
            more = f", top-5 {percent(score['top5'])}" if "top5" in score else ""
            rows.append((f"{name}: top-1", f"{percent(score['top1'])}{more}, UAR {percent(score['uar'])}{missing}"))
        else:
            rows.append((f"{name}: CCC", f"{score['ccc']:.3f}, MAE {score['mae']:.4g}{missing}"))
    return [*rows, *closing_rows(results, unreadable="count as wrong")]


def head_summary(
    evaluated: Evaluated, heads: list[HeadScores], classes: Classes, results: Mapping[str, Any]
) -> Summary:
    """What the page says."""
    header = [("head", "text"), ("kind", "text"), ("videos", "number"), ("missing", "number")]
    header += [("top-1 %", "number"), ("UAR %", "number"), ("top-5 %", "number"), ("CCC", "number"), ("MAE", "number")]
    rows = [
        [name, score["kind"], score["n"], score["n_missing"]]
        + [(f"{100 * score[key]:.1f}", score[key]) if key in score else ("–", float("nan")) for key in SHARES]
        + [(f"{score[key]:.4g}", score[key]) if key in score else ("–", float("nan")) for key in ("ccc", "mae")]
        for name, score in results["heads"].items()
    ]
    joint = [("all classes right", percent(results["joint_top1"]))] if "joint_top1" in results else []
    tiles = [("mean over heads", f"{results['mean']:.3f}"), *joint, *_tiles(results["heads"])]
    said = f"all classes are right in {percent(results['joint_top1'])} of them" if joint else "numbers alone"
    return Summary(
        headline=f"{pluralize(len(heads), 'head')} on {videos(evaluated)}: {said}.",
        notes=[
            "The mean over heads is of top-1 for classes and of CCC for values.",
            *unreadable_note(evaluated, "count as wrong"),
        ],
        tiles=tiles[:6],
        sections=[Section("Heads", table(header, rows, label="Heads"))],
        galleries=[wrong(evaluated, heads, classes)] if joint else [],
    )


def _tiles(each: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (f"{name}: top-1", percent(score["top1"]))
        if score["kind"] == "class"
        else (f"{name}: CCC", f"{score['ccc']:.3f}")
        for name, score in each.items()
    ]


def wrong(evaluated: Evaluated, heads: list[HeadScores], classes: Classes) -> Gallery:
    """Videos of which not all classes are right."""
    is_wrong = torch.stack([head.ranks() > 0 for head in heads if head.kind == "class"]).any(0)
    missed: list[int] = (is_wrong & ~evaluated.unreadable).nonzero()[:, 0].tolist()
    chosen = missed[:MAX_EXHIBITS]
    cells = {head.name: _cells(head, classes[head.name], evaluated.reasons) for head in heads if head.kind == "class"}
    exhibits = []
    for at in chosen:
        said = ", ".join(f"{name} {rows[at][1]}" for name, rows in cells.items())
        known = ", ".join(f"{name} {rows[at][0] or '–'}" for name, rows in cells.items())
        exhibits.append(
            Exhibit(at, tag("span", said, class_="wrong"), [tag("span", f"is {known}"), path_line(evaluated.paths[at])])
        )
    return Gallery("Not all right", f"The first {len(chosen)} of {len(missed)} videos with a wrong class", exhibits)
