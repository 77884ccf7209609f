"""Settings of the GAN wing: train, evaluate, generate."""

from dataclasses import dataclass
from typing import Any, Literal

from videoai.settings.augment import DiffOperation, Sampler, check_repeats
from videoai.settings.loading import NumWorkers
from videoai.settings.setting import setting
from videoai.settings.trainer import step_timeout_setting
from videoai.settings.training import RunSettings


@dataclass(frozen=True, kw_only=True)
class Conv3dGenerator:
    """3-D convolutions; every norm hears the class and the noise."""

    name: Literal["conv3d"] = setting("conv3d", help="the network")
    width: int = setting(16, min=1, help="channels of the last stage")
    content_size: int = setting(64, min=1, help="numbers of noise that hold for the whole clip")
    class_size: int = setting(32, min=1, help="numbers that describe a class")
    motion_code: Literal["none", "gru"] = setting(
        "none", help="gru = more noise for every coarse time step, for long clips (arXiv:1707.04993)"
    )
    motion_size: int = setting(
        16, min=1, needs="gan.generator.motion_code=gru", help="numbers of noise a coarse time step"
    )
    upsample: Literal["deconv", "separable"] = setting(
        "deconv", help="separable = no checkerboard, 1.45 times as long on a CPU"
    )


@dataclass(frozen=True, kw_only=True)
class DualDiscriminator:
    """The whole clip, and single frames (arXiv:1907.06571)."""

    name: Literal["dual"] = setting("dual", help="the network")
    width: int = setting(24, min=1, help="channels of the first stage")
    num_looks: int = setting(2, min=0, help="single frames of a clip; 0 = none")
    spectral_norm: bool = setting(True, help="every layer's gain is at most 1 (arXiv:1802.05957)")


GENERATORS: dict[str, type] = {"conv3d": Conv3dGenerator}
DISCRIMINATORS: dict[str, type] = {"dual": DualDiscriminator}


@dataclass(frozen=True, kw_only=True)
class GanNetworkSettings:
    """Both networks, and what keeps them in balance."""

    name: str | None = setting(None, help="of the preset")
    generator: dict[str, Any] = setting(variants=GENERATORS, help="the generator: its name and options")
    discriminator: dict[str, Any] = setting(variants=DISCRIMINATORS, help="the discriminator: its name and options")
    diff_augment: tuple[DiffOperation, ...] = setting(
        ("color", "translation", "cutout"),
        help="what the discriminator sees (arXiv:2006.10738); [] = clips as they are",
    )
    ada_target: float | None = setting(
        None, min=-1, max=1, help="for example 0.6: augment only as often as overfitting asks for (arXiv:2006.06676)"
    )
    ada_clips: int = setting(500000, min=1, needs="gan.ada_target", help="clips until it could be always")
    conditioning_steps: tuple[int, ...] | None = setting(
        None, min=0, length=2, ordered=True, help="the class fades in between (arXiv:2201.06578); null = from the start"
    )
    conditioning_below: int = setting(2000, min=0, help="training clips; with more the class is there from the start")
    aux_classifier_width: int = setting(
        16, min=0, help="channels of the auxiliary classifier (AC-GAN, arXiv:1610.09585); 0 = none"
    )
    class_weight: float = setting(0.3, min=0, help="of the auxiliary classifier's loss, for the generator")
    mode_seeking_weight: float = setting(
        2.0, min=0, before=0.0, help="clips of a class should differ as real ones do (after arXiv:1903.05628); 0 = off"
    )
    r1: float = setting(0.0, min=0, help="gradient penalty (arXiv:1801.04406), 1 to 10 without spectral norm; 0 = off")
    r1_every: int = setting(16, min=1, needs="gan.r1", help="steps from one penalty to the next (arXiv:1912.04958)")


@dataclass(frozen=True, kw_only=True)
class GanOptimSettings:
    """Adam; each network at a rate of its own (TTUR, arXiv:1706.08500)."""

    lr_generator: float = setting(0.0002, above=0, help="learning rate of the generator")
    lr_discriminator: float = setting(
        0.0004, above=0, help="learning rate of the discriminator and auxiliary classifier"
    )
    betas: tuple[float, ...] = setting((0.0, 0.9), min=0, below=1, length=2, help="decay of both moments")


