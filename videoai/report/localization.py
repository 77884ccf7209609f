"""The files of one evaluation of events: results.json, predictions.csv, per_class.csv and per_length.csv, and the page
with a timeline of each video."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from videoai.core.messages import pluralize
from videoai.events.average_precision import TIOUS
from videoai.events.event import Event
from videoai.events.scores import MIDDLE, Scores, total_counts
from videoai.events.segmental import segmental_f1
from videoai.report.page.html import Html, join, name, tag
from videoai.report.page.summary import Section, Summary, share, table, unreadable_note, videos
from videoai.report.page.timeline_chart import timeline_chart
from videoai.report.result_files import Evaluated, Report, rounded, table_bytes
from videoai.report.tables import closing_rows, percent

MOST_TIMELINES = 40  # videos that the page draws, those with the lowest F1 first


def localization_report(evaluated: Evaluated, scores: Scores) -> Report:
    """``evaluated``: the videos, whose scores are the highest probability of each class."""
    found = total_counts(scores.truth, scores.events)
    metrics = {key: rounded(value) for key, value in scores.metrics().items()}
    counts = {"events": found.right + found.missed, "events_found": found.right, "events_wrong": found.wrong}
    results = evaluated.results(about={"classes": len(evaluated.names), **counts}, metrics=metrics)
    files = {
        "predictions.csv": predictions_csv(evaluated, scores),
        "per_class.csv": per_class_csv(evaluated, scores),
        "per_length.csv": table_bytes(
            ["from_seconds", "to_seconds", "events", "share_found"], scores.recall_by_length()
        ),
    }
    return Report(results, files)


def predictions_csv(evaluated: Evaluated, scores: Scores) -> bytes:
    """One row an event, as ``data=csv`` reads them; a row without a label says why a video has none."""
    rows: list[list[object]] = []
    for path, events, reason in zip(evaluated.paths, scores.events, evaluated.reasons, strict=True):
        for event in () if reason else events:
            label = evaluated.names[event.label]
            rows.append([path, label, event.start_seconds, event.end_seconds, event.score, ""])
        if reason:
            rows.append([path, "", "", "", "", reason])
    return table_bytes(["path", "label", "start_seconds", "end_seconds", "score", "error"], rows)


def per_class_csv(evaluated: Evaluated, scores: Scores) -> bytes:
    """Counts at IoU 50 %, and average precision at each IoU."""
    header = ["class", "events", "found", "wrong", "f1", *(f"ap_{round(100 * tiou)}" for tiou in TIOUS)]
    rows = []
    for label, title in enumerate(evaluated.names):
        counts = scores.counts_of_class(label)
        shown = (counts.right + counts.missed, counts.right, counts.wrong, counts.f1)
        rows.append([title, *shown, *map(float, scores.precisions[label])])
    return table_bytes(header, rows)


def localization_table(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for the console."""
    f1 = ", ".join(percent(results[f"f1_{least}"]) for least in (10, 25, 50))
    by_tiou = ", ".join(percent(results[f"map_{round(100 * tiou)}"]) for tiou in TIOUS)
    return [
        ("mAP at IoU .3 to .7", percent(results["map"])),
        ("at .3, .4, .5, .6, .7", by_tiou),
        ("segmental F1 at 10, 25, 50 %", f1),
        ("edit score", percent(results["edit"])),
        ("frame accuracy", percent(results["frame_accuracy"])),
        (
            "events found at IoU .5",
            f"{results['events_found']} of {results['events']}, {results['events_wrong']} wrong",
        ),
        *closing_rows(results, unreadable="nothing is found there"),
    ]


