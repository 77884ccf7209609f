"""Ordinal classification: one of several ordered levels a clip."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from torch import Tensor

from videoai.core.messages import truncated_list
from videoai.data.lists.manifest import Manifest
from videoai.inference.score import ViewOutputs
from videoai.report.evaluation import class_report
from videoai.report.metrics import predicted_labels, top_k_accuracy
from videoai.report.ordinal_metrics import mean_level_error, quadratic_weighted_kappa, within_one, worst_for_unread
from videoai.report.page.summary import Summary
from videoai.report.result_files import Evaluated, Report, rounded
from videoai.report.tables import percent
from videoai.report.views import average_views
from videoai.settings.training import TrainSettings
from videoai.tasks.classify import Classify
from videoai.tasks.corn import CornLoss, class_probabilities
from videoai.tasks.targets import check_smoothing
from videoai.tasks.task import Metric, Setup

LEVELS = ("mean_level_error", "quadratic_weighted_kappa", "within_one")  # what results.json adds to classification


class Ordinal(Classify):
    """CORN; the answer is the most probable level, its probability averaged over the views of a video."""

    metrics: ClassVar = {
        "qwk": Metric("quadratic weighted kappa", is_share=False),
        "mae": Metric("mean error in levels", lower_is_better=True, is_share=False),
        "top1": Metric("top-1"),
        "within_one": Metric("within one level"),
    }
    loss_settings = ()
    own_ensemble = True

    def __init__(self, *, order: Sequence[str] | None = None) -> None:
        super().__init__()
        self.order = None if order is None else [str(name) for name in order]
        if self.order is not None and (len(self.order) < 2 or len(set(self.order)) < len(self.order)):
            raise ValueError(f"task.order=[{', '.join(self.order)}]: name two classes or more, each once.")

    def outputs(self, manifest: Manifest) -> list[str]:
        """The classes from the lowest to the highest. Raises: ValueError: an order that does not name them all."""
        if self.order is None:
            return sorted(manifest.classes, key=_number)
        if missing := [name for name in manifest.classes if name not in self.order]:
            raise ValueError(
                f"task.order=[{', '.join(self.order)}] lacks {truncated_list(missing)} of {manifest.source}. Name "
                "every class, from the lowest to the highest."
            )
        if unknown := [name for name in self.order if name not in manifest.classes]:
            raise ValueError(
                f"task.order names {truncated_list(unknown)}, which {manifest.source} does not have. It has "
                f"{truncated_list(manifest.classes)}."
            )
        return self.order

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Also that the classes have an order."""
        super().validate(manifest, settings)
        check_smoothing(settings, "ordinal")
        if self.order is None and not all(_is_number(name) for name in manifest.classes):
            names = ",".join(manifest.classes[:8]) + (",..." if len(manifest.classes) > 8 else "")
            raise ValueError(
                f"{manifest.source}: its classes are {truncated_list(manifest.classes)}, which are no numbers, so "
                f"their order is not known. Give it from the lowest to the highest: 'task.order=[{names}]'"
            )
        self.outputs(manifest)

    def resolve(self, settings: TrainSettings) -> TrainSettings:
        """Nothing to smooth."""
        settings = super().resolve(settings)
        smoothing = settings.trainer.label_smoothing
        return replace(
            settings, trainer=replace(settings.trainer, label_smoothing=0.0 if smoothing == "auto" else smoothing)
        )

    def useless(self, key: str, value: object, manifest: Manifest) -> str:
        return (
            f"imbalance.{key}={value} weighs the classes of a softmax, and task=ordinal asks one question after the "
            "other; use imbalance.sampler."
        )

    def loss(self, setup: Setup, counts: Tensor) -> CornLoss:
        return CornLoss()

    def batch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        return super().batch_metrics(self.activated(outputs), target)

    def activated(self, outputs: Tensor) -> Tensor:
        """Probabilities of the levels."""
        return class_probabilities(outputs)

    def scores(self, views: ViewOutputs) -> Tensor:
        """float64 [N, K], probabilities averaged over views."""
        return average_views(self.activated(views.outputs), *views.places, mode="logits")

    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return CornLoss()(outputs, targets)

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]:
        """Unreadable videos count as wrong, by as many levels as there are."""
        error, kappa, near = _levels(scores, targets)
        return {"qwk": kappa, "mae": error, "top1": top_k_accuracy(scores, targets), "within_one": near}

    def report(self, evaluated: Evaluated, views: ViewOutputs) -> Report:
        made = class_report(evaluated, clip_top1=top_k_accuracy(self.activated(views.outputs), views.targets))
        values = dict(zip(LEVELS, map(rounded, _levels(evaluated.scores, evaluated.targets)), strict=True))
        return made._replace(results={**made.results, "order": list(evaluated.names), **values})

    def summary(self, evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
        made = super().summary(evaluated, results)
        tiles = [
            ("quadratic kappa", f"{results['quadratic_weighted_kappa']:.3f}"),
            ("mean error in levels", f"{results['mean_level_error']:.3f}"),
            ("within one level", percent(results["within_one"])),
        ]
        note = f"Levels from the lowest to the highest: {', '.join(evaluated.names)}."
        return replace(made, tiles=[*tiles, *made.tiles], notes=[note, *made.notes])

    def table(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [
            ("quadratic weighted kappa", f"{results['quadratic_weighted_kappa']:.3f}"),
            ("mean error in levels", f"{results['mean_level_error']:.3f}"),
            ("within one level", percent(results["within_one"])),
            *super().table(results),
        ]


def _levels(scores: Tensor, targets: Tensor) -> tuple[float, float, float]:
    """The values of LEVELS."""
    said = worst_for_unread(predicted_labels(scores), targets, scores.shape[1])
    return mean_level_error(said, targets), quadratic_weighted_kappa(said, targets), within_one(said, targets)


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _number(name: str) -> tuple[float, str]:
    return (float(name) if _is_number(name) else 0.0), name
