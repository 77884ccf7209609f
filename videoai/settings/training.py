"""Settings of ``videoai train``."""

from dataclasses import dataclass
from typing import Any, Literal

from videoai.settings.audio import AudioSettings, Modality
from videoai.settings.data import DataSettings
from videoai.settings.loading import LoadingSettings
from videoai.settings.model import OPTIMIZERS, SCHEDULES, Auto, ClipSettings, ModelOptions
from videoai.settings.setting import setting
from videoai.settings.tasks import TASKS

Policy = Literal["randaugment", "trivial", "autoaugment"]
FeatureAugmenter = Literal["gaussian", "feature_mixup", "smote", "feature_gan"]
DiffOperation = Literal["color", "translation", "cutout"]
Sampler = Literal["uniform", "sqrt", "balanced"]
SOURCE = "synthetic.source"
RANDAUGMENT = "augment.policy=randaugment"
Nodes = tuple[dict[str, Any], ...]  # {_target_: package.module.Class, ...}


def step_timeout_setting() -> Any:
    """``trainer.step_timeout``, which a classifier and a GAN have."""
    return setting(
        None,
        above=0,
        max=1e6,
        resume=True,
        help="seconds, 10 times as many for the first; a longer step prints the stacks, and ends a process of several",
    )


@dataclass(frozen=True, kw_only=True)
class TrainerSettings:
    """The loop: how long, how large, how exact, how often."""

    batch_size: int | Literal["auto"] = setting(
        16, auto=True, min=1, help="clips in one forward pass; auto = as many as fit a GPU's memory, 16 on a CPU"
    )
    accumulate: int = setting(
        1, min=1, help="forward passes in one optimizer step; several processes (torchrun) share them"
    )
    max_epochs: float | Auto | None = setting(
        "auto",
        auto=True,
        above=0,
        resume=True,
        help="length of the schedule; auto = by the number of training clips; null = max_steps",
    )
    minutes: float | None = setting(
        None,
        above=0,
        help="a schedule of about so long on this machine, measured at the start, in the place of max_epochs; "
        "it takes longer where the machine slows down later",
    )
    max_steps: int | None = setting(
        None, min=1, resume=True, help="stop earlier; running again with a higher value goes on as if never stopped"
    )
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = setting(
        "auto",
        auto=True,
        help="auto = on a CPU the fastest that agrees with fp32, measured at the start; on a GPU bf16 where it has it. "
        "A named one is not checked",
    )
    layout: Literal["auto", "contiguous", "channels_last_3d"] = setting(
        "auto", auto=True, help="memory layout of tensors"
    )
    num_threads: int | Literal["auto"] = setting(
        "auto", auto=True, min=1, max=1024, help="of torch on a CPU; auto = 1 for small models, otherwise all cores"
    )
    compile: Literal["auto", "off", "blocks", "model"] = setting(
        "auto",
        auto=True,
        before="off",
        help="torch.compile: each block of the model by itself, or the whole; auto = blocks on a GPU, off on a CPU",
    )
    activation_checkpointing: bool = setting(
        False, help="true = less memory for a third more time: activations are computed again, not kept"
    )
    sync_batch_norm: bool = setting(
        False,
        help="true = several GPUs: batch norms see the clips of all processes, which is another training than that of "
        "one process; docs/scaling.md",
    )
    max_grad_norm: float | None = setting(1.0, above=0, help="gradients are clipped to this norm; null = no clipping")
    label_smoothing: float | Auto = setting(
        "auto", auto=True, min=0, below=1, help="share of the label that is spread over all classes; auto = 0.1"
    )
    l1: float = setting(0.0, min=0, help="penalty on the sum of |w|")
    l2: float = setting(0.0, min=0, help="penalty on half the sum of w^2; see also optim.weight_decay")
    ema_decay: float | Auto | None = setting(
        "auto",
        auto=True,
        min=0,
        below=1,
        help="for example 0.999: evaluate a moving average of the weights; auto = by the length of the schedule; "
        "null = none",
    )
    eval_every: int | None = setting(None, min=1, resume=True, help="steps; null = 20 times over the schedule")
    save_every: int | None = setting(None, min=1, resume=True, help="steps; null = eval_every")
    log_every: int = setting(20, min=1, resume=True, help="steps")
    step_timeout: float | None = step_timeout_setting()
    metric: str = setting(
        "auto",
        auto=True,
        help="value of validation that chooses the best checkpoint; uar = mean_class_accuracy, war = top1; auto = the "
        "task's first, uar in sets of emotions",
    )
    patience: int | None = setting(
        None, min=1, resume=True, help="stop after this many evaluations without a better one; null = never"
    )


