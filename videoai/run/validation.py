"""The validation pass of a training run: one centred view of every validation video."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from videoai.core.log import RunLog
from videoai.core.types import ClipSpec
from videoai.data.augment import ToModelInput
from videoai.data.dataset import EvalClips
from videoai.data.loader import eval_batches
from videoai.data.manifest import Manifest
from videoai.engine.precision import Precision
from videoai.inference.score import score_videos
from videoai.report.confusion import confusion_figure
from videoai.report.metrics import confusion_matrix, macro_f1, mean_class_accuracy, predicted_labels, top_k_accuracy


@dataclass
class Validation:
    """``validate(model, step) -> {"top1", "mean_class_accuracy", "macro_f1", "loss"}``; unreadable videos count as
    wrong."""

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
        dataset = EvalClips(self.items, self.clip, reading=self.reading)
        self.loader = eval_batches(dataset, videos_per_batch=self.batch_size, num_workers=self.num_workers)

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
        labels = torch.from_numpy(self.items.label).long()
        predicted, num_classes = predicted_labels(found.scores), len(self.manifest.classes)
        matrix = confusion_matrix(predicted, labels, num_classes=num_classes)
        draw = partial(confusion_figure, matrix, classes=self.manifest.classes, title=f"val, step {step}")
        self.log.figure(step, "val/confusion", draw)
        return {
            "top1": top_k_accuracy(found.scores, labels),
            "mean_class_accuracy": mean_class_accuracy(predicted, labels, num_classes=num_classes),
            "macro_f1": macro_f1(predicted, labels, num_classes=num_classes),
            "loss": found.loss,
        }
