"""Tasks that learn from labels: a model gives K outputs for a clip, a loss compares them with the clip's target."""

import logging
import math
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.build import ANYTHING
from videoai.core.checkpoint import load_model_state
from videoai.core.label_text import label_text
from videoai.core.log import RunLog
from videoai.core.seeding import seed_for
from videoai.core.types import BatchOp, Clips, ClipSpec
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.normalize import ToModelInput
from videoai.data.targets import Target
from videoai.engine.average import Average
from videoai.engine.freeze import Freeze
from videoai.engine.optim import build_optimizer
from videoai.engine.precision import Precision
from videoai.inference.answer import Answer, Windows
from videoai.inference.initial_weights import load_weights, resolve_weights
from videoai.inference.load import build_model, with_sound
from videoai.inference.score import ViewOutputs
from videoai.models.heads import checkpoint_activations, head_parameters, with_columns, with_head
from videoai.models.late_fusion import outputs_of
from videoai.report.page.summary import Summary, plain_summary
from videoai.report.result_files import Evaluated, Report
from videoai.report.views import average_views
from videoai.settings.data import DataSettings
from videoai.settings.training import FinetuneSettings, TrainSettings
from videoai.tasks import task_of
from videoai.tasks.drawn_features import check_feature_augment, new_drawn_features
from videoai.tasks.losses import TrainingLoss
from videoai.tasks.selected_features import check_selection, chosen_columns, with_selection
from videoai.tasks.task import Criterion, Metric, Setup
from videoai.tasks.validation import SupervisedValidation

logger = logging.getLogger(__name__)

# Settings of imbalance that a loss may take, and what they are when off.
LOSS_SETTINGS = {"focal": 0.0, "effective_number": 0.0, "balanced_softmax": False, "pos_weight": 0.0}
LOSS_SETTINGS |= {"gamma_neg": 0.0, "gamma_pos": 0.0, "margin": 0.0}


@dataclass(frozen=True, kw_only=True)
class SupervisedLearner:
    """A model in training: ``train_step`` turns clips into a loss."""

    model: nn.Module
    to_input: ToModelInput
    loss: TrainingLoss
    ops: Sequence[BatchOp] = ()
    metrics: Callable[[Tensor, Tensor], dict[str, Tensor]] = lambda outputs, target: {}

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        """``position`` is the micro-batch's number in the run. Returns: "loss", and the metrics of the batch."""
        batch = self.to_input(clips)
        for op in self.ops:
            batch = op(batch, position)
        with precision.autocast():
            outputs = outputs_of(self.model, precision.place_video(batch.video), batch.sound)
        loss = self.loss(outputs.float(), batch.label, position)
        return {"loss": loss, **self.metrics(outputs.detach(), batch.label)}


