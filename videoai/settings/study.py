"""Settings of ``videoai study ...``."""

from dataclasses import dataclass
from typing import Literal, get_args

from videoai.settings.augment import FeatureAugmenter
from videoai.settings.loading import NumWorkers
from videoai.settings.setting import setting
from videoai.settings.verbs import Method

Interval = Literal["t", "bootstrap"]
Arm = Literal["none"] | FeatureAugmenter


@dataclass(frozen=True, kw_only=True)
class FeatureStudySettings:
    """Do drawn features help a linear head that has few clips of classes its encoder was not trained on?"""

    checkpoint: str = setting(
        path=True, help="the frozen encoder: a checkpoint of videoai train, or published weights by ID"
    )
    arms: tuple[Arm, ...] = setting(
        ("none", "gaussian", "feature_mixup", "smote", "feature_gan"), help="the others are compared with none"
    )
    shots: tuple[int, ...] = setting((1, 2, 5, 10, 25), min=1, help="training clips of each class")
    seeds: int = setting(10, min=2, help="each chooses other clips, the same in all arms")
    lend: bool = setting(
        True, help="classes that the encoder knows tell gaussian and feature_gan how clips of a class differ"
    )
    draws: int = setting(100, min=1, help="drawn features of each class; together they weigh as much as the clips")
    l2: tuple[float, ...] = setting(
        (0.01, 0.1, 1.0, 10.0, 100.0), above=0, help="penalties of the head; val chooses one"
    )
    refuse: bool = setting(True, help="false = measure augmenters also where they would refuse so few clips")
    interval: Interval = setting("t", help="over seeds, of 95 %")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    run_dir: str = setting(
        "runs/study_feature_augment",
        path=True,
        help="rows.jsonl there continues where it stopped; results.json, study.png",
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        _check_shots(self.shots)
        if "none" not in self.arms:
            given = ",".join(self.arms)
            raise ValueError(f"arms={given}: none is missing, which the others are compared with.")
        if not self.l2:
            raise ValueError("l2=[]: give numbers above 0, such as [0.1,1.0].")


@dataclass(frozen=True, kw_only=True)
class GanStudySettings:
    """Does a GAN that saw few clips help a classifier of the same few clips?

    For each number of shots and each seed: some clips are chosen, a GAN is trained on them alone, then a classifier per
    arm, equally many steps each; all are scored on the whole test split. Settings of train go to the classifiers
    (data=..., model=..., experiment=..., trainer.num_threads=1); gan=..., gan.* and clip.* go to the generator.

    An arm is a base, or a base and an addition, such as real+gan. Bases: real (the chosen clips as they are), standard
    (augmented as the data, the experiment or augment=... says), diff_augment (as the GAN's discriminator sees them).
    Additions: +x2 (twice as many real clips), +oversampling (every class equally often), +gaussian (another head on
    features drawn beside these clips), +gan (half of each batch is generated), +gan_gated (only clips that pass
    the sample filter). Mirroring (data.flip) holds in all arms. The head of +gaussian takes as many steps again.
    """

    arms: tuple[str, ...] = setting(
        ("real", "standard", "diff_augment", "real+oversampling", "real+gaussian", "real+gan", "real+gan_gated",
         "diff_augment+gan_gated", "real+x2"),
        help="bases and additions, as above",
    )  # fmt: skip
    baseline: str = setting("real", help="the arm that the others are compared with")
    shots: tuple[int, ...] = setting((5, 10, 25), min=2, help="training clips of each class")
    seeds: int = setting(5, min=2, help="each chooses other clips, the same in all arms, and trains its own GAN")
    rare: float = setting(
        1.0, above=0, max=1, help="share of the classes with so few clips; the others keep all of theirs"
    )
    steps: int = setting(400, min=1, help="of each classifier")
    gan_steps: int = setting(600, min=1, help="of each GAN")
    per_class: int = setting(100, min=1, help="generated clips of each class")
    min_confidence: float = setting(0.7, min=0, max=1, help="as in videoai gan generate")
    min_recall: float = setting(0.2, min=0, max=1, help="as in videoai gan generate")
    interval: Interval = setting("bootstrap", help="over seeds, of 95 %")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that models come from")
    run_dir: str = setting(
        "runs/study_gan_augment", path=True, help="rows.jsonl there continues where it stopped; results.json, study.png"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        _check_shots(self.shots)
        if self.baseline not in self.arms:
            raise ValueError(f"baseline={self.baseline}: it is none of arms={','.join(self.arms)}.")


@dataclass(frozen=True, kw_only=True)
class SplitLeakSettings:
    """How much does a random split flatter the score of clips that come in groups (people, source videos)?

    For each seed a classifier is trained on a split by group and one on a split by clip, with the same number of clips
    of each class and of steps, and scored on its own test clips. Settings of train go to the classifiers (data=...,
    model=...); model=tiny_r3d where none is named.
    """

    seeds: int = setting(3, min=2, help="each draws other splits, weights and orders")
    steps: int = setting(200, min=1, help="of each classifier")
    test_fraction: float = setting(0.25, above=0, max=0.9, help="share of the clips that is scored")
    interval: Interval = setting("t", help="over seeds, of 95 %")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that models come from")
    run_dir: str = setting(
        "runs/study_split_leak", path=True, help="rows.jsonl there continues where it stopped; results.json"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class MoreDataSettings:
    """What would more clips give? Accuracy over growing parts of the training split, fitted and continued.

    For each seed a classifier is trained on each part, the smaller ones within the larger, all with the same number of
    steps, and scored on the validation split. Settings of train go to the classifiers (data=..., model=...);
    model=tiny_r3d where none is named. With checkpoint=... nothing is trained: linear heads on frozen features take
    seconds.
    """

    more: int | None = setting(None, min=1, help="clips that would be added; null = half as many as there are")
    parts: tuple[float, ...] = setting((0.25, 0.5, 1.0), above=0, max=1, help="shares of the training split; three")
    seeds: int = setting(3, min=2, help="each draws other parts, weights and orders")
    steps: int = setting(200, min=1, help="of each classifier")
    minutes: float | None = setting(
        None, above=0, help="begin no further seed that would end after so long; two are measured in any case"
    )
    checkpoint: str | None = setting(
        None, path=True, help="frozen features instead of training: published weights by ID, or a checkpoint"
    )
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that models come from")
    run_dir: str = setting(
        "runs/study_more_data", path=True, help="rows.jsonl there continues where it stopped; results.json, curve.png"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if len(set(self.parts)) < 3 or max(self.parts) != 1:
            raise ValueError(f"parts={list(self.parts)}: give three or more shares up to 1.0, such as [0.25,0.5,1.0].")


@dataclass(frozen=True, kw_only=True)
class LabelNoiseSettings:
    """Which labels are probably wrong? Each training clip is judged by a classifier that has not seen it.

    The training split is dealt into folds, by group where there are groups; a classifier is trained on all but one and
    answers for that one. Settings of train go to the classifiers (data=..., model=...); model=tiny_r3d where none is
    named. With checkpoint=... nothing is trained: linear heads on frozen features take seconds. With runs=RUN the
    answers of a finished cross-validation (train data.folds=5) are used, for all of its clips.
    """

    runs: str | None = setting(None, path=True, help="folder of a cross-validation: train data.folds=5")
    folds: int = setting(5, min=2, help="parts of the training split")
    steps: int = setting(200, min=1, help="of each classifier")
    checkpoint: str | None = setting(
        None, path=True, help="frozen features instead of training: published weights by ID, or a checkpoint"
    )
    seed: int = setting(0, min=0, help="of folds, weights and orders")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that models come from")
    run_dir: str = setting(
        "runs/study_label_noise",
        path=True,
        help="folds there are not trained again; suspects.csv, results.json, report.html",
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if self.runs and self.checkpoint:
            raise ValueError(
                f"runs={self.runs} with checkpoint={self.checkpoint}: the answers come from one of them. "
                "Leave the other out."
            )


@dataclass(frozen=True, kw_only=True)
class EncodersStudySettings:
    """Whose features know most of these videos, and at what cost? A linear probe and nearest neighbours on the frozen
    features of each encoder, on the same folds by group, beside speed, width and licence."""

    encoders: tuple[str, ...] = setting(
        help="checkpoints of yours, published weights by ID, or models of the zoo by name, untrained: a baseline"
    )
    split: Literal["train", "val", "test", "all"] = setting("all", help="videos that are used; split test waits")
    folds: int = setting(5, min=2, help="parts of the videos, by group, where there is no split test")
    seed: int = setting(0, min=0, help="of the folds, and of untrained weights")
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that models come from")
    run_dir: str = setting(
        "runs/study_encoders",
        path=True,
        help="what is there is not measured again; rows.jsonl, results.json, encoders.png, features/",
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if not self.encoders:
            raise ValueError("encoders=[]: name some, such as encoders=[torchvision/r3d_18,RUN/checkpoints/best.pt].")


@dataclass(frozen=True, kw_only=True)
class ArchitecturesStudySettings:
    """Which family of networks knows these videos best: CNN + RNN, 3-D CNN or attention?

    Every model is trained for the same steps on the same folds, seed by seed, and scored on test by UAR, the mean
    recall of the classes, and WAR, top-1. Settings of train go to all of them (data=..., clip=..., augment=...).
    """

    models: tuple[str, ...] = setting(
        ("tiny_cnn_gru", "tiny_r3d", "tiny_video_transformer"), help="names of the zoo; the first is compared with"
    )
    folds: int | None = setting(
        None, min=2, max=50, help="seed s tests fold s of so many, by group; null = the test split of the data"
    )
    seeds: int = setting(3, min=2, help="each draws weights and orders, and with folds another test split")
    steps: int = setting(300, min=1, help="of each training")
    interval: Interval = setting("t", help="over seeds, of 95 %")
    batch_size: int = setting(16, min=1, help="clips in one forward pass of the evaluation")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that models come from")
    run_dir: str = setting(
        "runs/study_architectures", path=True, help="rows.jsonl there continues where it stopped; results.json"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if len(set(self.models)) < max(2, len(self.models)):
            raise ValueError(
                f"models=[{','.join(self.models)}]: name two or more, each once, such as [cnn_lstm,r3d_18]."
            )


def _check_shots(shots: tuple[int, ...]) -> None:
    """Raises: ValueError: none are given."""
    if not shots:
        raise ValueError("shots=[]: give whole numbers, such as [5,10].")


@dataclass(frozen=True, kw_only=True)
class ExplanationsStudySettings:
    """Do explanations of a classifier of motion16 point at the thing that moves, and at the moment when it does?

    Each method is compared with a point in the middle, with the energy of motion, and with the same network with random
    weights. Only clips that the network names rightly are explained.
    """

    checkpoint: str = setting(path=True, help="a classifier of data=motion16")
    methods: tuple[Method, ...] = setting(get_args(Method), help="those of explain; what does not suit is left out")
    clips: int = setting(100, min=1, help="of the test split, from its start; rightly named ones are explained")
    seed: int = setting(0, min=0, help="of the random weights")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    run_dir: str = setting("runs/study_explanations", path=True, help="where results.json goes")
    debug: bool = setting(False, help="true = show the traceback of an error")
