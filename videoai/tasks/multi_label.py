"""Multi-label action classification: any number of classes a video, each scored by itself."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.core.label_text import MOST_NAMES, label_text
from videoai.core.messages import truncated_list
from videoai.data.lists.manifest import Manifest
from videoai.data.targets import MultiHot
from videoai.inference.answer import Answer, Windows, ranked
from videoai.inference.score import ViewOutputs
from videoai.report.average_precision import average_precision_figure
from videoai.report.multilabel_evaluation import multi_label_report, multi_label_table
from videoai.report.multilabel_metrics import (
    annotated,
    hit_at_1,
    is_hit,
    macro_label_f1,
    mean_average_precision,
    micro_f1,
    per_label,
)
from videoai.report.page.label_summary import label_summary
from videoai.report.page.summary import Summary
from videoai.report.precision_recall import precision_recall_figure
from videoai.report.result_files import Evaluated, Report
from videoai.report.thresholds import THRESHOLD, check_thresholds, tune_thresholds, tuning_note
from videoai.report.views import max_over_views
from videoai.settings.training import TrainSettings
from videoai.tasks.classify import ClassTask
from videoai.tasks.losses import MultiLabelLoss, multi_label_loss
from videoai.tasks.task import Metric, Setup

logger = logging.getLogger(__name__)


class MultiLabel(ClassTask):
    """A sigmoid for each class; the highest of a video's views counts."""

    metrics: ClassVar = {
        "map": Metric("mAP"),
        "micro_f1": Metric("micro F1"),
        "macro_f1": Metric("macro F1"),
        "hit1": Metric("hit@1"),
    }
    loss_settings = ("focal", "pos_weight", "gamma_neg", "gamma_pos", "margin")
    labels = "several labels"

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> MultiHot:
        """1 for each class that the clip has."""
        return MultiHot(self.output_of(manifest, outputs, source), len(outputs))

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Also that no sampler wants one class a clip."""
        super().validate(manifest, settings)
        if (sampler := settings.imbalance.sampler) != "uniform":
            raise ValueError(self.useless("sampler", sampler, manifest))

    def useless(self, key: str, value: object, manifest: Manifest) -> str:
        return (
            f"imbalance.{key}={value} goes by the one class of a clip, but the clips of {manifest.source} have several "
            "labels each; use pos_weight, focal or gamma_neg."
        )

    def loss(self, setup: Setup, counts: Tensor) -> MultiLabelLoss:
        """Binary cross-entropy, with what ``imbalance`` asks for."""
        settings = {key: getattr(setup.training.imbalance, key) for key in self.loss_settings}
        unknown = torch.from_numpy(setup.train_items.count_unknown(len(setup.outputs))).to(counts.device)
        return multi_label_loss(
            counts,
            len(setup.train_items) - unknown,
            label_smoothing=float(setup.training.trainer.label_smoothing),
            has_unknown=bool(unknown.any()),
            **settings,
        )

    def batch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Hit@1 (arXiv:1609.08675): how often the best class is one of the true ones, of either clip that was mixed."""
        best = outputs.masked_fill(target.isnan(), -torch.inf).argmax(1, keepdim=True)
        return {"hit1": (target.gather(1, best) > 0).float().mean()}

    def activated(self, outputs: Tensor) -> Tensor:
        """A probability for each class."""
        return outputs.sigmoid()

    def scores(self, views: ViewOutputs) -> Tensor:
        """float64 [N, K], the highest sigmoid of the views."""
        return max_over_views(views.outputs, *views.places)

    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        is_known = ~targets.isnan()
        return F.binary_cross_entropy_with_logits(outputs[is_known], targets[is_known])

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]:
        """Unreadable videos count as if every score was 0."""
        scores, labels = annotated(scores, targets)
        return {
            "map": mean_average_precision(scores, labels),
            "micro_f1": micro_f1(scores, labels),
            "macro_f1": macro_label_f1(scores, labels),
            "hit1": hit_at_1(scores, labels),
        }

    def tuned(self, scores: Tensor, targets: Tensor) -> dict[str, Any]:
        """A threshold for each class, by F1 on validation."""
        values, is_tuned = tune_thresholds(*annotated(scores, targets))
        return {"thresholds": values, "is_tuned": is_tuned}

    def thresholds(self, state: Mapping[str, Any], asked: float | Literal["auto"]) -> list[float]:
        """``auto``: those that training tuned, which is said, else 0.5."""
        names, tuned = state["classes"], state.get("tuned", {})
        if asked != "auto" or "thresholds" not in tuned:
            return [THRESHOLD if asked == "auto" else asked] * len(names)
        logger.info(tuning_note(names, tuned["is_tuned"]))
        return check_thresholds(tuned["thresholds"], len(names), "the checkpoint")

    def figures(self, scores: Tensor, targets: Tensor, outputs: Sequence[str], title: str) -> dict[str, Any]:
        scores, labels = annotated(scores, targets)
        by_class = per_label(scores, labels, classes=outputs)
        return {
            "average_precision": partial(average_precision_figure, by_class, title=title),
            "precision_recall": partial(precision_recall_figure, scores, labels, classes=outputs, title=title),
        }

    def caption(self, scores: Tensor, target: Tensor, outputs: Sequence[str]) -> str:
        """``run, jump: found run 91 %, walk 55 %``"""
        truth = label_text(target, outputs)
        if scores.isnan().any():
            return f"{truth}: cannot be read"
        found = [at for at in scores.argsort(descending=True).tolist() if scores[at] >= THRESHOLD]
        named = [f"{outputs[at]} {100 * float(scores[at]):.0f} %" for at in found]
        return f"{truth}: found {truncated_list(named, MOST_NAMES) or 'nothing'}"

    def report(self, evaluated: Evaluated, views: ViewOutputs) -> Report:
        return multi_label_report(evaluated)

    def is_right(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Whether the best class is one of the labels."""
        return is_hit(*annotated(scores, targets))

    def summary(self, evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
        return label_summary(evaluated, results, self.is_right(evaluated.scores, evaluated.targets))

    def table(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        return multi_label_table(results)

    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> Answer:
        cuts = windows.thresholds or [THRESHOLD] * len(outputs)
        return ranked(windows, windows.scores.amax(0), outputs, top_k=top_k, thresholds=cuts)
