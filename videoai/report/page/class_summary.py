"""The page of a task whose videos have one class each."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from videoai.core.messages import pluralize
from videoai.report.calibration import NUM_BINS, Calibration, calibration
from videoai.report.evaluation import recalls_told
from videoai.report.metrics import confusion_matrix, per_class, predicted_labels
from videoai.report.page.confusion_chart import MAX_NAMED, confusion_chart
from videoai.report.page.html import Html, name, tag
from videoai.report.page.reliability_chart import reliability_chart
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
MAX_PAIRS = 10  # rows of the table of confusions


def class_summary(evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
    """Targets int64 [N], scores float64 [N, K] probabilities; ``results`` as of ``class_report``."""
    predicted = predicted_labels(evaluated.scores)
    matrix = confusion_matrix(predicted, evaluated.targets, num_classes=len(evaluated.names))
    best = evaluated.scores.amax(1)
    measured = calibration(best, predicted == evaluated.targets)
    low, high = results["top1_interval95"]
    num_right = int((predicted == evaluated.targets).sum())
    headline = (
        f"{num_right} of {videos(evaluated)} are recognised: {percent(results['video_top1'])} "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %)."
    )
    if "uar" in results:
        headline = f"UAR {percent(results['uar'])}, the mean recall of the classes: {recalls_told(results)}. {headline}"
    return Summary(
        headline=headline,
        notes=[majority_note(evaluated), *unreadable_note(evaluated, "count as wrong")],
        tiles=[
            *((name, percent(results[name.lower()])) for name in ("UAR", "WAR") if name.lower() in results),
            ("top-1", percent(results["video_top1"])),
            *((f"top-{k}", percent(results[f"video_top{k}"])) for k in (3, 5) if f"video_top{k}" in results),
            ("mean class accuracy", percent(results["mean_class_accuracy"])),
            ("macro F1", percent(results["macro_f1"])),
            ("calibration error", percent(None if measured.ece != measured.ece else measured.ece)),
        ],
        sections=[
            Section("Confusions", confusions(matrix, evaluated.names)),
            Section("Classes", class_table(predicted, evaluated)),
            Section("Calibration", calibration_part(measured)),
        ],
        galleries=galleries(evaluated, predicted),
    )


def majority_note(evaluated: Evaluated) -> str:
    """What the most frequent class alone would reach: the accuracy to beat."""
    counts = torch.bincount(evaluated.targets, minlength=len(evaluated.names))
    label = int(counts.argmax())
    share_of_it = float(counts[label]) / len(evaluated.targets)
    return f"Always answering “{evaluated.names[label]}”, the most frequent class, would give {percent(share_of_it)}."


def confusions(matrix: Tensor, classes: Sequence[str]) -> Html:
    """The matrix, and the pairs that are confused most."""
    wrong = matrix.clone().fill_diagonal_(0)
    pairs = sorted(((int(wrong[a, b]), a, b) for a, b in wrong.nonzero().tolist()), key=lambda one: (-one[0], one[1:]))
    sums = matrix.sum(1).tolist()
    rows = [[classes[a], classes[b], count, share(count / sums[a])] for count, a, b in pairs[:MAX_PAIRS]]
    header = [("true class", "text"), ("predicted", "text"), ("videos", "number"), ("% of class", "number")]
    listed = table(header, rows, label="Most frequent confusions") if rows else tag("p", "No video is confused.")
    hint = "Rows: true class; columns: predicted class. Point at a cell for its names."
    if len(classes) <= MAX_NAMED:
        hint = "Rows: true class; columns: predicted class. Colour: share of the row."
    left = tag("div", confusion_chart(matrix, classes), tag("p", hint, class_="hint"))
    return tag("div", left, tag("div", listed, class_="wide"), class_="beside")


def class_table(predicted: Tensor, evaluated: Evaluated) -> Html:
    """Every class; a click on a heading sorts."""
    header = [("class", "text"), ("videos", "number"), ("right", "number"), ("recall %", "number")]
    header += [("precision %", "number"), ("F1 %", "number"), ("most often taken for", "text")]
    rows = [
        [one.name, one.num_videos, one.num_correct, share(one.accuracy), share(one.precision), share(one.f1),
         one.most_confused_with]
        for one in per_class(predicted, evaluated.targets, classes=evaluated.names)
    ]  # fmt: skip
    return Html(tag("p", "A click on a heading sorts.", class_="hint") + table(header, rows, label="Classes"))


def calibration_part(measured: Calibration) -> Html:
    """The reliability diagram and what it says."""
    num_videos = sum(one.num_videos for one in measured.bins)
    if not num_videos:
        return tag("p", "No video has a probability.")
    surplus = measured.mean_confidence - measured.accuracy
    how = "surer than it is right" if surplus > 0 else "less sure than it is right"
    mean, right = percent(measured.mean_confidence), percent(measured.accuracy)
    said = [
        f"On average the model is {mean} sure of its answer, and {right} of the answers are right: it is {how}.",
        f"Expected calibration error: {percent(measured.ece)}, over {NUM_BINS} bins of equal width (Guo et al., "
        f"arXiv:1706.04599). Chance alone makes it larger than 0, with {pluralize(num_videos, 'video')}, too.",
    ]
    hint = (
        "Blue: how often the answers of a bin are right. Orange: how much surer the model was; pale: how much less "
        "sure. The bars of a calibrated model end at the diagonal."
    )
    words = [*(tag("p", one) for one in said), tag("p", hint, class_="hint")]
    return tag("div", reliability_chart(measured), tag("div", *words), class_="beside")


def galleries(evaluated: Evaluated, predicted: Tensor) -> list[Gallery]:
    """The mistakes that the model was surest of, those farthest from the truth, and right answers that were close."""
    known = ~evaluated.unreadable
    of_label = evaluated.scores.gather(1, evaluated.targets[:, None])[:, 0]
    is_wrong, is_right = known & (predicted != evaluated.targets), known & (predicted == evaluated.targets)
    surest = _first(evaluated.scores.amax(1).neg(), is_wrong)
    farthest = [index for index in _first(of_label, is_wrong) if index not in surest]
    closest = _first(of_label, is_right)[: MAX_EXHIBITS // 2]
    num_wrong, num_right = int(is_wrong.sum()), int(is_right.sum())
    parts = [
        ("Confident mistakes", f"{{}} of {num_wrong} mistakes, by the probability of the wrong answer", surest),
        ("Farthest off", "{} more mistakes, by how little the true class got", farthest),
        ("Barely right", f"{{}} of {num_right} right answers, by how little the true class got", closest),
    ]
    return [
        Gallery(title, note.format(len(chosen)), [exhibit(evaluated, index) for index in chosen])
        for title, note, chosen in parts
        if chosen
    ]


def exhibit(evaluated: Evaluated, index: int) -> Exhibit:
    """A video, the class that it has, and the answers."""
    row, label = evaluated.scores[index], int(evaluated.targets[index])
    best = int(row.argmax())
    answer = tag("span", name(evaluated.names[best]), class_="right" if best == label else "wrong")
    title = Html(answer + tag("b", f"{100 * float(row[best]):.0f} %"))
    truth = [] if best == label else [_truth(evaluated.names[label], float(row[label]))]
    if best == label:
        second = int(row.clone().index_fill_(0, torch.tensor(best), -1).argmax())
        truth = [Html(tag("span", "then ", name(evaluated.names[second]), f", {100 * float(row[second]):.0f} %"))]
    return Exhibit(index, title, [*truth, path_line(evaluated.paths[index])])


def _truth(title: str, probability: float) -> Html:
    return tag("span", "is ", tag("b", name(title)), f", {100 * probability:.1f} %")


def _first(keys: Tensor, mask: Tensor) -> list[int]:
    """The videos of a mask with the smallest keys."""
    chosen = mask.nonzero()[:, 0]
    return chosen[keys[chosen].argsort(stable=True)][:MAX_EXHIBITS].tolist()