@dataclass(frozen=True, kw_only=True)
class GanTrainerSettings:
    """The loop of a GAN."""

    max_steps: int = setting(
        1500, min=1, resume=True, help="running again with a higher value goes on as if never stopped"
    )
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    accumulate: int = setting(1, min=1, help="micro-batches per step; several processes share them")
    ema_decay: float | None = setting(0.995, min=0, below=1, help="the moving average of the generator is what is kept")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", auto=True, help="auto = bf16 on a GPU that has it, else fp32"
    )
    num_threads: int | Literal["auto"] = setting(
        "auto", auto=True, min=1, max=1024, help="of torch on a CPU; auto = all cores"
    )
    eval_every: int | None = setting(None, min=1, resume=True, help="steps; null = 10 times")
    save_every: int | None = setting(None, min=1, resume=True, help="steps; null = eval_every")
    log_every: int = setting(20, min=1, resume=True, help="steps")
    step_timeout: float | None = step_timeout_setting()


@dataclass(frozen=True, kw_only=True)
class GanImbalanceSettings:
    """Classes of very different sizes."""

    sampler: Sampler = setting("balanced", help="balanced = every class equally often; sqrt; uniform = as they are")


@dataclass(frozen=True, kw_only=True)
class GanTask:
    """The task of generators; it has no options."""

    name: str = setting(help="what is learned")


@dataclass(frozen=True, kw_only=True)
class TrainGanSettings(RunSettings):
    """Train a generator of clips of your classes."""

    task: dict[str, Any] = setting({"name": "gan"}, variants={"gan": GanTask}, help="what is learned: gan")
    gan: GanNetworkSettings
    optim: GanOptimSettings
    imbalance: GanImbalanceSettings
    trainer: GanTrainerSettings
    judge: str | None = setting(
        None,
        path=True,
        resume=True,
        help="a classifier trained on the same data chooses best.pt: agreement x diversity",
    )
    cas_steps: int = setting(
        0,
        min=0,
        resume=True,
        help="200 = each evaluation trains a classifier on made clips so long; its accuracy chooses best.pt",
    )

    def __post_init__(self) -> None:
        check_repeats(self.augment, self.trainer.batch_size)


@dataclass(frozen=True, kw_only=True)
class EvaluateGanSettings:
    """Do generated clips show what they should, differ as real ones do, and teach a classifier anything?"""

    checkpoint: str = setting(path=True, help="a checkpoint of videoai gan train")
    judge: str | None = setting(
        None, path=True, help="a classifier trained on the same data and splits; null = one is trained, in judge/ there"
    )
    encoder: str | None = setting(
        None,
        path=True,
        help="network whose features distances are measured on: ID or checkpoint; null = the evaluator (judge=)",
    )
    per_class: int = setting(100, min=1, help="generated clips of each class")
    cas: bool = setting(True, help="train classifiers on generated clips too (CAS, NAS): most of the time")
    steps: int = setting(1000, min=1, help="of each classifier that is trained here")
    split: Literal["auto", "train", "val", "test"] = setting(
        "auto", help="real clips to compare with; auto = test, else val"
    )
    against: str | None = setting(
        None, path=True, help="results.json of another generator, to print beside; its encoder must be the same"
    )
    seed: int = setting(0, min=0, help="of every random draw")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoints' models come from")
    run_dir: str | None = setting(
        None, path=True, help="null = evaluation/HASH in the checkpoint's run; running again goes on there"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class GenerateSettings:
    """Fill a folder with clips of a trained generator, for synthetic.source=FOLDER of train."""

    checkpoint: str = setting(path=True, help="of a generator: videoai gan train")
    output: str = setting(
        path=True, help="the folder: CLASS/*.mp4, manifest.csv of what passed, rejected.csv of the others"
    )
    per_class: int = setting(200, min=1, help="clips to make of each class, before the filter")
    seed: int = setting(0, min=0, help="the same checkpoint and seed give the same clips")
    judge: str | None = setting(
        None, path=True, help="a classifier trained on the same data and splits; null = everything passes"
    )
    min_confidence: float = setting(
        0.7, min=0, max=1, help="the probability that the evaluator gives the wanted class, for each clip"
    )
    min_recall: float = setting(
        0.2,
        min=0,
        max=1,
        help="share of a class's real clips among its generated ones; below it none of the class passes",
    )
    drop_copies: bool = setting(True, help="leave out what lies nearer to a training clip than real clips lie together")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoints' models come from")
    debug: bool = setting(False, help="true = show the traceback of an error")