def localization_summary(
    evaluated: Evaluated, scores: Scores, results: Mapping[str, Any], files: Sequence[str]
) -> Summary:
    """files: where each video lies."""
    return Summary(
        headline=f"{results['events_found']} of {pluralize(results['events'], 'event')} are found in "
        f"{videos(evaluated)} at an overlap of 50 %, with {results['events_wrong']} wrong ones.",
        notes=unreadable_note(evaluated, "count as if nothing was found there"),
        tiles=[
            ("mAP, IoU .3 to .7", percent(results["map"])),
            ("mAP at .5", percent(results["map_50"])),
            ("F1 at 50 %", percent(results["f1_50"])),
            ("edit score", percent(results["edit"])),
            ("frame accuracy", percent(results["frame_accuracy"])),
        ],
        sections=[
            Section("Timelines", timelines(evaluated, scores, files)),
            Section("Classes", class_table(evaluated, scores)),
            Section("Lengths", length_table(scores)),
        ],
    )


def timelines(evaluated: Evaluated, scores: Scores, files: Sequence[str]) -> Html:
    """A chart for each video, the worst first."""
    f1 = np.array([segmental_f1([t], [e], MIDDLE) for t, e in zip(scores.truth, scores.events, strict=True)])
    order = np.argsort(np.where(np.isnan(f1), 2.0, f1), kind="stable")
    note = (
        "Above: annotated; below: found, blue where right at an overlap of 50 %, red where not. The lowest F1 first. "
        "Point at an event for its times; a click opens the video there, as long as it lies where it lay."
    )
    parts = [tag("p", note, class_="hint")]
    for at in order[:MOST_TIMELINES].tolist():
        value = "nothing to find, nothing found" if np.isnan(f1[at]) else f"F1 {100 * f1[at]:.0f} %"
        parts.append(tag("h3", name(evaluated.paths[at]), f", {value}"))
        seconds = scores.tracks[at].duration_seconds
        shown = (scores.truth[at], scores.events[at], evaluated.names)
        chart = timeline_chart(*shown, seconds=seconds, url=url_of(str(files[at])))
        parts.append(tag("p", evaluated.reasons[at]) if evaluated.reasons[at] else chart)
    if len(order) > MOST_TIMELINES:
        parts.append(tag("p", f"{len(order) - MOST_TIMELINES} more videos: predictions.csv.", class_="hint"))
    return join(parts)


def url_of(path: str) -> str | None:
    """``file:///films/a.mp4``; None for what is no file, as a member of a shard."""
    return Path(path).absolute().as_uri() if Path(path).is_file() else None


def class_table(evaluated: Evaluated, scores: Scores) -> Html:
    """Every class; a click on a heading sorts."""
    header = [("class", "text"), ("events", "number"), ("found", "number"), ("wrong", "number"), ("F1 %", "number")]
    header += [(f"AP at {tiou:g} %", "number") for tiou in (TIOUS[0], MIDDLE, TIOUS[-1])]
    rows = []
    for label, title in enumerate(evaluated.names):
        counts, row = scores.counts_of_class(label), scores.precisions[label]
        aps = [share(float(row[TIOUS.index(tiou)])) for tiou in (TIOUS[0], MIDDLE, TIOUS[-1])]
        rows.append([title, counts.right + counts.missed, counts.right, counts.wrong, share(counts.f1), *aps])
    return table(header, rows, label="Classes")


def length_table(scores: Scores) -> Html:
    """Short, middle and long events."""
    header = [("length of the event", "text"), ("events", "number"), ("found %", "number")]
    rows = [
        [f"{low:.2f} to {high:.2f} s", count, share(found)] for low, high, count, found in scores.recall_by_length()
    ]
    return table(header, rows, label="Lengths") if rows else tag("p", "No event is annotated.")


def best_of_classes(scores: Scores) -> np.ndarray:
    """float32 [N, K], the highest probability of each class in each video; NaN where nothing could be read."""
    rows = []
    for track in scores.tracks:
        is_known = ~np.isnan(track.probability).all(1)
        row = np.full(len(track.probability), np.nan, np.float32)
        row[is_known] = np.nanmax(track.probability[is_known], 1)
        rows.append(row)
    return np.stack(rows)


def holds_in_video(truth: Sequence[list[Event]], num_classes: int) -> np.ndarray:
    """float32 [N, K], which classes each video has."""
    hot = np.zeros((len(truth), num_classes), np.float32)
    for number, events in enumerate(truth):
        hot[number, [event.label for event in events]] = 1
    return hot