class SupervisedTask(ABC):
    """A base for tasks with one target a clip. A subclass says at least what is abstract here."""

    metrics: Mapping[str, Metric]  # for validation; the first chooses, unless trainer.metric names another
    evaluations: ClassVar[int] = 20
    per_frame: ClassVar[bool] = False
    takes_probes: ClassVar[bool] = True
    no_scores: ClassVar[str] = ""
    loss_settings: ClassVar[Sequence[str]] = ()  # those of LOSS_SETTINGS that its loss takes
    has_classes: ClassVar[bool] = False  # a target is the number of one class, as generated clips and features need
    labels: ClassVar[str] = "one label"  # what a clip of the data must have: "one label" or "several labels"
    own_ensemble: ClassVar[bool] = False  # whether an ensemble averages outputs as they are, not probabilities

    # The data.

    @property
    def columns(self) -> Kinds:
        """Columns of the table of clips that are targets, and their kinds; none where the label is the target."""
        return {}

    def prefer(self, settings: TrainSettings) -> TrainSettings:
        """As they are, with what the task wants of the data."""
        return replace(settings, data=self.prefer_data(settings.data))

    def prefer_data(self, data: DataSettings) -> DataSettings:
        """With the columns that are targets."""
        return replace(data, columns={**(data.columns or {}), **self.columns}) if self.columns else data

    def arrange(self, manifest: Manifest) -> Manifest:
        """As they are."""
        return manifest

    def decided(self, manifest: Manifest) -> dict[str, Any]:
        """Options of the task that are ``auto`` and that the data decide, such as the mean of a target."""
        return {}

    def training_items(self, manifest: Manifest, clip: ClipSpec, reading: Mapping[str, Any]) -> Items:
        """Those of train."""
        return manifest.splits["train"]

    @abstractmethod
    def outputs(self, manifest: Manifest) -> list[str]:
        """Names of the model's outputs, K of them."""

    @abstractmethod
    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> Target:
        """(item, seconds of its frames) -> what the loss compares with; a picklable callable, see data/targets.py.

        Raises: ValueError: data that ``source``, the checkpoint with these outputs, has not learned.
        """

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Raises: ValueError: labels of another kind, or settings that mean nothing for them."""
        self.validate_labels(manifest, "")
        for key, off in LOSS_SETTINGS.items():
            value = getattr(settings.imbalance, key)
            if key not in self.loss_settings and value not in (off, "auto"):
                raise ValueError(self.useless(key, value, manifest))

    def validate_labels(self, manifest: Manifest, source: str) -> None:
        """Raises: ValueError: one label a video against several. A single label does not say that the others are
        wrong, and a softmax allows only one."""
        given = "several labels" if manifest.is_multi_label else "one label"
        if given != self.labels:
            who = source or f"task {type(self).__name__}"
            flag = str(self.labels != "one label").lower()
            raise ValueError(
                f"{who} takes {self.labels} a video, but {manifest.source} has {given} a video: set "
                f"data.multi_label={flag} if the data are of that kind."
            )

    def useless(self, key: str, value: object, manifest: Manifest) -> str:
        """What is said of a setting of ``imbalance`` that the loss does not take."""
        takes = ", ".join(self.loss_settings) or "none of them"
        return f"imbalance.{key}={value} means nothing to the loss of {type(self).__name__}; it takes {takes}."

    # Training.

    @abstractmethod
    def loss(self, setup: Setup, counts: Tensor) -> Criterion:
        """outputs float [B, K], targets -> a scalar. counts: [classes of the data], clips that come in an epoch, on the
        device."""

    def batch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Metrics of a training batch, outputs [B, K] and targets after mixing; for the log."""
        return {}

    def resolve(self, settings: TrainSettings) -> TrainSettings:
        """The settings with what initial weights decide, and the columns of a selection."""
        return with_selection(resolve_weights(settings))

    def resolve_metric(self, name: str, source: str) -> str:
        """``trainer.metric``; ``auto`` = the first of ``metrics``. Raises: ValueError: one that there is not."""
        if name == "auto":
            return next(iter(self.metrics))
        if name not in self.metrics:
            raise ValueError(
                f"trainer.metric={name}: the clips of {source} have {self.labels} each. Choose from "
                f"{', '.join(self.metrics)}."
            )
        return name

    def build_model(self, setup: Setup) -> tuple[nn.Module, Freeze | None]:
        """The model of the config, and what of it learns. Raises: ValueError, OSError: one line each."""
        with process_group.first_on_node():  # it may fetch weights
            model, fresh = new_model(setup.training, setup.outputs, with_weights=setup.state is None)
        if setup.state is not None:
            load_model_state(model, setup.state)
        freeze = new_freeze(setup.training.finetune, model, fresh, setup.steps_per_epoch)
        check_feature_augment(setup, model, freeze, has_classes=self.has_classes)
        return model, freeze

    def average(self, model: nn.Module, decay: float | None) -> Average:
        """All of the model is averaged and evaluated."""
        return Average(model, decay=decay)

    def build_optimizer(self, settings: TrainSettings, model: nn.Module) -> torch.optim.Optimizer:
        """What ``optim`` names."""
        return build_optimizer(settings.optim, model, layer_decay=settings.finetune.layer_decay, trust=ANYTHING)

    def build_learner(
        self, setup: Setup, model: nn.Module, ops: Sequence[BatchOp], counts: Tensor
    ) -> SupervisedLearner:
        """The training step of the model, which is on its device."""
        to_input, trainer = ToModelInput(setup.clip).to(setup.device), setup.training.trainer
        loss = TrainingLoss(
            criterion=self.loss(setup, counts.to(setup.device)),
            model=model,
            drawn=new_drawn_features(setup, model, to_input),
            l1=trainer.l1,
            l2=trainer.l2,
        )
        return SupervisedLearner(model=model, to_input=to_input, loss=loss, ops=ops, metrics=self.batch_metrics)

    def build_validation(
        self, setup: Setup, model: nn.Module, precision: Precision, log: RunLog
    ) -> SupervisedValidation:
        """One centred view of every validation video."""
        return SupervisedValidation(self, setup, precision, log)

    def describe(self, model: nn.Module, settings: TrainSettings) -> str:
        """``model tiny_r3d: 0.12 M parameters``"""
        name = settings.model.get("name") or settings.model.get("_target_")
        if settings.hears:
            name = f"{name} and a network of sounds" if settings.sees else "of sounds alone"
        return f"model {name}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters"

    # Evaluation.

    def truth(self, targets: Tensor) -> Tensor:
        """What of the targets answers are compared with. By default all of it."""
        return targets

    def activated(self, outputs: Tensor) -> Tensor:
        """outputs [..., K] -> what a view says of its video, [..., K]; by default the outputs themselves."""
        return outputs

    def scores(self, views: ViewOutputs) -> Tensor:
        """float64 [N, K], NaN where no view could be read. By default the mean of what the views say."""
        return average_views(self.activated(views.outputs), *views.places, mode="logits")

    @abstractmethod
    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of views, outputs [M, K], as validation reports it: a scalar without weights of classes."""

    @abstractmethod
    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]:
        """The values of ``metrics``. scores: float64 [N, K], a NaN row = unreadable; targets: [N, ...]."""

    def tuned(self, scores: Tensor, targets: Tensor) -> dict[str, Any]:
        """What validation chooses beside the checkpoint, such as thresholds: plain data that the checkpoint keeps."""
        return {}

    def thresholds(self, state: Mapping[str, Any], asked: float | Literal["auto"]) -> list[float]:
        """From which score on each output of a checkpoint holds; [] = the task has no such thing. ``asked``: the
        setting ``threshold`` of evaluate and predict.

        Raises: ValueError: a threshold that means nothing, or one in the checkpoint that is damaged.
        """
        if asked != "auto":
            raise ValueError(
                f"threshold={asked:g}: {type(self).__name__} gives one answer a video, and no threshold decides on it. "
                "Leave threshold out."
            )
        return []

    def figures(self, scores: Tensor, targets: Tensor, outputs: Sequence[str], title: str) -> dict[str, Any]:
        """Pictures of a validation that is the best so far, for loggers: tag -> a function that draws."""
        return {}

    def caption(self, scores: Tensor, target: Tensor, outputs: Sequence[str]) -> str:
        """What a logger says of one validation video: its target and the answer. scores: [K], NaN = unreadable."""
        return f"{label_text(target, outputs)}: answered {label_text(scores if len(scores) > 1 else scores[0], ())}"

    @abstractmethod
    def report(self, evaluated: Evaluated, views: ViewOutputs) -> Report:
        """The content of results.json, and the other files of an evaluation."""

    def is_right(self, scores: Tensor, targets: Tensor) -> Tensor | None:
        """bool [N], whether the answer for a video is right, as ``ablate`` compares; None = no answer is right or
        wrong."""
        return None

    def summary(self, evaluated: Evaluated, results: Mapping[str, Any]) -> Summary:
        """What ``report.html`` says; ``results``: those of ``report``. By default the rows of ``table``."""
        return plain_summary(evaluated, self.table(results))

    @abstractmethod
    def table(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Rows for the console: name, value."""

    # Prediction.

    @abstractmethod
    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> Answer:
        """What ``predict`` says of one video."""


