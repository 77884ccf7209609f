"""Settings of ``videoai train``."""

from dataclasses import dataclass
from typing import Any, Literal

from videoai.settings.audio import AudioSettings, Modality
from videoai.settings.augment import AugmentSettings, ImbalanceSettings, check_repeats
from videoai.settings.data import DataSettings
from videoai.settings.loading import LoadingSettings
from videoai.settings.model import OPTIMIZERS, SCHEDULES, Auto, ClipSettings, ModelOptions
from videoai.settings.setting import setting
from videoai.settings.tasks import TASKS
from videoai.settings.trainer import TrainerSettings

SOURCE = "synthetic.source"


@dataclass(frozen=True, kw_only=True)
class SyntheticSettings:
    """Generated clips beside the real ones in training. Off until a source is named; whether they help: docs/gan.md"""

    source: str | None = setting(
        None, path=True, resume=True, help="clips of any generator in a folder or CSV file; or a generator's checkpoint"
    )
    ratio: float = setting(
        0.5, above=0, max=1, needs=SOURCE, help="their share of each batch; the number of steps stays the same"
    )
    until: float = setting(0.75, above=0, max=1, needs=SOURCE, help="share of the schedule; afterwards real clips only")
    weight: float = setting(
        1.0, above=0, needs=SOURCE, help="weight of a generated clip in the loss, beside 1 of a real one"
    )
    label_smoothing: Literal["none", "by_uncertainty"] = setting(
        "none",
        needs=SOURCE,
        help="by_uncertainty = by 1 - the confidence that the table of the clips holds (arXiv:2505.19495)",
    )
    classes: Literal["all", "rare"] = setting(
        "all", needs=SOURCE, help="rare = only classes with less than half as many clips as the largest"
    )


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings:
    """What learns, and how fast."""

    freeze: bool = setting(False, help="true = the head alone learns")
    unfreeze_epoch: float | None = setting(
        None, min=0, needs="finetune.freeze", help="frozen until here, a number of epochs; null = to the end"
    )
    layer_decay: float | None = setting(
        None, above=0, max=1, help="rate of each layer as a share of the layer above it: 0.65 to 0.9; null = all alike"
    )
    head: Literal["linear", "attentive"] = setting(
        "linear",
        help="linear = the model's own; attentive = cross-attention over its tokens (arXiv:2506.09985, section 4)",
    )
    features: str | None = setting(
        None,
        path=True,
        resume=True,
        help="selected.json of features select: the head reads these of the body's features alone",
    )
    columns: tuple[int, ...] | Auto = setting(
        "auto", auto=True, before=[], min=0, help="their numbers; auto = those of features; [] = all"
    )


@dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """Where time and memory go, written to RUN/profile."""

    steps: tuple[int, ...] | None = setting(
        None, min=1, length=2, ordered=True, resume=True, help="[first, last]: a trace of these steps by torch.profiler"
    )
    memory: bool = setting(
        False, resume=True, help="true = what held a GPU's memory when it ran out; records each allocation"
    )


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What every training has, whatever it learns."""

    data: DataSettings
    loading: LoadingSettings
    clip: ClipSettings
    augment: AugmentSettings
    schedule: dict[str, Any] = setting(variants=SCHEDULES, help="the learning rate over the run")
    profile: ProfileSettings
    logger: tuple[str | dict[str, Any], ...] = setting(
        ("tensorboard",),
        resume=True,
        help="tensorboard, wandb, mlflow, trackio or your own {_target_: pkg.Class}; [] = none",
    )
    name: str | None = setting(None, resume=True, help="of the run; null = the experiment's name, or data-model")
    run_dir: str | None = setting(
        None,
        path=True,
        resume=True,
        help="null = runs/NAME, or NAME-2, NAME-3 for other settings; running again continues there",
    )
    resume: str | bool = setting(
        "auto",
        path=True,
        resume=True,
        help="auto = continue what run_dir holds; PATH = that checkpoint; false = a new run",
    )
    seed: int = setting(0, min=0, help="of every random draw")
    deterministic: bool = setting(
        False, resume=True, help="true = the same bits each time, also on a GPU, where it is slower"
    )  # a continued run may change it, as it may its device: it decides on rounding alone
    device: str = setting("auto", resume=True, help="auto, cpu, cuda, cuda:1")
    parallel: Literal["auto", "none", "replicate", "shard"] = setting(
        "auto",
        resume=True,
        help="of several processes (torchrun): replicate = each holds the model; shard = each holds a part of it, for "
        "models that fill the memory; none = refuse several; auto = replicate",
    )
    shard_size: int | None = setting(
        None, min=1, resume=True, needs="parallel=shard", help="processes that share one copy of the model; null = all"
    )
    debug: bool = setting(False, resume=True, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class TrainSettings(RunSettings):
    """Train a model, or continue a run."""

    task: dict[str, Any] = setting({"name": "auto"}, variants=TASKS, help="what is learned")
    model: dict[str, Any] = setting(variants={}, options=ModelOptions, help="the network")
    modalities: tuple[Modality, ...] = setting(
        ("v",), help="v = the picture, a = the sound of the same stretch of time (videoai[audio]); [v,a] = both"
    )
    audio: AudioSettings
    optim: dict[str, Any] = setting({"name": "adamw"}, variants=OPTIMIZERS, help="the optimizer")
    synthetic: SyntheticSettings
    imbalance: ImbalanceSettings
    finetune: FinetuneSettings
    trainer: TrainerSettings
    report: bool = setting(
        True, resume=True, help="true = evaluate the best checkpoint on val at the end: RUN/report/report.html"
    )
    weights: str | None = setting(
        None,
        path=True,
        help="start from PATH, a checkpoint of yours, from hf://OWNER/NAME, or from published weights: ID, or ID:FILE",
    )

    def __post_init__(self) -> None:
        check_repeats(self.augment, self.trainer.batch_size)
        self._check_synthetic()
        self._check_whole_weights()
        self._check_modalities()

    @property
    def sees(self) -> bool:
        """Whether the picture is learned from."""
        return "v" in self.modalities

    @property
    def hears(self) -> bool:
        """Whether the sound is learned from."""
        return "a" in self.modalities

    def _check_modalities(self) -> None:
        given, usual = f"modalities=[{','.join(self.modalities)}]", AudioSettings()
        if not self.modalities or len(set(self.modalities)) < len(self.modalities):
            raise ValueError(f"{given}: give v, a, or both once each: [v], [a] or [v,a].")
        if not self.hears and self.audio != usual:
            raise ValueError(f"audio.* means nothing with {given}, which reads no sound. Add modalities=[v,a].")
        if not self.hears:
            return
        others = {
            "task": self.task.get("name") == "localize" and "localize",
            "augment.mixup": self.augment.mixup,
            "augment.cutmix": self.augment.cutmix,
            "augment.features": self.augment.features,
            SOURCE: self.synthetic.source,
            "trainer.compile": self.trainer.compile == "model" and "model",
        }
        if not self.sees:
            of_dropout = {key: getattr(self.audio, key) for key in ("drop", "drop_video")}
            others |= {f"audio.{key}": value != getattr(usual, key) and str(value) for key, value in of_dropout.items()}
            others |= {"weights": self.weights, "model.pretrained": self.model.get("pretrained")}
            others |= {"model.backbone_pretrained": self.model.get("backbone_pretrained")}
            others |= {"finetune.freeze": self.finetune.freeze, "finetune.features": self.finetune.features}
            others |= {"finetune.layer_decay": self.finetune.layer_decay}
            others |= {"finetune.head": self.finetune.head != "linear" and self.finetune.head}
        if used := next((f"{key}={value}" for key, value in others.items() if value), None):
            why = "knows no sound" if self.sees else "is for the network of pictures, which is not there"
            raise ValueError(f"{used} {why}: leave it out with {given}.")

    def _check_synthetic(self) -> None:
        if self.augment.repeats_in == "steps" and self.augment.repeats > 1 and self.synthetic.source:
            raise ValueError(
                f"augment.repeats_in=steps: not beside {SOURCE}={self.synthetic.source}, whose clips are drawn for one "
                "batch each. Choose augment.repeats_in=batch."
            )

    def _check_whole_weights(self) -> None:
        trainer = self.trainer
        users = {"trainer.l1": trainer.l1, "trainer.l2": trainer.l2, "augment.features": self.augment.features}
        used = next((key for key, value in users.items() if value), None)
        if self.parallel == "shard" and used:
            raise ValueError(
                f"{used}={users[used]} needs whole weights, and parallel=shard has parts of them. Use "
                "optim.weight_decay for a penalty, or parallel=replicate."
            )
