"""A task of a user's own package: the number that a clip's label spells, such as its speed."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn import functional as F

from videoai.inference.annotate import Caption
from videoai.report.result_files import Report, rounded, table_bytes
from videoai.tasks.supervised import SupervisedTask
from videoai.tasks.task import Metric


@dataclass(frozen=True)
class Number:
    """The value of a clip's label, divided by ``scale``."""

    values: tuple[float, ...]  # one for each class of the data
    scale: float

    def __call__(self, item, seconds):
        return torch.tensor(self.values[item.label] / self.scale)


@dataclass(frozen=True)
class Estimate:
    path: str
    value: float

    def to_dict(self):
        return {"path": self.path, "value": round(self.value, 4)}

    def captions(self):
        return [Caption(0.0, float("inf"), f"{self.value:.2f}")]


class Regression(SupervisedTask):
    metrics: ClassVar = {"mae": Metric("mean absolute error", lower_is_better=True, is_share=False)}

    def __init__(self, *, scale: float = 1.0, output: str = "value") -> None:
        self.scale, self.output = scale, output

    def outputs(self, manifest):
        return [self.output]

    def target(self, manifest, outputs, source):
        try:
            return Number(tuple(map(float, manifest.classes)), self.scale)
        except ValueError as error:
            raise ValueError(f"{manifest.source}: a label is no number ({error}).") from error

    def loss(self, setup, counts):
        return self.view_loss

    def view_loss(self, outputs, targets):
        return F.mse_loss(outputs[:, 0], targets)

    def measure(self, scores, targets):
        return {"mae": float((scores[:, 0] - targets).abs().nanmean()) * self.scale}

    def report(self, evaluated, views):
        values, truth = evaluated.scores[:, 0] * self.scale, evaluated.targets * self.scale
        metrics = {"mae": rounded(self.measure(evaluated.scores, evaluated.targets)["mae"])}
        rows = zip(evaluated.paths, truth.tolist(), values.tolist(), evaluated.reasons, strict=True)
        files = {"predictions.csv": table_bytes(["path", "value", "predicted", "error"], rows)}
        return Report(evaluated.results(about={}, metrics=metrics), files)

    def table(self, results):
        return [("mean absolute error", f"{results['mae']:.3f}"), ("videos", str(results["n_total"]))]

    def answer(self, windows, outputs, *, top_k):
        return Estimate(windows.path, float(windows.scores.mean()) * self.scale)
