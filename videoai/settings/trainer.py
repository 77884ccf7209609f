"""The training loop (``trainer``)."""

from dataclasses import dataclass
from typing import Any, Literal

from videoai.settings.model import Auto
from videoai.settings.setting import setting


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
