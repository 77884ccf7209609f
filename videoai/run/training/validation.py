"""The validation pass of a training run: one centred view of every validation video."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.log import RunLog
from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import eval_batches
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.score import score_videos
from videoai.report.average_precision import average_precision_figure
from videoai.report.confusion import confusion_figure
from videoai.report.metrics import confusion_matrix, macro_f1, mean_class_accuracy, predicted_labels, top_k_accuracy
from videoai.report.multilabel_metrics import hit_at_1, macro_label_f1, mean_average_precision, micro_f1, per_label

METRICS = ("top1", "mean_class_accuracy", "macro_f1")  # the first is the one that chooses, unless another is named
MULTI_LABEL_METRICS = ("map", "micro_f1", "macro_f1", "hit1")


def settle_metric(metric: str, manifest: Manifest) -> str:
    """The value of validation that ``trainer.metric`` names; ``auto`` = the field's first for such labels.

    Raises: ValueError: one that such labels do not have.
    """
    known = MULTI_LABEL_METRICS if manifest.is_multi_label else METRICS
    if metric == "auto":
        return known[0]
    if metric not in known:
        kind = "several labels" if manifest.is_multi_label else "one label"
        raise ValueError(
            f"trainer.metric={metric}: the clips of {manifest.source} have {kind} each. Choose from {', '.join(known)}."
        )
    return metric


@dataclass
class Validation:
    """``validate(model, step)`` -> METRICS or, of a multi-label set, MULTI_LABEL_METRICS, and "loss"; unreadable videos
    count as wrong. Several processes share the videos, and all get the values of all."""

    manifest: Manifest
    clip: ClipSpec
    to_input: ToModelInput
    precision: Precision
    batch_size: int
    num_workers: int
    log: RunLog
    reading: dict[str, Any]  # options of open_video

    def __post_init__(self) -> None:
        self.items = self.manifest.splits["val"]
        if not self.items:
            raise ValueError(f"{self.manifest.source}: no validation videos. Set data.val_fraction above 0.")
        if not len(self.items.label_pairs()[1]):
            raise ValueError(f"{self.manifest.source}: no validation video has a label, so nothing can be judged.")
        dataset = EvalClips(self.items, self.clip, num_classes=len(self.manifest.classes), reading=self.reading)
        self.loader = eval_batches(dataset, videos_per_batch=self.batch_size, num_workers=self.num_workers, shared=True)

    def __call__(self, model: nn.Module, step: int) -> dict[str, float]:
        found = score_videos(
            model,
            self.loader,
            to_input=self.to_input,
            precision=self.precision,
            num_videos=len(self.items),
            num_views=1,
            max_views=self.batch_size,
        )
        judge = self._multi_label if self.manifest.is_multi_label else self._single_label
        return {**judge(found.scores, step), "loss": found.loss}

    def _single_label(self, scores: Tensor, step: int) -> dict[str, float]:
        labels = torch.from_numpy(self.items.label).long()
        predicted, num_classes = predicted_labels(scores), len(self.manifest.classes)
        matrix = confusion_matrix(predicted, labels, num_classes=num_classes)
        draw = partial(confusion_figure, matrix, classes=self.manifest.classes, title=f"val, step {step}")
        self.log.figure(step, "val/confusion", draw)
        return {
            "top1": top_k_accuracy(scores, labels),
            "mean_class_accuracy": mean_class_accuracy(predicted, labels, num_classes=num_classes),
            "macro_f1": macro_f1(predicted, labels, num_classes=num_classes),
        }

    def _multi_label(self, scores: Tensor, step: int) -> dict[str, float]:
        labels = torch.from_numpy(self.items.multi_hot(len(self.manifest.classes)))
        by_class = per_label(scores, labels, classes=self.manifest.classes)
        draw = partial(average_precision_figure, by_class, title=f"val, step {step}")
        self.log.figure(step, "val/average_precision", draw)
        return {
            "map": mean_average_precision(scores, labels),
            "micro_f1": micro_f1(scores, labels),
            "macro_f1": macro_label_f1(scores, labels),
            "hit1": hit_at_1(scores, labels),
        }