@dataclass(frozen=True, kw_only=True)
class AugmentSettings:
    """What is done to training clips. Mirrored and reversed clips: data.flip and data.reverse, which change labels."""

    scale: tuple[float, ...] = setting(
        (1.0, 1.0), above=0, max=1, length=2, ordered=True, help="share of the frame's area that a random crop covers"
    )
    ratio: tuple[float, ...] = setting((1.0, 1.0), above=0, length=2, ordered=True, help="width / height of the crop")
    shift: float = setting(0.0, min=0, max=1, help="the clip moves by up to this share of its side, black moves in")
    color_jitter: float = setting(
        0.0, min=0, max=1, help="brightness, contrast, saturation by a factor in [1 - x, 1 + x]"
    )
    policy: Policy | None = setting(None, help="operations on the pixels")
    num_ops: int = setting(2, min=1, needs=RANDAUGMENT, help="operations of randaugment")
    magnitude: int = setting(9, min=0, max=30, needs=RANDAUGMENT, help="strength of randaugment")
    erase: float = setting(0.0, min=0, max=1, help="probability of an erased box, the same in every frame")
    mixup: float = setting(0.0, min=0, help="alpha of the Beta distribution (arXiv:1710.09412); 0 = off")
    cutmix: float = setting(0.0, min=0, help="likewise (arXiv:1905.04899); with both a coin decides for each batch")
    diff_augment: tuple[DiffOperation, ...] = setting(
        (), help="DiffAugment of a classifier's batch: color, translation, cutout (arXiv:2006.10738)"
    )
    speed: float = setting(1.0, min=1, max=8, help="the clip runs up to this many times faster or slower; 1 = off")
    time_jitter: float = setting(
        0.0,
        min=0,
        max=1,
        needs="clip.sampling=dense",
        help="each frame of a dense clip moves by up to this share of half the way to the next",
    )
    frame_drop: float = setting(0.0, min=0, max=0.9, help="share of frames that are lost: the frame before is held")
    repeats: int = setting(1, min=1, help="clips of each drawn video, from one decoding pass")
    repeats_in: Literal["batch", "steps"] = setting(
        "batch",
        needs="augment.repeats>1",
        help="batch = all of them in one batch; steps = one in each of as many consecutive steps",
    )
    features: FeatureAugmenter | None = setting(
        None, help="features drawn beside each batch, of a frozen body; docs/gan.md"
    )
    feature_ratio: float = setting(1.0, above=0, needs="augment.features", help="drawn features for each clip")
    feature_classes: Literal["all", "rare", "balanced"] = setting(
        "all",
        needs="augment.features",
        help="as often as in the data; balanced = all alike; rare = those with less than half of the largest",
    )
    clip_transforms: Nodes = setting((), help="your own, on uint8 [T, C, H, W] in the worker: [{_target_: pkg.Class}]")
    batch_ops: Nodes = setting((), help="your own, on the batch on the device: [{_target_: pkg.Class}]")


@dataclass(frozen=True, kw_only=True)
class ImbalanceSettings:
    """For classes of very different sizes. Compare by mean class accuracy: docs/augmentation.md"""

    sampler: Sampler = setting(
        "uniform",
        help="uniform = every video once an epoch; sqrt = by the root of a class's size; balanced = equally often",
    )
    balanced_softmax: bool | Literal["auto"] = setting(
        "auto",
        auto=True,
        help="true = adds the log of each class's share to its logit (arXiv:2007.10740); auto = in sets of emotions, "
        "where the largest class has 10 times the clips of the smallest",
    )
    effective_number: float = setting(  # 1 itself divides by zero
        0.0, min=0, max=0.999999, help="beta: weights (1 - beta) / (1 - beta^n) in the loss (arXiv:1901.05555); 0 = off"
    )
    pos_weight: float = setting(
        0.0, min=0, max=1, help="several labels: positives weigh (negatives / positives) ** this; 0 = off"
    )
    focal: float = setting(0.0, min=0, help="gamma, less weight for what is right already (arXiv:1708.02002); 0 = off")
    gamma_neg: float = setting(
        0.0,
        min=0,
        help="several labels, asymmetric loss (arXiv:2009.14119): gamma of the negatives, such as 4; 0 = off",
    )
    gamma_pos: float = setting(0.0, min=0, help="several labels, asymmetric loss: gamma of the positives, 0 or 1")
    margin: float = setting(
        0.0, min=0, below=1, help="several labels, asymmetric loss: negatives below it cost nothing, such as 0.05; clip"
    )

    def __post_init__(self) -> None:
        """Raises: ValueError: two losses at once."""
        asymmetric = {key: getattr(self, key) for key in ("gamma_neg", "gamma_pos", "margin") if getattr(self, key)}
        if self.focal and asymmetric:
            key, value = next(iter(asymmetric.items()))
            raise ValueError(
                f"imbalance.focal={self.focal:g} with imbalance.{key}={value:g}: focal loss is the asymmetric one with "
                "one gamma for both. Set imbalance.focal=0, or leave the others out."
            )


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


def check_repeats(augment: AugmentSettings, batch_size: int | Literal["auto"]) -> None:
    """Raises: ValueError: the clips of a video do not fit into one batch."""
    if augment.repeats_in == "batch" and batch_size != "auto" and batch_size % augment.repeats:
        raise ValueError(
            f"augment.repeats={augment.repeats}: all clips of a video stand in one batch, so trainer.batch_size="
            f"{batch_size} must be a multiple of it, or augment.repeats_in=steps."
        )


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
