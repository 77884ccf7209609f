"""The files of one evaluation of numbers: results.json, predictions.csv, per_target.csv and scatter.png.

A video that could not be read counts as if the mean of training had been answered, and is listed with its reason. A
missing truth is left out of every metric, and counted.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, Any

from torch import Tensor

from videoai.core.fonts import drawable, fonts_for
from videoai.core.messages import pluralize
from videoai.report.page.html import Html, tag
from videoai.report.page.summary import Exhibit, Gallery, Section, Summary, path_line, table, unreadable_note, videos
from videoai.report.result_files import Evaluated, Report, rounded, table_bytes
from videoai.report.run_pictures import png
from videoai.report.tables import closing_rows
from videoai.report.value_metrics import ValueScore, filled, per_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEANS = ("ccc", "pearson", "rmse", "mae", "sagr")
WITHOUT_UNIT = ("ccc", "pearson", "sagr")  # those whose means over targets say something
TITLES = {"ccc": "CCC", "pearson": "Pearson r", "rmse": "RMSE", "mae": "MAE", "sagr": "sign agreement"}
MAX_EXHIBITS = 12  # films in a gallery


def value_report(evaluated: Evaluated, means: Sequence[float]) -> Report:
    """The report of a task whose targets are numbers, float [N, T]; scores are in their units. means: of training."""
    names, truth = evaluated.names, evaluated.targets.double()
    predicted = filled(evaluated.scores, means)
    by_target = per_value(predicted, truth, names)
    results = evaluated.results(about={"targets": list(names)}, metrics=value_results(by_target))
    files = {
        "predictions.csv": table_bytes(
            ["path", *(column for name in names for column in (name, f"{name}_predicted")), "error"],
            (
                [path, *(value for pair in zip(known, said, strict=True) for value in pair), reason]
                for path, known, said, reason in zip(
                    evaluated.paths, truth.tolist(), evaluated.scores.tolist(), evaluated.reasons, strict=True
                )
            ),
        ),
        "per_target.csv": table_bytes(ValueScore._fields, by_target),
    }
    title = f"{evaluated.split}: CCC {results['ccc']:.3f}"
    draw = partial(scatter_figure, predicted, truth, names, title)
    return Report(results, files, {"scatter.png": lambda: png(draw())})


def value_results(by_target: Sequence[ValueScore]) -> dict[str, Any]:
    """The means over targets that have a known truth, and each target."""
    known = [score for score in by_target if score.num] or by_target
    means = {key: rounded(fmean(getattr(score, key) for score in known)) for key in MEANS}
    each = {score.name: {key: rounded(getattr(score, key)) for key in MEANS} for score in by_target}
    counts = {score.name: {"n": score.num, "n_missing": score.num_missing} for score in by_target}
    return {**means, "per_target": {name: {**counts[name], **each[name]} for name in each}}


def value_table(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for the console, of ``value_report``'s results."""
    each = results["per_target"]
    rows = [] if len(each) == 1 else [("mean CCC", f"{results['ccc']:.3f}")]
    for name, score in each.items():
        words = ", ".join(f"{TITLES[key]} {score[key]:.4g}" for key in MEANS[1:])
        rows.append((f"{name}: CCC", f"{score['ccc']:.3f} ({words})"))
        rows += [(f"{name}: missing", str(score["n_missing"]))] if score["n_missing"] else []
    return [*rows, *closing_rows(results, unreadable="count as the mean of training")]


def value_summary(evaluated: Evaluated, results: Mapping[str, Any], means: Sequence[float]) -> Summary:
    """What the page says."""
    each = results["per_target"]
    missing = [
        f"{pluralize(score['n_missing'], 'video has', 'videos have')} no {name}: left out of its metrics."
        for name, score in each.items()
        if score["n_missing"]
    ]
    return Summary(
        headline=f"CCC {results['ccc']:.3f} on {videos(evaluated)}, the mean of {len(each)} targets."
        if len(each) > 1
        else f"CCC {results['ccc']:.3f}, MAE {results['mae']:.4g} of {next(iter(each))} on {videos(evaluated)}.",
        notes=[
            "CCC is of the whole split: 1 = every value is right, 0 = no better than one value for all.",
            *missing,
            *unreadable_note(evaluated, "count as the mean of training"),
        ],
        tiles=[(TITLES[key], f"{results[key]:.4g}") for key in (MEANS if len(each) == 1 else WITHOUT_UNIT)],
        sections=[Section("Targets", target_table(each))],
        galleries=[farthest(evaluated, means)],
    )


def target_table(each: Mapping[str, Mapping[str, float]]) -> Html:
    """A row for each target; a click on a heading sorts."""
    header = [
        ("target", "text"),
        ("videos", "number"),
        ("missing", "number"),
        *((TITLES[key], "number") for key in MEANS),
    ]
    rows = [
        [name, score["n"], score["n_missing"], *((f"{score[key]:.4g}", score[key]) for key in MEANS)]
        for name, score in each.items()
    ]
    return table(header, rows, label="Targets")


def farthest(evaluated: Evaluated, means: Sequence[float]) -> Gallery:
    """The videos with the largest errors, in standard deviations of their targets."""
    truth = evaluated.targets.double()
    known = ~truth.isnan()
    spread = (truth - truth.nanmean(0)).square().nanmean(0).sqrt().clamp(min=1e-9)
    error = ((filled(evaluated.scores, means) - truth).abs() / spread).masked_fill(~known, 0).amax(1)
    order = error.argsort(descending=True, stable=True).tolist()
    chosen = [at for at in order if not evaluated.unreadable[at] and error[at] > 0][:MAX_EXHIBITS]
    note = f"{len(chosen)} of {len(error)} videos, by their largest error in standard deviations of its target"
    return Gallery("Farthest off", note, [exhibit(evaluated, at) for at in chosen])


def exhibit(evaluated: Evaluated, index: int) -> Exhibit:
    """A video, what it was taken for, and its truth."""
    said, known = evaluated.scores[index].tolist(), evaluated.targets[index].tolist()
    title = tag("span", values_text(evaluated.names, said))
    return Exhibit(
        index, title, [tag("span", f"is {values_text(evaluated.names, known)}"), path_line(evaluated.paths[index])]
    )


def values_text(names: Sequence[str], values: Sequence[float]) -> str:
    """``speed 0.52, angle 31``; a dash where one is missing."""
    pairs = zip(names, values, strict=True)
    return ", ".join(f"{name} {'–' if value != value else f'{value:.4g}'}" for name, value in pairs)


def scatter_figure(predicted: Tensor, truth: Tensor, names: Sequence[str], title: str) -> "Figure":
    """A panel for each target: what was answered over what is true, and the diagonal."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.6 * len(names), 3.9), dpi=120, layout="constrained")
    for at, name in enumerate(names):
        axes, known = figure.add_subplot(1, len(names), at + 1), ~truth[:, at].isnan()
        across, up = truth[known, at].tolist(), predicted[known, at].tolist()
        axes.scatter(across, up, s=9, alpha=0.6, linewidths=0)
        ends = [min([*across, *up], default=0.0), max([*across, *up], default=1.0)]
        axes.plot(ends, ends, color="0.6", linewidth=1, linestyle=":")
        fonts = fonts_for([name])
        families = [font.family for font in fonts]
        axes.set_title(drawable(name, fonts), parse_math=False, fontsize=10, family=families)
        axes.set_xlabel("true", fontsize=9)
        axes.set_ylabel("answered", fontsize=9)
        axes.tick_params(labelsize=8)
    figure.suptitle(title, fontsize=11)
    return figure
