"""``task=localize``: annotated stretches of untrimmed videos in, events on a timeline out."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.build import ANYTHING
from videoai.core.checkpoint import load_model_state
from videoai.core.log import RunLog
from videoai.core.seeding import seed_for
from videoai.core.types import BatchOp, ClipSpec
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.normalize import ToModelInput
from videoai.data.sampling import window_seconds
from videoai.data.targets import EventEnds, FrameLabels
from videoai.data.untrimmed import check_events_left, cut_to_video, extents, training_windows, untrimmed
from videoai.engine.average import Average
from videoai.engine.freeze import Freeze
from videoai.engine.optim import build_optimizer
from videoai.engine.precision import Precision
from videoai.events.event import Track
from videoai.events.proposals import EventSettings, timeline
from videoai.events.thresholds import checked_threshold
from videoai.inference.answer import Windows
from videoai.inference.decoded_events import decoded
from videoai.inference.event_answer import EventAnswer
from videoai.inference.initial_weights import resolve_weights
from videoai.inference.load import build_model
from videoai.inference.tracks import ToTrack, stitched
from videoai.models.heads import checkpoint_activations
from videoai.models.per_frame import PerFrame
from videoai.models.temporal_heads import Head
from videoai.settings.data import DataSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.localize.event_loss import EventLoss
from videoai.tasks.localize.features import for_features
from videoai.tasks.localize.initial_weights import load_initial
from videoai.tasks.localize.loss import PerFrameLoss
from videoai.tasks.localize.unused_settings import check_for_ends, check_settings
from videoai.tasks.localize.validation import LocalizeValidation
from videoai.tasks.losses import MultiLabelLoss, TrainingLoss
from videoai.tasks.supervised import SupervisedLearner, check_untrained
from videoai.tasks.task import Criterion, Metric, Setup

logger = logging.getLogger(__name__)

# Where the clip is left open: 3.2 s at 10 frames a second. Judgement: an action of a second is seen whole with what is
# around it, and its ends to 0.1 s.
CLIP = {"num_frames": 32, "stride": 1, "fps": 10.0, "sampling": "dense"}
EMPTY: Mapping[str, Any] = {}
ATTENTION_HEADS = 4  # as local_attention has them


@dataclass(frozen=True, kw_only=True)
class Localize:
    """Sigmoids for each class at each frame; actions may overlap, and where none is near 1 there is background."""

    head: Head = "ms_tcn"
    width: int = 64  # channels of the head
    num_layers: int = 6  # in a stage of ms_tcn; local_attention has two blocks at each of its levels
    threshold: float | Literal["auto"] = EventSettings.threshold  # auto = tuned on val, and kept by the checkpoint
    low_threshold: float = EventSettings.low_threshold
    merge_seconds: float = EventSettings.merge_seconds
    min_seconds: float = EventSettings.min_seconds

    metrics: ClassVar[Mapping[str, Metric]] = {
        "map": Metric("mAP at IoU .3 to .7"),
        "map_50": Metric("mAP at IoU .5"),
        "f1_50": Metric("segmental F1 at IoU .5"),
        "edit": Metric("edit score"),
        "frame_accuracy": Metric("frame accuracy"),
    }
    evaluations: ClassVar[int] = 10  # one reads every validation video from its start to its end
    takes_probes: ClassVar[bool] = True
    has_classes: ClassVar[bool] = False
    per_frame: ClassVar[bool] = True
    no_scores: ClassVar[str] = ""

    @property
    def events(self) -> EventSettings:
        """How events are read from probabilities."""
        return EventSettings(
            threshold=EventSettings.threshold if self.threshold == "auto" else self.threshold,
            low_threshold=self.low_threshold,
            merge_seconds=self.merge_seconds,
            min_seconds=self.min_seconds,
        )

    # The data.

    def decided(self, manifest: Manifest) -> dict[str, Any]:
        """Nothing is left to the data."""
        return {}

    def prefer_data(self, data: DataSettings) -> DataSettings:
        """Labels that may hold at once, where the layout knows such."""
        if "multi_label" not in data.source:
            return data
        return replace(data, source={**data.source, "multi_label": True})

    def arrange(self, manifest: Manifest) -> Manifest:
        """Untrimmed videos with all that happens in each."""
        return untrimmed(manifest)

    def validate(self, manifest: Manifest, settings: TrainSettings) -> None:
        """Raises: ValueError: nothing to find, or settings that mean nothing here."""
        if not manifest.classes or not any(item.spans for item in manifest.splits["train"]):
            raise ValueError(f"{manifest.source}: no training video has an event, so there is nothing to learn.")
        self.output_of(manifest, self.outputs(manifest), "this run")
        check_settings(settings)
        if self.gives_ends:
            check_for_ends(settings, self.events)
        self.check_thresholds()
        self.check_width()

    def check_width(self) -> None:
        """Raises: ValueError: channels that the heads of attention cannot share."""
        if self.head in ("local_attention", "actionformer") and self.width % ATTENTION_HEADS:
            nearest = self.width + -self.width % ATTENTION_HEADS
            raise ValueError(
                f"task.width={self.width}: task.head={self.head} divides it among {ATTENTION_HEADS} heads. Give a "
                f"multiple of {ATTENTION_HEADS}, such as task.width={nearest}."
            )

    def check_thresholds(self) -> None:
        """Raises: ValueError: an event would hold more than it reaches. The default gives way to a lower threshold."""
        if self.threshold == "auto":
            return
        if self.low_threshold > max(self.threshold, EventSettings.low_threshold):
            raise ValueError(
                f"task.low_threshold={self.low_threshold:g}: above task.threshold={self.threshold:g}, which an event "
                "reaches somewhere. Lower it to that or less."
            )

    def training_items(self, manifest: Manifest, clip: ClipSpec, reading: Mapping[str, Any]) -> Items:
        """Stretches of the training videos, two clips long. Raises: ValueError: no event lies within its video."""
        found = extents(manifest.splits["train"], reading)
        items, notes = cut_to_video(manifest.splits["train"], found)
        for note in notes:
            logger.warning("train: %s", note)
        check_events_left(items, manifest.source, "train", notes)
        rates = [one.fps if one else 30.0 for one in found]
        return training_windows(items, found, [window_seconds(clip, fps) for fps in rates])

    def outputs(self, manifest: Manifest) -> list[str]:
        """An output a class."""
        return list(manifest.classes)

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> FrameLabels:
        """1 for each class that holds at a frame; with the distances to its ends where the head learns them."""
        kind = EventEnds if self.gives_ends else FrameLabels
        return kind(self.output_of(manifest, outputs, source), len(outputs))

    def output_of(self, manifest: Manifest, outputs: Sequence[str], source: str) -> list[int]:
        """The output of each class of the data. Raises: ValueError: one that ``source`` has not learned."""
        if unknown := [name for name in manifest.classes if name not in outputs]:
            raise ValueError(
                f"class mismatch: {source} was trained on {', '.join(outputs)}; {manifest.source} also has "
                f"{', '.join(unknown)}. Use the same class names, leave the others out, or train again."
            )
        return [outputs.index(name) for name in manifest.classes]

    # Training.

    def prefer(self, settings: TrainSettings) -> TrainSettings:
        """A clip of consecutive frames where the settings leave it open, and labels that may overlap."""
        settings = replace(settings, data=self.prefer_data(settings.data))
        if settings.data.features:
            return for_features(settings)
        clip = {key: value for key, value in CLIP.items() if getattr(settings.clip, key) in ("auto", None)}
        if settings.clip.num_frames != "auto" or settings.clip.stride != "auto":
            clip.pop("fps", None)  # a stride that somebody chose counts the file's own frames
        return replace(settings, clip=replace(settings.clip, **clip))

    def resolve(self, settings: TrainSettings) -> TrainSettings:
        """The settings with the model wrapped, and what initial weights decide.

        Raises: ValueError: a model or a clip that has no order in time.
        """
        if settings.clip.sampling != "dense":
            raise ValueError(
                "clip.sampling=uniform: task=localize needs consecutive frames, since each has its own labels. Set "
                "clip.sampling=dense."
            )
        if "_target_" in settings.model:
            raise ValueError("task=localize takes a model of the zoo, and model._target_ names one of your own.")
        if settings.trainer.label_smoothing == "auto":
            settings = replace(settings, trainer=replace(settings.trainer, label_smoothing=0.0))
        settings = replace(resolve_weights(settings), finetune=replace(settings.finetune, columns=()))
        return replace(settings, model={"name": "per_frame", "body": settings.model, "head": self.head_node()})

    def head_node(self) -> dict[str, Any]:
        """What the head is made of."""
        options = {
            "ms_tcn": {"width": self.width, "num_layers": self.num_layers},
            "local_attention": {"width": self.width},
            "actionformer": {"width": self.width},
        }
        return {"name": self.head, **options.get(self.head, {})}

    def resolve_metric(self, name: str, source: str) -> str:
        """``trainer.metric``. Raises: ValueError: one that there is not."""
        if name != "auto" and name not in self.metrics:
            raise ValueError(f"trainer.metric={name}: task=localize measures {', '.join(self.metrics)}.")
        return next(iter(self.metrics)) if name == "auto" else name

    def build_model(self, setup: Setup) -> tuple[nn.Module, Freeze | None]:
        """The model of the config and what of it learns. Raises: ValueError, OSError: one line each."""
        settings, is_new = setup.training, setup.state is None
        torch.manual_seed(seed_for(settings.seed, "init"))
        with process_group.first_on_node():  # it may fetch weights
            model = build_model(settings.model, num_classes=len(setup.outputs), trust=ANYTHING, fetch_backbone=is_new)
            assert isinstance(model, PerFrame)
            fresh = load_initial(model, settings, setup.outputs) if is_new else []
        if setup.state is not None:
            load_model_state(model, setup.state)
        if settings.trainer.activation_checkpointing:
            checkpoint_activations(model)
        if not settings.finetune.freeze:
            return model, None
        head = [name for name, _ in model.named_parameters() if not name.startswith("body.")]
        epochs = settings.finetune.unfreeze_epoch
        until = None if epochs is None else int(epochs * setup.steps_per_epoch)
        check_untrained(model, fresh, head, until)
        return model, Freeze(trainable=head, until_step=until)

    def average(self, model: nn.Module, decay: float | None) -> Average:
        """All of the model is averaged and evaluated."""
        return Average(model, decay=decay)

    def build_optimizer(self, settings: TrainSettings, model: nn.Module) -> torch.optim.Optimizer:
        """What ``optim`` names."""
        return build_optimizer(settings.optim, model, layer_decay=settings.finetune.layer_decay, trust=ANYTHING)

    def build_learner(
        self, setup: Setup, model: nn.Module, ops: Sequence[BatchOp], counts: Tensor
    ) -> SupervisedLearner:
        """The training step."""
        trainer = setup.training.trainer
        imbalance = setup.training.imbalance
        if self.gives_ends:
            return self.learner(setup, model, ops, EventLoss(gamma=imbalance.focal or EventLoss.gamma))
        classes = MultiLabelLoss(
            label_smoothing=float(trainer.label_smoothing),
            gamma_pos=imbalance.gamma_pos or imbalance.focal,
            gamma_neg=imbalance.gamma_neg or imbalance.focal,
            margin=imbalance.margin,
        )
        return self.learner(setup, model, ops, PerFrameLoss(classes=classes))

    def learner(
        self, setup: Setup, model: nn.Module, ops: Sequence[BatchOp], criterion: Criterion
    ) -> SupervisedLearner:
        """The training step with a loss."""
        trainer = setup.training.trainer
        loss = TrainingLoss(criterion=criterion, model=model, l1=trainer.l1, l2=trainer.l2)
        return SupervisedLearner(model=model, to_input=ToModelInput(setup.clip).to(setup.device), loss=loss, ops=ops)

    def build_validation(self, setup: Setup, model: nn.Module, precision: Precision, log: RunLog) -> LocalizeValidation:
        """Every validation video from its start to its end."""
        return LocalizeValidation(self, setup, precision)

    # Prediction.

    def thresholds(self, state: Mapping[str, Any], asked: float | Literal["auto"]) -> list[float]:
        """None a class: one decides for all, ``with_threshold``."""
        return []

    def with_threshold(self, asked: float | Literal["auto"], state: Mapping[str, Any] = EMPTY) -> "Localize":
        """The task with another threshold of events, or with the one that its checkpoint, ``state``, was tuned to; the
        low one is never above it. Raises: ValueError: a tuned one that is damaged."""
        if asked == "auto" and self.threshold == "auto":
            tuned = checked_threshold(state.get("tuned", {}))
            why = "tuned on val (best segmental F1 at 50 %)" if tuned else "as val has too few events to tune it on"
            asked = tuned or EventSettings.threshold
            logger.info("threshold %g, %s; threshold=NUMBER is another", asked, why)
        if asked == "auto":
            return self
        return replace(self, threshold=asked, low_threshold=min(asked, self.low_threshold))

    def check_windows(self, checkpoint: str, **given: float | None) -> None:
        """Raises: ValueError: windows of another length than the clip that the model was trained on."""
        for key, value in given.items():
            if value is not None:
                raise ValueError(
                    f"{key}={value:g}: {checkpoint} is a localiser, which looks through windows as long as its clip "
                    "that overlap by half. Leave it out."
                )

    def activated(self, outputs: Tensor) -> Tensor:
        """The probabilities of the last guess, [W, S, K, T] -> [W, K, T]; of actionformer, beside them the distances in
        steps, [W, 1, K + 2, P] -> [W, K + 2, P]."""
        if not self.gives_ends:
            return outputs[:, -1].sigmoid()
        return torch.cat([outputs[:, -1, :-2].sigmoid(), outputs[:, -1, -2:]], 1)

    @property
    def gives_ends(self) -> bool:
        """Whether the head finds the ends of actions itself."""
        return self.head == "actionformer"

    @property
    def to_track(self) -> ToTrack:
        """What the outputs over the windows of a video come to."""
        return decoded if self.gives_ends else stitched

    def track_of(self, windows: Windows) -> Track:
        """The probabilities of a whole video."""
        return self.to_track(windows.scores.numpy(), windows.seconds.numpy(), windows.duration_seconds, windows.rate)

    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> EventAnswer:
        """The events of one video."""
        events = timeline(self.track_of(windows), self.events)
        return EventAnswer(windows.path, windows.duration_seconds, events, outputs)

    def describe(self, model: nn.Module, settings: TrainSettings) -> str:
        """``model tiny_r3d with head ms_tcn: 0.31 M parameters``"""
        millions = sum(p.numel() for p in model.parameters()) / 1e6
        return f"{body_words(settings)} with head {self.head}: {millions:.2f} M parameters"


def body_words(settings: TrainSettings) -> str:
    """``model tiny_r3d``, or ``features``."""
    return "features" if settings.data.features else f"model {settings.model['body'].get('name')}"
