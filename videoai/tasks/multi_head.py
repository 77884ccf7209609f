"""Several targets a clip, each with a head of its own on one body: classes, numbers, or both."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from videoai.core.messages import did_you_mean, truncated_list
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.targets import Block, Heads
from videoai.inference.answer import Answer, Windows
from videoai.inference.score import ViewOutputs
from videoai.inference.values import ValueAnswer, ValueWindow, spans_of
from videoai.report.head_evaluation import head_report, head_summary, head_table
from videoai.report.head_metrics import HeadScores, is_joint_right, measured
from videoai.report.page.summary import Summary
from videoai.report.result_files import Evaluated, Report
from videoai.settings.tasks import ValueLoss
from videoai.settings.training import TrainSettings
from videoai.tasks.classify import quoted
from videoai.tasks.head_blocks import SEPARATOR, Head, HeadsLoss, activated, column_of, heads_of, output_names
from videoai.tasks.supervised import SupervisedTask
from videoai.tasks.targets import check_batch, check_cutmix, check_sampler, check_val, statistics, unless_auto
from videoai.tasks.task import Metric, Setup

Numbers = Sequence[float] | Literal["auto"]
Kind = Literal["class", "value"]


class MultiHead(SupervisedTask):
    """One layer of outputs, a block for each head. A missing target counts neither in the loss nor in metrics."""

    own_ensemble = True

    def __init__(
        self,
        *,
        heads: Mapping[str, Kind],
        weights: Mapping[str, float] | None = None,
        loss: ValueLoss = "mse",
        sizes: Sequence[int] | Literal["auto"] = "auto",
        mean: Numbers = "auto",
        std: Numbers = "auto",
    ) -> None:
        self.kinds = dict(heads)
        self.value_loss: ValueLoss = loss
        self.sizes, self.mean, self.std = unless_auto(sizes), unless_auto(mean), unless_auto(std)
        self.weights = [float((weights or {}).get(name, 1.0)) for name in self.kinds]
        _check_heads(self.kinds, weights or {}, {"sizes": self.sizes, "mean": self.mean, "std": self.std})
        self.metrics = metrics_of(self.kinds)

    @property
    def columns(self) -> Kinds:
        """A column for each head."""
        return self.kinds

    @property
    def values(self) -> list[str]:
        """Names of the heads that are numbers."""
        return [name for name, kind in self.kinds.items() if kind == "value"]

    @property
    def heads(self) -> list[Head]:
        """The heads. Raises: ValueError: not measured yet."""
        if self.sizes is None or self.mean is None or self.std is None:
            raise ValueError("task=multi_head: task.sizes, mean and std are known once training clips are read.")
        return heads_of(self.kinds, self.sizes, self.mean, self.std)

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Also that each head has something to learn."""
        super().validate(manifest, settings)
        check_sampler(settings, "multi_head")
        if self.values:
            check_batch(settings, self.value_loss)
            check_cutmix(settings)
        statistics(manifest, self.values)
        check_val(manifest, [*self.kinds])
        for name, kind in self.kinds.items():
            known = column_of(manifest, name).classes
            if kind == "class" and len(known) < 2:
                raise ValueError(
                    f"{manifest.source}: the column {name} has {quoted(known)}, and a head of kind class needs two "
                    "classes or more."
                )

    def decided(self, manifest: Manifest) -> dict[str, Any]:
        """Sizes of the heads, and mean and standard deviation of numbers."""
        means, deviations = statistics(manifest, self.values)
        mean, std = dict(zip(self.values, means, strict=True)), dict(zip(self.values, deviations, strict=True))
        measured = {
            "sizes": [max(1, len(column_of(manifest, name).classes)) for name in self.kinds],
            "mean": [mean.get(name, 0.0) for name in self.kinds],
            "std": [std.get(name, 1.0) for name in self.kinds],
        }
        return {key: value for key, value in measured.items() if getattr(self, key) is None}

    def outputs(self, manifest: Manifest) -> list[str]:
        """``verb: open``, ``verb: close``, ..., ``valence``"""
        return [name for head in self.kinds for name in output_names(column_of(manifest, head))]

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> Heads:
        """Raises: ValueError: a class that ``source`` has not learned."""
        self.validate_labels(manifest, source)
        blocks = []
        for head in self.heads:
            known, there = head.classes(outputs), column_of(manifest, head.name).classes
            if head.kind == "class" and (unknown := [name for name in there if name not in known]):
                raise ValueError(
                    f"class mismatch: {source} was trained on {quoted(known)} in {head.name}, {manifest.source} also "
                    f"has {quoted(unknown)}. Use the same class names, leave the others out, or train again."
                )
            output_of = tuple(known.index(name) for name in there) if head.kind == "class" else ()
            blocks.append(Block(manifest.place_of(head.name), head.start, head.end, output_of))
        return Heads(tuple(blocks), len(outputs))

    def resolve_metric(self, name: str, source: str) -> str:
        if name != "auto" and name not in self.metrics:
            hint = did_you_mean(name, list(self.metrics))
            raise ValueError(f"trainer.metric={name}: choose from {', '.join(self.metrics)} for these heads.{hint}")
        return super().resolve_metric(name, source)

    def useless(self, key: str, value: object, manifest: Manifest) -> str:
        return (
            f"imbalance.{key}={value} goes by the one class of a clip, and task=multi_head has several. Leave it out."
        )

    def loss(self, setup: Setup, counts: Tensor) -> HeadsLoss:
        smoothing = float(setup.training.trainer.label_smoothing)
        return HeadsLoss(self.heads, self.weights, self.value_loss, smoothing)

    def activated(self, outputs: Tensor) -> Tensor:
        """Probabilities of each head's classes, and numbers in their units."""
        return activated(self.heads, outputs)

    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return HeadsLoss(self.heads, self.weights, self.value_loss)(outputs, targets)

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]:
        """Unreadable videos count as wrong, and as the mean of training."""
        results = measured(self.scored(scores, targets))
        flat = {f"{name}_{key}": value for name, head in results["heads"].items() for key, value in head.items()}
        return {key: {**results, **flat}[key] for key in self.metrics}

    def scored(self, scores: Tensor, targets: Tensor) -> list[HeadScores]:
        """The answers and truths of each head."""
        return [
            HeadScores(head.name, head.kind, head.of(scores), _truth(head, head.of(targets)), head.mean)
            for head in self.heads
        ]

    def caption(self, scores: Tensor, target: Tensor, outputs: Sequence[str]) -> str:
        """``verb open, noun door: answered verb close, noun door``"""
        truth = self._text(target, outputs)
        if scores.isnan().any():
            return f"{truth}: cannot be read"
        return f"{truth}: answered {self._text(scores, outputs)}"

    def report(self, evaluated: Evaluated, views: ViewOutputs) -> Report:
        return head_report(evaluated, self.scored(evaluated.scores, evaluated.targets), self._classes(evaluated.names))

    def is_right(self, scores: Tensor, targets: Tensor) -> Tensor | None:
        """Whether every head has the right class."""
        heads = self.scored(scores, targets)
        return is_joint_right(heads) if any(head.kind == "class" for head in heads) else None

    def summary(self, evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
        heads = self.scored(evaluated.scores, evaluated.targets)
        return head_summary(evaluated, heads, self._classes(evaluated.names), results)

    def table(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        return head_table(results)

    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> Answer:
        """The mean over windows, and each of them."""
        rows = zip(spans_of(windows), windows.scores, strict=False)
        timeline = [ValueWindow(*span, self._said(row, outputs, 1), self._text(row, outputs)) for span, row in rows]
        whole = windows.scores.mean(0)
        said, text = self._said(whole, outputs, top_k), self._text(whole, outputs)
        return ValueAnswer(windows.path, windows.duration_seconds, "heads", said, text, timeline)

    def _classes(self, outputs: Sequence[str]) -> dict[str, list[str]]:
        return {head.name: head.classes(outputs) if head.kind == "class" else [] for head in self.heads}

    def _said(self, row: Tensor, outputs: Sequence[str], top_k: int) -> dict[str, Any]:
        """The best classes of each head, or its number."""
        said: dict[str, Any] = {}
        for head in self.heads:
            names, block = head.classes(outputs), head.of(row)
            values, best = block.topk(min(top_k, len(block)))
            top = [
                {"label": names[at], "probability": round(value, 6)}
                for at, value in zip(best.tolist(), values.tolist(), strict=True)
            ]
            said[head.name] = top if head.kind == "class" else round(float(block[0]), 6)
        return said

    def _text(self, row: Tensor, outputs: Sequence[str]) -> str:
        words = []
        for head in self.heads:
            block = head.of(row)
            if block.isnan().any():
                words.append(f"{head.name} –")
            elif head.kind == "class":
                words.append(f"{head.name} {head.classes(outputs)[int(block.argmax())]}")
            else:
                words.append(f"{head.name} {float(block[0]):.4g}")
        return ", ".join(words)


def metrics_of(kinds: Mapping[str, Kind]) -> dict[str, Metric]:
    """The mean over heads, which chooses unless asked otherwise; all classes at once; each head."""
    metrics = {"mean": Metric("mean over heads", is_share=False)}
    if "class" in kinds.values():
        metrics["joint_top1"] = Metric("all classes right")
    for name, kind in kinds.items():
        if kind == "class":
            metrics |= {f"{name}_top1": Metric(f"{name} top-1"), f"{name}_uar": Metric(f"{name} UAR")}
        else:
            metrics[f"{name}_ccc"] = Metric(f"{name} CCC", is_share=False)
    return metrics


def _truth(head: Head, block: Tensor) -> Tensor:
    """int64 [N], -1 = missing; of a number float64 [N], NaN."""
    if head.kind == "value":
        return block[:, 0].double()
    return torch.where(block.isnan().any(1), -1, block.nan_to_num(0.0).argmax(1))


def _check_heads(kinds: Mapping[str, Kind], weights: Mapping[str, float], measured: Mapping[str, Any]) -> None:
    """Raises: ValueError: no head, a name that cannot be one, or weights and numbers of others."""
    if not kinds:
        raise ValueError("task.heads={}: name the columns and their kinds, such as {verb: class, valence: value}.")
    if wrong := [name for name in kinds if SEPARATOR in name]:
        raise ValueError(
            f"task.heads: the name {wrong[0]!r} holds {SEPARATOR!r}, which stands before names of classes."
        )
    if wrong := [f"{name}: {kind}" for name, kind in kinds.items() if kind not in ("class", "value")]:
        raise ValueError(f"task.heads={{{wrong[0]}}}: a head is of kind class or value.")
    if unknown := [name for name in weights if name not in kinds]:
        raise ValueError(
            f"task.weights names {truncated_list(unknown)}, which is no head.{did_you_mean(unknown[0], [*kinds])} "
            f"Heads: {', '.join(kinds)}."
        )
    if weights and not sum(weights.get(name, 1.0) for name in kinds):
        raise ValueError("task.weights are 0 for every head; at least one must count.")
    if wrong := [key for key, value in measured.items() if value is not None and len(value) != len(kinds)]:
        raise ValueError(f"task.{wrong[0]}: give a number for each of {', '.join(kinds)}, or auto.")
