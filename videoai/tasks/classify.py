"""Action classification: one class a video."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from torch import Tensor, int64
from torch.nn import functional as F

from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.targets import OneClass, Shares
from videoai.inference.answer import Answer, Windows, ranked
from videoai.inference.score import ViewOutputs
from videoai.report.confusion import confusion_figure
from videoai.report.evaluation import class_report, class_table
from videoai.report.metrics import confusion_matrix, macro_f1, mean_class_accuracy, predicted_labels, top_k_accuracy
from videoai.report.page.class_summary import class_summary
from videoai.report.page.summary import Summary
from videoai.report.precision_recall import precision_recall_figure
from videoai.report.result_files import Evaluated, Report
from videoai.report.views import average_views
from videoai.settings.training import TrainSettings
from videoai.tasks.losses import ClassificationLoss, classification_loss
from videoai.tasks.supervised import SupervisedTask
from videoai.tasks.task import Metric, Setup

ALIASES = {"uar": "mean_class_accuracy", "war": "top1"}  # unweighted and weighted average recall


class ClassTask(SupervisedTask):
    """What tasks share whose outputs are classes."""

    def outputs(self, manifest: Manifest) -> list[str]:
        """An output a class."""
        return list(manifest.classes)

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Also that there are two classes, and that train has every class of val and test."""
        manifest.check_learnable()
        super().validate(manifest, settings)

    def output_of(self, manifest: Manifest, outputs: Sequence[str], source: str) -> list[int]:
        """The output of each class of the data, by name: the data may hold fewer classes, in any order.

        Raises: ValueError: labels of another kind, or a class that ``source`` has not learned.
        """
        self.validate_labels(manifest, source)
        if unknown := [name for name in manifest.classes if name not in outputs]:
            missing = [name for name in outputs if name not in manifest.classes]
            raise ValueError(
                f"class mismatch: {source} was trained on {quoted(outputs)}, {manifest.source} has "
                f"{quoted(manifest.classes)} (only in the data: {quoted(unknown)}; only in the checkpoint: "
                f"{quoted(missing)}). Use the same class names, leave the others out, or train again."
            )
        return [outputs.index(name) for name in manifest.classes]


