"""The training loop, readable top to bottom. Everything that depends on position is a function of ``self.step``."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.checkpoint import FORMAT, fitting, load_model_state
from videoai.core.checkpoint_writer import CheckpointWriter
from videoai.core.label_text import label_text
from videoai.core.log import RunLog
from videoai.core.messages import pluralize
from videoai.core.seeding import seed_for
from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.batch_norm import bn_stats_frozen
from videoai.engine.best import Best
from videoai.engine.compile import not_compiled
from videoai.engine.finite import Finiteness, NotFiniteError, first_not_finite
from videoai.engine.freeze import Freeze
from videoai.engine.interrupt import Interrupt, Interrupted
from videoai.engine.optim import load_optimizer
from videoai.engine.parallel import Learner, Parallel, average_buffers
from videoai.engine.precision import Precision
from videoai.engine.profile import Profiler
from videoai.engine.progress import Progress
from videoai.engine.step_timeout import StepTimeout
from videoai.engine.timing import new_timer

logger = logging.getLogger(__name__)
NUM_SHOWN = 4  # training clips that loggers show


@dataclass(kw_only=True)
class Cadence:
    """How long and how often, in optimizer steps."""

    stop_step: int
    eval_every: int
    save_every: int
    log_every: int
    patience: int | None = None  # stop after this many evaluations without a better one; None = never


@dataclass(kw_only=True)
class Trainer:
    """Trains the learner's model; stops at any step and continues to the same weights.

    Bitwise so on a CPU, on one machine with as many threads. On a GPU kernels may add up in another order each time;
    there it takes ``deterministic=true``, the same card and the same versions (not run on one yet).

    Several processes share the micro-batches of a step, evenly or not: their gradients are added up, so that the step
    is the one that a single process would make of all of them (``engine/parallel.py``).

    ``facts`` (config, classes, clip, versions) go into every checkpoint unchanged. ``write(name, state)`` saves
    ``last`` and ``best``, called in a thread while training goes on (``core/checkpoint_writer.py``).
    """

    learner: Learner
    parallel: Parallel  # how the processes share the model
    batches: Callable[[int], Iterator[Clips]]  # first micro-batch of the run -> this process's own from there, endless
    evaluate: Callable[[nn.Module, int], dict[str, float]]  # (model, step) -> values; "loss" among them breaks ties
    metric: str  # which of evaluate's values chooses the best checkpoint
    lower_is_better: bool = False  # whether a smaller metric is better
    metric_source: str = ""  # what computes the metric, such as an evaluator; another source starts a new best
    write: Callable[[str, dict[str, Any]], None] | None  # None = another process writes
    optimizer: torch.optim.Optimizer
    average: Average  # moving average of the model, or of the part that is evaluated
    schedule: Callable[[int], float]  # step -> factor of the base rates
    precision: Precision
    log: RunLog
    cadence: Cadence
    progress: Progress
    facts: dict[str, Any]
    accumulate: int = 1  # micro-batches per optimizer step, over all processes
    max_grad_norm: float | None = None  # None = no clipping
    freeze: Freeze | None = None  # None = everything learns
    seed: int = 0
    interrupt: Interrupt = field(default_factory=Interrupt)  # one that several runs share outlives each of them
    step_timeout: StepTimeout = field(default_factory=lambda: StepTimeout(None))
    profiler: Profiler = field(default_factory=lambda: Profiler(Path("profile")))  # by default it records nothing
    on_clips: Callable[[Clips], None] = lambda clips: None  # sees every micro-batch; counts unreadable videos
    show_best: Callable[[int], None] = lambda step: None  # pictures of an evaluation that is the best so far
    tuned: Callable[[], dict[str, Any]] = dict  # what the newest evaluation chose beside metrics, such as thresholds
    should_stop: Callable[[int, float], bool] = lambda evaluation, value: False  # (1, 2, ..., metric) -> end the run?
    step: int = field(default=0, init=False)
    best: Best = field(default_factory=Best, init=False)
    metrics: dict[str, float] = field(default_factory=dict, init=False)
    choices: dict[str, Any] = field(default_factory=dict, init=False)  # those of ``tuned``, in the checkpoint
    is_stopped: bool = field(default=False, init=False)  # by should_stop

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.learner.model.parameters() if p.requires_grad]
        self.base_rates = [group["lr"] for group in self.optimizer.param_groups]
        self.finite = Finiteness()
        self.writer = CheckpointWriter(self.write)
        self.timer = new_timer(self.precision.device)
        self.own_share = range(process_group.rank(), self.accumulate, process_group.world_size())

    def fit(self) -> dict[str, float]:
        """Train to ``cadence.stop_step``. Returns: the metrics of the last evaluation.

        Raises: Interrupted: on a signal, after saving.
        """
        self.check_same_start()
        batches, names = self.batches(self.step * self.accumulate), []
        with self.interrupt, self.progress, self.profiler, self.writer, self.step_timeout:
            while self.step < self.cadence.stop_step and not (self.is_stale() or self.is_stopped):
                self.profiler.before(self.step + 1)
                self.step_timeout.start()
                with self.timer.waiting():
                    micro_batches = [next(batches) for _ in self.own_share]
                with self.timer.working():
                    stats = self.train_step(micro_batches)
                self.step += 1
                self.report(stats, micro_batches)
                self.step_timeout.stop()
                self.profiler.after(self.step)
                names = ["best"] if self.due(self.cadence.eval_every) and self.run_evaluation() else []
                received = process_group.all_reduce_max(
                    self.interrupt.received or 0
                )  # it may have reached one process only
                if self.due(self.cadence.save_every) or received:
                    names.append("last")
                self.save(names)
                if received and self.step < self.cadence.stop_step:
                    self.writer.wait()
                    process_group.barrier()  # a launcher may end the process that writes as soon as another one left
                    raise Interrupted.by(received, f"saved at step {self.step}.")
            if "last" not in names:
                self.save(["last"])
        if self.is_stale():
            evaluations = pluralize(self.best.stale, "evaluation")
            logger.info("early stop: no better %s for %s", self.metric, evaluations)
        return self.metrics

    def check_same_start(self) -> None:
        """Raises: ValueError: the processes begin at other steps or weights, and would add up gradients of several
        models."""
        if process_group.world_size() == 1:
            return
        starts = process_group.all_gather((self.step, self.parallel.weights_hash()))
        if len(set(starts)) > 1:
            raise ValueError(
                f"the processes start from different steps or weights {starts}: is run_dir a folder that all of them "
                "can read?"
            )

    def is_stale(self) -> bool:
        """Whether ``patience`` evaluations in a row were no better."""
        return self.cadence.patience is not None and self.best.stale >= self.cadence.patience

    def train_step(self, micro_batches: list[Clips]) -> dict[str, Tensor]:
        """One optimizer step over ``accumulate`` micro-batches, each process on its own share. Returns: means over all
        processes on steps that are logged, otherwise this one's part of them."""
        self.set_rate()
        self.set_mode()
        means: dict[str, Tensor] = {}
        for place, clips in zip(self.own_share, micro_batches, strict=True):
            self.on_clips(clips)
            position = self.step * self.accumulate + place
            torch.manual_seed(seed_for(self.seed, "step", position))  # dropout, drop path: a function of the position
            is_first, is_last = place == self.own_share[0], place == self.own_share[-1]
            with self.parallel.train_step(is_first=is_first, is_last=is_last) as train_step:
                stats = train_step(clips, self.precision, position)
                if is_last:
                    self.timer.before_exchange()
                with bn_stats_frozen(self.learner.model), process_group.as_connection_error():
                    self.precision.backward(stats["loss"] / self.accumulate)
            for key, value in stats.items():
                means[key] = means.get(key, 0) + value.detach() / self.accumulate  # pyright: ignore[reportArgumentType]
        average_buffers(self.learner.model)
        if self.is_logging():
            process_group.all_reduce_sum(list(means.values()))
        norm: Any = self.precision.clip(self.optimizer, self.parameters, self.max_grad_norm)
        means["grad_norm"] = norm.full_tensor() if hasattr(norm, "full_tensor") else norm  # a DTensor of shards
        watched = ("loss",) if self.precision.name == "fp16" else ("loss", "grad_norm")  # fp16 skips what overflows
        self.finite.note(self.step + 1, {key: means[key] for key in watched}, micro_batches)
        if self.precision.device.type == "cpu" or self.is_logging():
            self.check_finite()
        self.precision.update(self.optimizer, means["grad_norm"])
        self.average.update()
        return means

    def set_mode(self) -> None:
        """Training mode; what is frozen at this step stays in evaluation mode."""
        if self.freeze is None:
            self.learner.model.train()
        else:
            self.freeze.apply(self.learner.model, self.step)

    def set_rate(self) -> None:
        """Set the learning rate of this step."""
        factor = self.schedule(self.step)
        for group, rate in zip(self.optimizer.param_groups, self.base_rates, strict=True):
            group["lr"] = rate * factor

    def check_finite(self) -> None:
        """Stop at a step that was not finite. On a CPU that is before its update. On a GPU steps are read when values
        are logged, and before a save; fused AdamW has left the broken update out, others are in no checkpoint."""
        if broken := self.finite.first_broken():
            raise NotFiniteError(f"{broken} {self.sound_checkpoint()}")

    def is_logging(self) -> bool:
        """Whether the values of the step that is being taken will be read."""
        return (self.step + 1) % self.cadence.log_every == 0 or self.step + 1 == self.cadence.stop_step

    def due(self, every: int) -> bool:
        """Every ``every`` steps and at the end."""
        return self.step % every == 0 or self.step == self.cadence.stop_step

    def report(self, stats: dict[str, Tensor], micro_batches: list[Clips]) -> None:
        """Progress each step; values only when they are due, because reading them waits for the device."""
        is_due = self.due(self.cadence.log_every)
        values = {key: float(value) for key, value in stats.items()} if is_due else {}
        num_clips = len(micro_batches[0].label) * self.accumulate
        for timed in self.timer.finished():
            self.progress.step(self.step, num_clips, timed)
        if self.step == 1:
            self.show_clips(micro_batches[0])
        if is_due:
            rate = max(group["lr"] for group in self.optimizer.param_groups)  # rate of the head, where layers differ
            values |= {"lr": rate, **self.progress.speed.values()}
            self.log.scalars(self.step, "train", values)
            self.progress.line(self.step, values)

    def show_clips(self, clips: Clips) -> None:
        """The first clips of the run, with what they teach, to the loggers; features are nothing to look at."""
        if clips.video.dtype != torch.uint8:
            return
        names = self.facts.get("classes", ())
        captions = [label_text(label, names) for label in clips.label[:NUM_SHOWN].cpu()]
        self.log.clips(self.step, "input", clips.video[:NUM_SHOWN], captions)

    def run_evaluation(self) -> bool:
        """Score the averaged weights if there are any. Returns: whether they are the best so far."""
        self.writer.wait()  # an evaluation may fork processes, which is not safe while another thread works
        with not_compiled(), self.parallel.evaluating(), self.progress.validating(self.step):
            metrics = self.evaluate(self.average.module.eval(), self.step)
        self.metrics = process_group.broadcast_from_rank0(lambda: metrics)  # all decide alike, whatever the rounding
        self.choices = self.tuned()
        self.log.scalars(self.step, "val", self.metrics)
        value, loss = self.metrics[self.metric], self.metrics.get("loss", 0.0)
        if not self.is_sound():
            values = (self.step, self.metric, value, loss)
            logger.warning("step %d: validation gave %s %s and loss %s, which is never the best", *values)
        better = self.best.update(value, loss, self.step, lower_is_better=self.lower_is_better)
        self.progress.evaluation(self.step, self.metrics, better)
        if better:
            self.show_best(self.step)
        evaluation = math.ceil(self.step / self.cadence.eval_every)
        self.is_stopped = process_group.broadcast_from_rank0(lambda: self.should_stop(evaluation, value))
        return better

    def state(self) -> dict[str, Any]:
        """Everything a checkpoint holds, as plain data; whole in rank 0 alone where the model is sharded."""
        state = {
            "format": FORMAT,
            **self.facts,
            "model": self.learner.model.state_dict(),
            "ema": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": vars(self.best).copy(),
            "judge": self.metric_source,
            "metrics": dict(self.metrics),
            "tuned": dict(self.choices),
        }
        state = self.parallel.full_state(state)
        return state | ({"scaler": self.precision.scaler.state_dict()} if self.precision.name == "fp16" else {})

    def save(self, names: Sequence[str]) -> None:
        """Begin to write the checkpoints of these names, never one behind a broken step, nor with broken weights,
        buffers or averages.

        Raises: NotFiniteError: they are broken. OSError: an earlier one could not be written.
        """
        self.writer.check()
        if not names:
            return
        self.check_finite()
        state = self.state()
        tensors = {**state["model"], **(state["ema"] or {})}
        if broken := process_group.broadcast_from_rank0(lambda: first_not_finite(tensors)):
            raise NotFiniteError(f"step {self.step}: {broken} is not finite; not saved. {self.sound_checkpoint()}")
        self.writer.submit(names, state)

    def sound_checkpoint(self) -> str:
        """What is left when the weights or gradients of a step are not finite."""
        self.writer.settle()
        saved = self.writer.saved_step
        if not saved:
            return "Nothing was saved before."
        return f"The checkpoint of step {saved} is {'good' if self.is_sound() else 'whole, but its validation failed'}."

    def is_sound(self) -> bool:
        """Whether metric and loss of the newest evaluation are finite; true before the first one."""
        return all(math.isfinite(self.metrics.get(name, 0.0)) for name in (self.metric, "loss"))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a checkpoint's ``state``. Raises: ValueError: it holds another model than the settings make."""
        with fitting(state):
            state = self.parallel.shard_state(dict(state), self.average, self.optimizer)
        load_model_state(self.learner.model, state)
        with fitting(state):
            load_optimizer(self.optimizer, state["optimizer"])
            self.average.load_state_dict(state["ema"])
        if self.precision.name == "fp16":
            self.precision.scaler.load_state_dict(state["scaler"])
        self.step, self.metrics, self.choices = state["step"], state["metrics"], state.get("tuned", {})
        self.writer.saved_step = self.step
        if state.get("judge", "") == self.metric_source:
            self.best = Best(**state["best"])
        else:
            logger.warning("the metric comes from another source than before: from here on the best is chosen again")