def scoring_task(state: Mapping[str, Any], source: str, *, trust: Sequence[str] = ()) -> SupervisedTask:
    """The task of a checkpoint, which scores videos. Raises: ValueError: it does not, as of a GAN."""
    task = task_of(state, trust=trust)
    if not isinstance(task, SupervisedTask):
        raise ValueError(task.no_scores.format(checkpoint=source, word=shlex.quote(f"checkpoint={source}")))
    return task


def new_model(
    settings: TrainSettings, outputs: Sequence[str], *, with_weights: bool
) -> tuple[nn.Module, list[nn.Parameter]]:
    """The model of the settings, initialised from the seed; then from other weights where asked for. Also returns the
    parameters that these weights did not hold; none without weights."""
    torch.manual_seed(seed_for(settings.seed, "init"))
    model = build_model(settings.model, num_classes=len(outputs), trust=ANYTHING, fetch_backbone=with_weights)
    fresh = load_weights(model, settings, outputs) if with_weights else []
    model = with_head(model, settings.finetune.head, len(outputs))
    if with_weights:
        check_selection(settings.finetune, model)
    model = with_columns(model, chosen_columns(settings.finetune))
    if settings.trainer.activation_checkpointing:
        checkpoint_activations(model)
    return with_sound(model, settings.modalities, settings.audio, len(outputs)), fresh


def new_freeze(
    settings: FinetuneSettings, model: nn.Module, fresh: Sequence[nn.Parameter], steps_per_epoch: int
) -> Freeze | None:
    """What learns, and from when on everything does; ``settings``: of ``finetune``.

    Raises: ValueError: the model does not name its head, or untrained parameters would stay frozen to the end.
    """
    if not settings.freeze:
        return None
    epochs = settings.unfreeze_epoch
    until = None if epochs is None else math.ceil(epochs * steps_per_epoch)
    head = head_parameters(model)
    check_untrained(model, fresh, head, until)
    how_long = "to the end" if until is None else f"for {until} steps"
    logger.info("frozen: all but %d tensors of the head, %s", len(head), how_long)
    return Freeze(trainable=head, until_step=until)


def check_untrained(model: nn.Module, fresh: Sequence[nn.Parameter], head: Sequence[str], until: int | None) -> None:
    """Warn where untrained tensors are frozen for a while. Raises: ValueError: they are frozen to the end."""
    drawn = {id(parameter) for parameter in fresh}
    stuck = [name for name, parameter in model.named_parameters() if id(parameter) in drawn and name not in head]
    if not stuck:
        return
    what = f"finetune.freeze=true holds {len(stuck)} tensors that nothing has trained ({', '.join(stuck[:3])}, ...)"
    if until is None:
        raise ValueError(
            f"{what}, to the end. Set weights=... or model.pretrained=true, or let them learn once the head has: "
            "finetune=gradual; or from the start: finetune=full."
        )
    logger.warning("%s, for %d steps", what, until)
