"""What a model learns (``task``): one dataclass a task."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting

ValueLoss = Literal["mse", "smooth_l1", "ccc"]
LOSS_HELP = "mse, smooth_l1, or ccc = 1 - CCC + 0.1 MSE, which compares the clips of a batch and needs 8 or more"
STATISTICS = "of the training clips, in the order of the targets; auto = measured, and kept by the checkpoint"


@dataclass(frozen=True, kw_only=True)
class AutoTask:
    """Classes: one label a clip or several, as the data have."""

    name: Literal["auto"] = setting("auto", help="classify or multi_label; another: task=NAME")


@dataclass(frozen=True, kw_only=True)
class Classify:
    """One class a clip."""

    name: Literal["classify"] = setting("classify", help="the task; another: task=NAME")
    votes: tuple[str, ...] | None = setting(
        None,
        help="columns with the votes for, or the probability of, each class: [happy, sad]; null = one label a clip",
    )


@dataclass(frozen=True, kw_only=True)
class MultiLabel:
    """Any number of classes a clip."""

    name: Literal["multi_label"] = setting("multi_label", help="the task; another: task=NAME")


@dataclass(frozen=True, kw_only=True)
class Regression:
    """One or several numbers a clip."""

    name: Literal["regression"] = setting("regression", help="the task; another: task=NAME")
    targets: tuple[str, ...] = setting(("value",), help="columns of the table that hold the numbers: [speed, angle]")
    loss: ValueLoss = setting("mse", help=LOSS_HELP)
    mean: tuple[float, ...] | Literal["auto"] = setting("auto", auto=True, help=f"means {STATISTICS}")
    std: tuple[float, ...] | Literal["auto"] = setting("auto", auto=True, help=f"standard deviations {STATISTICS}")


@dataclass(frozen=True, kw_only=True)
class Ordinal:
    """One of several ordered levels a clip."""

    name: Literal["ordinal"] = setting("ordinal", help="the task; another: task=NAME")
    order: tuple[str, ...] | None = setting(
        None,
        help="the classes from the lowest to the highest: [slow, medium, fast]; null = by number, if they are numbers",
    )


@dataclass(frozen=True, kw_only=True)
class MultiHead:
    """Several targets a clip, each with a head of its own on one body."""

    name: Literal["multi_head"] = setting("multi_head", help="the task; another: task=NAME")
    heads: dict[str, Literal["class", "value"]] = setting(
        help="columns of the table and their kind: {verb: class, noun: class, valence: value}"
    )
    weights: dict[str, float] | None = setting(
        None, min=0, help="weights of heads in the loss: {verb: 2}; the others weigh 1"
    )
    loss: ValueLoss = setting("mse", help=f"of heads of kind value: {LOSS_HELP}")
    sizes: tuple[int, ...] | Literal["auto"] = setting(
        "auto", auto=True, min=1, help="outputs of each head; auto = counted, and kept by the checkpoint"
    )
    mean: tuple[float, ...] | Literal["auto"] = setting("auto", auto=True, help=f"means {STATISTICS}")
    std: tuple[float, ...] | Literal["auto"] = setting("auto", auto=True, help=f"standard deviations {STATISTICS}")


@dataclass(frozen=True, kw_only=True)
class Localize:
    """When which actions happen in untrimmed videos: classes for each frame, and events read from them."""

    name: Literal["localize"] = setting("localize", help="the task; another: task=NAME")
    head: Literal["ms_tcn", "local_attention", "actionformer", "linear"] = setting(
        "ms_tcn",
        help="over time: dilated convolutions (arXiv:1903.01945), local attention on a pyramid, the same with a "
        "regression of the ends of actions (arXiv:2202.07925), or each step by itself",
    )
    width: int = setting(64, min=4, max=4096, help="channels of the head; a multiple of 4")
    num_layers: int = setting(
        6, min=1, max=12, needs="task.head=ms_tcn", help="layers of a stage; each doubles its reach"
    )
    threshold: float | Literal["auto"] = setting(
        0.5,
        above=0,
        below=1,
        help="an event reaches this probability somewhere; auto = the one with the best segmental F1 on val, which the "
        "checkpoint keeps",
    )
    low_threshold: float = setting(0.35, above=0, below=1, help="and goes as far as this one holds")
    merge_seconds: float = setting(0.0, min=0, help="shorter gaps between events of one class are closed")
    min_seconds: float = setting(0.0, min=0, help="shorter events are dropped")


TASKS: dict[str, type] = {
    "auto": AutoTask,
    "classify": Classify,
    "multi_label": MultiLabel,
    "regression": Regression,
    "ordinal": Ordinal,
    "multi_head": MultiHead,
    "localize": Localize,
}
