"""The training loop, readable top to bottom. Everything that depends on position is a function of ``self.step``."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from videoai.core import distributed
from videoai.core.checkpoint import FORMAT, weights_hash
from videoai.core.log import RunLog
from videoai.core.seeding import seed_for
from videoai.core.types import Clips
from videoai.engine.freeze import Freeze
from videoai.engine.interrupt import Interrupt, Interrupted
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.statistics import held_statistics

logger = logging.getLogger(__name__)


class Task(Protocol):
    """What a trainer trains: turns clips into a loss."""

    @property
    def model(self) -> nn.Module: ...

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        """At least ``{"loss": scalar}``; everything else is logged as its mean."""
        ...


@dataclass(kw_only=True)
class Cadence:
    """How long and how often, in optimizer steps."""

    stop_step: int
    eval_every: int
    save_every: int
    log_every: int
    patience: int | None = None  # stop after this many evaluations without a better one; None = never


@dataclass(kw_only=True)
class Best:
    """The best evaluation so far; plain data in the checkpoint."""

    value: float = -math.inf
    loss: float = math.inf
    step: int = -1
    stale: int = 0  # evaluations since

    def update(self, value: float, loss: float, step: int) -> bool:
        """True when this evaluation is better: higher, or as high with a lower loss."""
        if (value, -loss) > (self.value, -self.loss):
            self.value, self.loss, self.step, self.stale = value, loss, step, 0
            return True
        self.stale += 1
        return False


@dataclass(kw_only=True)
class Trainer:
    """Trains ``task.model``; stops at any step and continues to bitwise the same weights (one machine, same threads).

    Several processes share the micro-batches of a step: their gradients are added up, so that the step is the one that
    a single process would make of all of them.

    ``facts`` (config, classes, clip, versions) go into every checkpoint unchanged. ``write(name, state)`` saves
    ``last`` and ``best``.
    """

    task: Task
    batches: Callable[[int], Iterator[Clips]]  # first micro-batch of the run -> this process's own from there, endless
    evaluate: Callable[[nn.Module, int], dict[str, float]]  # (model, step) -> values; "loss" among them breaks ties
    metric: str  # which of evaluate's values chooses the best checkpoint; higher is better
    judge: str = ""  # whose values these are; under another one the best is chosen anew
    write: Callable[[str, dict[str, Any]], None]
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    precision: Precision
    log: RunLog
    cadence: Cadence
    progress: Progress
    facts: dict[str, Any]
    accumulate: int = 1  # micro-batches per optimizer step, of all processes
    max_grad_norm: float | None = None  # None = no clipping
    ema_decay: float | None = None  # None = no moving average
    ema_ramp_up: bool = False  # a short memory at first: (1 + n) / (10 + n) until that exceeds ema_decay
    averaged: nn.Module | None = None  # the part of the model that is averaged and evaluated; None = all of it
    freeze: Freeze | None = None  # None = everything learns
    seed: int = 0
    on_clips: Callable[[Clips], None] = lambda clips: None  # sees every micro-batch; counts unreadable videos
    step: int = field(default=0, init=False)
    received: int = field(default=0, init=False)  # a signal that came in the last step, when there was nothing to stop
    best: Best = field(default_factory=Best, init=False)
    metrics: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.task.model.parameters() if p.requires_grad]
        self.base_rates = [group["lr"] for group in self.optimizer.param_groups]
        self.part = self.averaged or self.task.model
        self.ema = None
        if self.ema_decay is not None:
            average = ramp_up(self.ema_decay) if self.ema_ramp_up else get_ema_multi_avg_fn(self.ema_decay)
            self.ema = AveragedModel(self.part, multi_avg_fn=average, use_buffers=True)

    def fit(self) -> dict[str, float]:
        """Train to ``cadence.stop_step``. Returns: the metrics of the last evaluation.

        Raises: Interrupted: on a signal, after saving.
        """
        self.refuse_other_starts()
        batches = self.batches(self.step * self.accumulate)
        with Interrupt() as interrupt, self.progress:
            while self.step < self.cadence.stop_step and not self.is_stale():
                started = time.perf_counter()
                micro_batches = [next(batches) for _ in range(self.accumulate // distributed.world_size())]
                waited = time.perf_counter() - started
                stats = self.train_step(micro_batches)
                self.step += 1
                self.report(stats, micro_batches, waited, time.perf_counter() - started)
                if self.due(self.cadence.eval_every):
                    self.run_evaluation()
                self.received = distributed.largest(interrupt.received or 0)  # it may have reached one process only
                if self.due(self.cadence.save_every) or self.received:
                    self.save("last")
                if self.received and self.step < self.cadence.stop_step:
                    raise Interrupted.by(self.received, f"saved at step {self.step}.")
        if self.is_stale():
            logger.info("early stop: no better %s for %d evaluations", self.metric, self.best.stale)
        self.save("last")
        return self.metrics

    def refuse_other_starts(self) -> None:
        """Raises: ValueError: the processes begin at other steps or weights, and would add up gradients of several
        models."""
        if distributed.world_size() == 1:
            return
        starts = distributed.from_all((self.step, weights_hash(self.task.model)))
        if len(set(starts)) > 1:
            raise ValueError(f"the processes do not start alike {starts}: is run_dir a folder that all of them see?")

    def is_stale(self) -> bool:
        """Whether ``patience`` evaluations in a row were no better."""
        return self.cadence.patience is not None and self.best.stale >= self.cadence.patience

    def train_step(self, micro_batches: list[Clips]) -> dict[str, Tensor]:
        """One optimizer step over ``accumulate`` micro-batches, of which these are this process's."""
        self.set_rate()
        self.set_mode()
        means: dict[str, Tensor] = {}
        for number, clips in enumerate(micro_batches):
            self.on_clips(clips)
            position = self.step * self.accumulate + number * distributed.world_size() + distributed.rank()
            torch.manual_seed(seed_for(self.seed, "step", position))  # dropout, drop path: a function of the position
            stats = self.task.train_step(clips, self.precision, position)
            with held_statistics(self.task.model):
                self.precision.backward(stats["loss"] / self.accumulate)
            for key, value in stats.items():
                means[key] = means.get(key, 0) + value.detach() / self.accumulate  # pyright: ignore[reportArgumentType]
        self.add_up(means)
        means["grad_norm"] = self.precision.clip(self.optimizer, self.parameters, self.max_grad_norm)
        self.refuse_non_finite(means, micro_batches)
        self.precision.update(self.optimizer)
        if self.ema is not None:
            self.ema.update_parameters(self.part)
        return means

    def add_up(self, means: dict[str, Tensor]) -> None:
        """Gradients and means are parts of a sum over all processes; what norms saw of the clips is averaged."""
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        distributed.add_up([*gradients, *means.values()])
        distributed.average(list(self.task.model.buffers()))

    def set_mode(self) -> None:
        """Training mode; what is frozen at this step stays in evaluation mode."""
        if self.freeze is None:
            self.task.model.train()
        else:
            self.freeze.apply(self.task.model, self.step)

    def set_rate(self) -> None:
        """Set the learning rate of this step."""
        factor = self.schedule(self.step)
        for group, rate in zip(self.optimizer.param_groups, self.base_rates, strict=True):
            group["lr"] = rate * factor

    def refuse_non_finite(self, means: dict[str, Tensor], micro_batches: list[Clips]) -> None:
        """Stop before a broken update reaches the weights. fp16 expects overflowing gradients and skips them itself."""
        if means["loss"].is_cuda and (self.step + 1) % self.cadence.log_every:
            return  # .item() waits for the GPU: only on log steps (and a save checks the weights)
        watched = ("loss",) if self.precision.name == "fp16" else ("loss", "grad_norm")
        for key in watched:
            if not math.isfinite(means[key].item()):
                videos = sorted({int(index) for clips in micro_batches for index in clips.index})[:8]
                raise ValueError(
                    f"step {self.step + 1}: {key} is {means[key].item()} (training videos number {videos}). The last "
                    "saved "
                    "checkpoint is good. Try a lower optim.lr, trainer.max_grad_norm=1 or trainer.precision=fp32."
                )

    def due(self, every: int) -> bool:
        """Every ``every`` steps and at the end."""
        return self.step % every == 0 or self.step == self.cadence.stop_step

    def report(self, stats: dict[str, Tensor], micro_batches: list[Clips], waited: float, took: float) -> None:
        """Progress each step; values only when they are due, because reading them waits for the device."""
        num_clips = sum(len(clips.label) for clips in micro_batches) * distributed.world_size()
        self.progress.step(self.step, num_clips, waited, took)
        if self.step == 1:
            self.log.clips(self.step, "input", micro_batches[0].video[:4])
        if self.due(self.cadence.log_every):
            values = {key: float(value) for key, value in stats.items()}
            rate = max(group["lr"] for group in self.optimizer.param_groups)  # of the head, where layers differ
            values |= {"lr": rate, **self.progress.rates()}
            self.log.scalars(self.step, "train", values)
            self.progress.line(self.step, values)

    def run_evaluation(self) -> None:
        """Score the averaged weights if there are any; keep the best."""
        model = self.ema.module if self.ema is not None else self.part
        self.metrics = self.evaluate(model.eval(), self.step)
        self.log.scalars(self.step, "val", self.metrics)
        better = self.best.update(self.metrics[self.metric], self.metrics.get("loss", 0.0), self.step)
        self.progress.evaluation(self.step, self.metrics, better)
        if better:
            self.save("best")

    def state(self) -> dict[str, Any]:
        """Everything a checkpoint holds, as plain data."""
        state = {
            "format": FORMAT,
            **self.facts,
            "model": self.task.model.state_dict(),
            "ema": self.ema.state_dict() if self.ema is not None else None,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": vars(self.best).copy(),
            "judge": self.judge,
            "metrics": dict(self.metrics),
        }
        return state | ({"scaler": self.precision.scaler.state_dict()} if self.precision.name == "fp16" else {})

    def save(self, name: str) -> None:
        """Write a checkpoint, never one with broken weights."""
        broken = [n for n, p in self.task.model.named_parameters() if not torch.isfinite(p).all()]
        if broken:
            raise ValueError(
                f"step {self.step}: {broken[0]} is not finite; not saved. The checkpoint before it is good."
            )
        self.write(name, self.state())

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint's ``state``. Raises: ValueError: of another model than the settings make."""
        try:
            self.task.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.ema is not None:
                self.ema.load_state_dict(state["ema"])
        except (RuntimeError, ValueError) as error:  # the networks that a newer videoai makes of the same settings
            raise ValueError(
                f"the checkpoint of step {state['step']} does not fit the model that these settings make here: "
                f"{' '.join(str(error).split())[:160]} ... Continue it with the videoai that began it, or choose "
                "another run_dir."
            ) from error
        if self.precision.name == "fp16":
            self.precision.scaler.load_state_dict(state["scaler"])
        self.step, self.metrics = state["step"], state["metrics"]
        if state.get("judge", "") == self.judge:
            self.best = Best(**state["best"])
        else:
            logger.warning("the checkpoint was judged otherwise before: from here on the best is chosen anew")


def ramp_up(decay: float) -> Callable[[Any, Any, Tensor | int], None]:
    """The moving average of ``AveragedModel`` with a memory that grows with the number of updates, so that it does not
    hold on to the first weights."""

    def average(averages: Any, values: Any, num_averaged: Tensor | int) -> None:
        count = float(num_averaged)
        get_ema_multi_avg_fn(min(decay, (1 + count) / (10 + count)))(averages, values, num_averaged)

    return average