class Classify(ClassTask):
    """Softmax over the classes; the views of a video are averaged."""

    metrics: ClassVar = {
        "top1": Metric("top-1"),
        "mean_class_accuracy": Metric("mean class accuracy"),
        "macro_f1": Metric("macro F1"),
    }
    loss_settings = ("focal", "effective_number", "balanced_softmax")
    has_classes = True

    def __init__(self, *, votes: Sequence[str] | None = None) -> None:
        """votes: columns with the votes for each class, whose shares a clip learns; None = it learns its label."""
        self.votes = None if votes is None else list(votes)
        if self.votes is not None and (len(self.votes) < 2 or len(set(self.votes)) < len(self.votes)):
            raise ValueError(f"task.votes=[{', '.join(self.votes)}]: name the column of each class, two or more.")

    @property
    def columns(self) -> Kinds:
        """Votes, if any."""
        return dict.fromkeys(self.votes or (), "votes")

    def outputs(self, manifest: Manifest) -> list[str]:
        """An output a class, also for one that has the most votes nowhere."""
        return self.votes or super().outputs(manifest)

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Also that nothing draws clips or features of one class beside those with votes."""
        super().validate(manifest, settings)
        for key, value in (
            ("synthetic.source", settings.synthetic.source),
            ("augment.features", settings.augment.features),
        ):
            if self.votes and value:
                raise ValueError(
                    f"{key}={value} draws clips of one class, and task.votes are of several. Leave one out."
                )

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> OneClass | Shares:
        """The number of the class; the shares of votes where the data have them."""
        output_of = self.output_of(manifest, outputs, source)
        if not self.votes or not manifest.columns:
            return OneClass(output_of)
        return Shares([manifest.place_of(name) for name in self.votes], range(len(self.votes)), len(outputs))

    def resolve_metric(self, name: str, source: str) -> str:
        """Also uar and war."""
        return super().resolve_metric(ALIASES.get(name, name), source)

    def truth(self, targets: Tensor) -> Tensor:
        """The class with the most votes."""
        return targets if targets.ndim == 1 else targets.argmax(1)

    def useless(self, key: str, value: object, manifest: Manifest) -> str:
        return (
            f"imbalance.{key}={value} weighs one of several labels, but the clips of {manifest.source} have one each; "
            "use sampler, effective_number or balanced_softmax."
        )

    def loss(self, setup: Setup, counts: Tensor) -> ClassificationLoss:
        """Cross-entropy, with what ``imbalance`` asks for."""
        settings = {key: getattr(setup.training.imbalance, key) for key in self.loss_settings}
        if self.votes:  # a class that has the most votes nowhere is no class of the data
            places = [self.votes.index(name) for name in setup.manifest.classes]
            counts = counts.new_zeros(len(self.votes)).index_copy(0, counts.new_tensor(places, dtype=int64), counts)
        return classification_loss(counts, label_smoothing=float(setup.training.trainer.label_smoothing), **settings)

    def batch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """How often the best class is right: against the heavier label where labels are mixed."""
        return {"top1": (outputs.argmax(1) == self.truth(target)).float().mean()}

    def activated(self, outputs: Tensor) -> Tensor:
        """Probabilities."""
        return outputs.softmax(-1)

    def scores(self, views: ViewOutputs) -> Tensor:
        """float64 [N, K], probabilities averaged over views."""
        return average_views(views.outputs, *views.places)

    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]:
        """Unreadable videos count as wrong."""
        predicted, num_classes = predicted_labels(scores), scores.shape[1]
        return {
            "top1": top_k_accuracy(scores, targets),
            "mean_class_accuracy": mean_class_accuracy(predicted, targets, num_classes=num_classes),
            "macro_f1": macro_f1(predicted, targets, num_classes=num_classes),
        }

    def figures(self, scores: Tensor, targets: Tensor, outputs: Sequence[str], title: str) -> dict[str, Any]:
        matrix = confusion_matrix(predicted_labels(scores), targets, num_classes=len(outputs))
        how = {"classes": outputs, "title": title}
        return {
            "confusion": partial(confusion_figure, matrix, **how),
            "precision_recall": partial(
                precision_recall_figure, scores, F.one_hot(targets, len(outputs)).bool(), **how
            ),
        }

    def caption(self, scores: Tensor, target: Tensor, outputs: Sequence[str]) -> str:
        """``✗ left: taken for right, 83 %``"""
        truth, best = outputs[int(target)], int(scores.nan_to_num(-1).argmax())
        if scores.isnan().any():
            return f"✗ {truth}: cannot be read"
        sure = f"{100 * float(scores[best]):.0f} %"
        return f"✓ {truth}: {sure}" if best == int(target) else f"✗ {truth}: taken for {outputs[best]}, {sure}"

    def report(self, evaluated: Evaluated, views: ViewOutputs) -> Report:
        return class_report(evaluated, clip_top1=top_k_accuracy(views.outputs, self.truth(views.targets)))

    def is_right(self, scores: Tensor, targets: Tensor) -> Tensor:
        return predicted_labels(scores) == targets

    def summary(self, evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
        return class_summary(evaluated, results)

    def table(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        return class_table(results)

    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> Answer:
        return ranked(windows, windows.scores.mean(0), outputs, top_k=top_k)


def quoted(names: Sequence[str], limit: int = 5) -> str:
    """``["left", "right"]``, ``400 classes: ["abseiling", ...]``, or ``none``."""
    if len(names) <= limit:
        return json.dumps(list(names), ensure_ascii=False) if names else "none"
    return f"{len(names)} classes: {json.dumps(list(names[:limit]), ensure_ascii=False)[:-1]}, ...]"
