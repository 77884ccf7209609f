"""What a task is: asked by training, evaluation, prediction and the command line alike.

A custom task subclasses ``SupervisedTask`` (``tasks/supervised.py``) and stands in the config by
``task: {_target_: mypackage.module.MyTask}``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from videoai.core.log import RunLog
from videoai.core.types import BatchOp, ClipSpec
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.targets import Target
from videoai.engine.average import Average
from videoai.engine.freeze import Freeze
from videoai.engine.precision import Precision
from videoai.engine.trainer import Learner
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings


@dataclass(frozen=True)
class Metric:
    """One value of validation or evaluation."""

    title: str  # in a sentence: "top-1"
    lower_is_better: bool = False
    is_share: bool = True  # 0 .. 1, written in percent

    def text(self, value: float) -> str:
        """``top-1 71.2%``"""
        return f"{self.title} {value:.1%}" if self.is_share else f"{self.title} {value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the parts of a training run are built from; resolved before any of them is built."""

    settings: TrainSettings | TrainGanSettings
    manifest: Manifest  # its split train holds what a training clip is drawn of
    fingerprint: str  # hash of the data, before that
    clip: ClipSpec
    outputs: Sequence[str]  # names of the model's outputs, which the checkpoint keeps as "classes"
    target: Target
    reading: Mapping[str, Any]  # options of open_video
    num_workers: int
    device: torch.device
    steps_per_epoch: int
    folder: Path  # folder of the run
    state: Mapping[str, Any] | None = None  # the checkpoint to continue from

    @property
    def training(self) -> TrainSettings:
        """The settings of a task that learns from labels."""
        assert isinstance(self.settings, TrainSettings)
        return self.settings

    @property
    def gan(self) -> TrainGanSettings:
        """The settings of a GAN."""
        assert isinstance(self.settings, TrainGanSettings)
        return self.settings

    @property
    def batch_size(self) -> int:
        """Clips in one forward pass, a number also where ``trainer.batch_size`` was auto."""
        return int(self.settings.trainer.batch_size)

    @property
    def train_items(self) -> Items:
        """The training videos."""
        return self.manifest.splits["train"]


class Validation(Protocol):
    """``validate(model, step)`` -> values by name; a "loss" among them breaks ties."""

    @property
    def metric(self) -> str:
        """The value that chooses the best checkpoint."""
        ...

    @property
    def source(self) -> str:
        """What computes the metric, where that may change, such as an evaluator: another source starts a new best."""
        ...

    def __call__(self, model: nn.Module, step: int, /) -> dict[str, float]: ...


class Task(Protocol):
    """What a model learns. The methods are listed in the order in which a run calls them."""

    metrics: Mapping[str, Metric]
    evaluations: int  # evaluations in a run, unless trainer.eval_every says otherwise
    has_classes: bool  # whether a target is the number of one class, as generated clips need
    no_scores: str  # what evaluate and predict say of its {checkpoint}, as a {word} of a command; "" = it scores videos
    takes_probes: bool  # whether model(video) -> [B, K], so that precision=auto can measure it

    def resolve(self, settings: Any) -> Any:
        """The settings with what the task decides; a pure function, so that a continued run comes to the same.

        Raises: ValueError: settings that would train silently wrong.
        """
        ...

    def prefer(self, settings: Any) -> Any:
        """The settings with what the task prefers where they are ``auto``; by default they stay."""
        ...

    def arrange(self, manifest: Manifest) -> Manifest:
        """The data as the task takes them; by default as they are."""
        ...

    def validate(self, manifest: Manifest, settings: Any) -> None:
        """Raises: ValueError: data that the task cannot learn from, or settings that such data have no use for."""
        ...

    def decided(self, manifest: Manifest) -> dict[str, Any]:
        """Options of the task that are ``auto`` and that the data decide; a checkpoint keeps them."""
        ...

    def outputs(self, manifest: Manifest) -> list[str]:
        """Names of the model's outputs."""
        ...

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> Target:
        """What clips of these data become. Raises: ValueError: ``source``, a checkpoint, has not learned them."""
        ...

    def training_items(self, manifest: Manifest, clip: ClipSpec, reading: Mapping[str, Any]) -> Items:
        """What training draws a clip of each from; by default the items of train."""
        ...

    def resolve_metric(self, name: str, source: str) -> str:
        """``trainer.metric``. Raises: ValueError: one that the task does not measure on the data of ``source``."""
        ...

    def build_model(self, setup: Setup) -> tuple[nn.Module, Freeze | None]:
        """The model as it begins: initialised from the seed, then from other weights, or as the run to continue left
        it; and what of it learns, None = everything."""
        ...

    def average(self, model: nn.Module, decay: float | None) -> Average:
        """The part of the model that is evaluated, on its device."""
        ...

    def build_optimizer(self, settings: Any, model: nn.Module) -> torch.optim.Optimizer: ...

    def build_learner(self, setup: Setup, model: nn.Module, ops: Sequence[BatchOp], counts: Tensor) -> Learner:
        """The training step. counts: [K], clips of each class of the data that come in an epoch."""
        ...

    def build_validation(self, setup: Setup, model: nn.Module, precision: Precision, log: RunLog) -> Validation: ...

    def describe(self, model: nn.Module, settings: Any) -> str:
        """The model and its size, for the console."""
        ...


Criterion = Callable[[Tensor, Tensor], Tensor]  # outputs [B, K], targets -> a scalar, the mean over the batch
