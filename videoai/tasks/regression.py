"""Regression: one or several numbers a clip, from columns of its table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

from torch import Tensor

from videoai.core.messages import did_you_mean
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.targets import Values
from videoai.inference.answer import Answer, Windows
from videoai.inference.score import ViewOutputs
from videoai.inference.values import ValueAnswer, ValueWindow, spans_of
from videoai.report.page.summary import Summary
from videoai.report.result_files import Evaluated, Report
from videoai.report.value_evaluation import (
    scatter_figure,
    value_report,
    value_results,
    value_summary,
    value_table,
    values_text,
)
from videoai.report.value_metrics import filled, per_value
from videoai.settings.tasks import ValueLoss
from videoai.settings.training import TrainSettings
from videoai.tasks.supervised import SupervisedTask
from videoai.tasks.targets import (
    check_batch,
    check_cutmix,
    check_sampler,
    check_smoothing,
    check_val,
    statistics,
    unless_auto,
)
from videoai.tasks.task import Metric, Setup
from videoai.tasks.value_loss import ValuesLoss

Numbers = Sequence[float] | Literal["auto"]


class Regression(SupervisedTask):
    """The model learns standardised targets; scores, metrics and answers are in their own units."""

    metrics: ClassVar = {
        "ccc": Metric("CCC", is_share=False),
        "rmse": Metric("RMSE", lower_is_better=True, is_share=False),
        "mae": Metric("MAE", lower_is_better=True, is_share=False),
        "pearson": Metric("Pearson r", is_share=False),
        "sagr": Metric("sign agreement"),
    }
    own_ensemble = True

    def __init__(
        self,
        *,
        targets: Sequence[str] = ("value",),
        loss: ValueLoss = "mse",
        mean: Numbers = "auto",
        std: Numbers = "auto",
    ) -> None:
        self.targets = list(targets)
        self.kind: ValueLoss = loss
        if not self.targets or len(set(self.targets)) < len(self.targets):
            raise ValueError(f"task.targets=[{', '.join(self.targets)}]: name one column or more, each once.")
        self.mean, self.std = unless_auto(mean), unless_auto(std)
        for key, value in (("mean", self.mean), ("std", self.std)):
            if value is not None and (len(value) != len(self.targets) or (key == "std" and min(value) <= 0)):
                above = " above 0" if key == "std" else ""
                raise ValueError(f"task.{key}={[*value]}: give a number{above} for each of {', '.join(self.targets)}.")

    @property
    def columns(self) -> Kinds:
        """Every target."""
        return dict.fromkeys(self.targets, "value")

    def resolve(self, settings: TrainSettings) -> TrainSettings:
        """Nothing to smooth."""
        settings = super().resolve(settings)
        smoothing = settings.trainer.label_smoothing
        return replace(
            settings, trainer=replace(settings.trainer, label_smoothing=0.0 if smoothing == "auto" else smoothing)
        )

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Also that the targets vary, and that nothing is asked for that needs classes."""
        super().validate(manifest, settings)
        check_sampler(settings, "regression")
        check_smoothing(settings, "regression")
        check_cutmix(settings)
        check_batch(settings, self.kind)
        statistics(manifest, self.targets)
        check_val(manifest, self.targets)

    def decided(self, manifest: Manifest) -> dict[str, Any]:
        """Mean and standard deviation of the training clips."""
        means, deviations = statistics(manifest, self.targets)
        pairs = (("mean", self.mean, means), ("std", self.std, deviations))
        return {key: measured for key, given, measured in pairs if given is None}

    def outputs(self, manifest: Manifest) -> list[str]:
        """An output a target."""
        return self.targets

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> Values:
        """The number in each column."""
        return Values([manifest.place_of(name) for name in self.targets])

    def resolve_metric(self, name: str, source: str) -> str:
        if name != "auto" and name not in self.metrics:
            hint = did_you_mean(name, list(self.metrics))
            raise ValueError(f"trainer.metric={name}: choose from {', '.join(self.metrics)} for numbers.{hint}")
        return super().resolve_metric(name, source)

    def useless(self, key: str, value: object, manifest: Manifest) -> str:
        return f"imbalance.{key}={value} weighs classes, and task=regression learns numbers. Leave it out."

    def loss(self, setup: Setup, counts: Tensor) -> ValuesLoss:
        return ValuesLoss(self.kind, *self.scale)

    @property
    def scale(self) -> tuple[Sequence[float], Sequence[float]]:
        """Mean and standard deviation of each target. Raises: ValueError: not measured yet."""
        if self.mean is None or self.std is None:
            raise ValueError("task=regression: task.mean and task.std are known once training clips are read.")
        return self.mean, self.std

    def activated(self, outputs: Tensor) -> Tensor:
        """In the units of the targets."""
        mean, std = map(outputs.new_tensor, self.scale)
        return outputs * std + mean

    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return ValuesLoss(self.kind, *self.scale)(outputs, targets)

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]:
        """The mean over targets. Unreadable videos count as if the mean of training had been answered."""
        results = value_results(per_value(filled(scores, self.scale[0]), targets.double(), self.targets))
        return {key: results[key] for key in self.metrics}

    def figures(self, scores: Tensor, targets: Tensor, outputs: Sequence[str], title: str) -> dict[str, Any]:
        predicted = filled(scores, self.scale[0])
        return {"scatter": partial(scatter_figure, predicted, targets.double(), outputs, title)}

    def caption(self, scores: Tensor, target: Tensor, outputs: Sequence[str]) -> str:
        """``speed 0.5: answered speed 0.48``"""
        truth = values_text(outputs, target.tolist())
        if scores.isnan().any():
            return f"{truth}: cannot be read"
        return f"{truth}: answered {values_text(outputs, scores.tolist())}"

    def report(self, evaluated: Evaluated, views: ViewOutputs) -> Report:
        return value_report(evaluated, self.scale[0])

    def summary(self, evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
        return value_summary(evaluated, results, self.scale[0])

    def table(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        return value_table(results)

    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> Answer:
        """The mean over windows, and each of them."""

        def said(row: Tensor) -> dict[str, float]:
            return {name: round(value, 6) for name, value in zip(outputs, row.tolist(), strict=True)}

        rows = zip(spans_of(windows), windows.scores, strict=False)
        timeline = [ValueWindow(*span, said(row), values_text(outputs, row.tolist())) for span, row in rows]
        whole = windows.scores.mean(0)
        text = values_text(outputs, whole.tolist())
        return ValueAnswer(windows.path, windows.duration_seconds, "values", said(whole), text, timeline)
