"""The page of a task whose videos have any number of classes each."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from videoai.report.metrics import confidence_interval
from videoai.report.multilabel_evaluation import f1_rows, unknown_rows
from videoai.report.multilabel_metrics import annotated, per_label
from videoai.report.page.html import Html, name, tag
from videoai.report.page.summary import (
    Exhibit,
    Gallery,
    Section,
    Summary,
    path_line,
    share,
    table,
    unreadable_note,
    videos,
)
from videoai.report.result_files import Evaluated
from videoai.report.tables import percent

MAX_EXHIBITS = 12  # films in a gallery
MAX_NAMES = 4  # labels of a video that are written out


def label_summary(evaluated: Evaluated, results: Mapping[str, Any], is_hit: Tensor) -> Summary:
    """Targets 0 and 1 [N, K], scores float64 [N, K] sigmoids; ``results`` as of ``multi_label_report``. is_hit: bool
    [N], whether the best class is one of the video's labels."""
    low, high = confidence_interval(int(is_hit.sum()), len(is_hit))
    return Summary(
        headline=f"mAP {percent(results['mAP'])} on {videos(evaluated)}; for {percent(results['hit_at_1'])} of them "
        f"the best class is one of their labels (95 % interval {100 * low:.1f} to {100 * high:.1f} %).",
        notes=[
            f"A random ranking would give mAP {percent(results['mAP_of_chance'])}.",
            *threshold_notes(evaluated, results),
            *(f"{title}: {text}." for title, text in unknown_rows(results)),
            *unreadable_note(evaluated, "have score 0 for every class"),
        ],
        tiles=[
            ("mAP", percent(results["mAP"])),
            *f1_rows(results),
            ("hit@1", percent(results["hit_at_1"])),
            ("labels a video", f"{results['labels_per_video']:.2f}"),
        ],
        sections=[Section("Classes", label_table(evaluated))],
        galleries=[farthest(evaluated)],
    )


def threshold_notes(evaluated: Evaluated, results: Mapping[str, Any]) -> list[str]:
    """Where the thresholds of F1 come from, if they are not 0.5."""
    if results["threshold"] is not None:
        return []
    notes = ["Thresholds of classes were chosen on the validation split, by F1."]
    if evaluated.views != "1x1":
        notes.append(
            f"They were chosen with one view a video; the highest of {evaluated.views} views is larger, so that more "
            "labels are predicted."
        )
    return notes


def label_table(evaluated: Evaluated) -> Html:
    """Every class; a click on a heading sorts."""
    header = [("class", "text"), ("videos", "number"), ("average precision %", "number"), ("by chance %", "number")]
    header += [
        ("predicted", "number"),
        ("precision %", "number"),
        ("recall %", "number"),
        ("F1 %", "number"),
        ("threshold", "number"),
    ]
    scores, labels = annotated(evaluated.scores, evaluated.targets)
    by_class = per_label(scores, labels, classes=evaluated.names, thresholds=evaluated.thresholds)
    rows = [
        [one.name, one.num_videos, share(one.average_precision), share(one.base_rate), one.num_predicted,
         share(one.precision), share(one.recall), share(one.f1), f"{one.threshold:.3g}"]
        for one in by_class
    ]  # fmt: skip
    hint = "A click on a heading sorts. Predicted, precision, recall and F1: at a score of the threshold or above."
    return Html(tag("p", hint, class_="hint") + table(header, rows, label="Classes"))


def farthest(evaluated: Evaluated) -> Gallery:
    """The videos with the largest error, the mean over classes of |score - label|."""
    error = (evaluated.scores - evaluated.targets.double()).abs().nanmean(1)
    order = error.nan_to_num(-1).argsort(descending=True, stable=True)[:MAX_EXHIBITS].tolist()
    chosen = [index for index in order if not evaluated.unreadable[index]]
    note = f"{len(chosen)} of {len(error)} videos, by the mean distance of their scores from their labels"
    return Gallery("Farthest off", note, [exhibit(evaluated, index) for index in chosen])


def exhibit(evaluated: Evaluated, index: int) -> Exhibit:
    """A video, its labels, and the classes that the model finds in it."""
    scores, labels = evaluated.scores[index].tolist(), (evaluated.targets[index] == 1).tolist()
    order = sorted(range(len(scores)), key=lambda label: -scores[label])
    found = [label for label in order if scores[label] >= evaluated.thresholds[label]]
    answers = [
        tag("span", name(evaluated.names[label]), f" {100 * scores[label]:.0f} %",
            class_="right" if labels[label] else "wrong")
        for label in found
    ]  # fmt: skip
    missed = [f"{evaluated.names[label]} {100 * scores[label]:.0f} %" for label in order if labels[label]]
    title = _few(answers) if answers else tag("span", "nothing found", class_="wrong")
    truth = tag("span", "has ", name(", ".join(missed[:MAX_NAMES])) if missed else "no label")
    return Exhibit(index, title, [truth, path_line(evaluated.paths[index])])


def _few(answers: Sequence[Html]) -> Html:
    more = f" and {len(answers) - MAX_NAMES} more" if len(answers) > MAX_NAMES else ""
    return tag("span", *(part for one in answers[:MAX_NAMES] for part in (one, " ")), more)
