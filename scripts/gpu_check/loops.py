"""Three loops over the same batch: this project's Trainer, a plain one in PyTorch, and the Trainer of Hugging Face."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.log import RunLog
from videoai.core.seeding import seed_for
from videoai.core.types import Clips
from videoai.data.prefetch import prefetch
from videoai.engine.average import Average
from videoai.engine.parallel import Learner, Parallel
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer

MAX_NORM = 1.0  # gradients are clipped to it
LOG_EVERY = 20  # steps
WARMUP = 3  # steps that build kernels and fill the cache of memory


@dataclass
class Watch:
    """Times the steps behind the first ones, and keeps the losses of those."""

    device: torch.device
    steps: int  # in all
    began: float = 0.0
    seconds: float = 0.0  # a step's
    losses: list[Tensor] = field(default_factory=list)

    def before(self, step: int) -> None:
        """To be called before step 0, 1, ..., and after the last one."""
        if step in (WARMUP, self.steps):
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            now = time.perf_counter()
            self.seconds, self.began = (now - self.began) / max(1, self.steps - WARMUP), now

    def note(self, loss: Tensor) -> None:
        """The loss of a step, which is not read yet: that would wait for the device."""
        if len(self.losses) < WARMUP:
            self.losses.append(loss.detach())


@dataclass(frozen=True)
class Noted:
    """A learner whose losses a watch keeps."""

    learner: Learner
    watch: Watch

    @property
    def model(self) -> nn.Module:
        return self.learner.model

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        stats = self.learner.train_step(clips, precision, position)
        self.watch.note(stats["loss"])
        return stats


def trainer_loop(
    learner: Learner, optimizer: torch.optim.Optimizer, clips: Clips, precision: Precision, watch: Watch
) -> None:
    """The Trainer as ``videoai train`` makes it, but for the files."""

    def timed() -> Iterator[Clips]:
        for step in range(watch.steps):
            watch.before(step)
            yield clips

    def evaluate(model: nn.Module, step: int) -> dict[str, float]:
        watch.before(step)  # once, behind the last step
        return {"top1": 0.0, "loss": 0.0}

    noted = Noted(learner, watch)
    Trainer(
        learner=noted,
        parallel=Parallel(noted),
        batches=lambda start: prefetch(timed(), precision.device),
        evaluate=evaluate,
        metric="top1",
        write=None,
        average=Average(learner.model),
        optimizer=optimizer,
        schedule=Schedule(total_steps=watch.steps, name="constant"),
        precision=precision,
        log=RunLog(None),
        cadence=Cadence(stop_step=watch.steps, eval_every=10**9, save_every=10**9, log_every=LOG_EVERY),
        progress=Progress(watch.steps),
        facts={},
        max_grad_norm=MAX_NORM,
    ).fit()


def plain_loop(
    loss_of: Callable[[int], Tensor], optimizer: torch.optim.Optimizer, precision: Precision, watch: Watch
) -> None:
    """What a person would write by hand. ``loss_of``: a forward pass, given the number of the step."""
    scaler = torch.amp.GradScaler(precision.device.type, enabled=precision.name == "fp16")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for step in range(watch.steps):
        watch.before(step)
        torch.manual_seed(seed_for(0, "step", step))  # dropout as in the Trainer
        loss = loss_of(step)
        watch.note(loss)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(parameters, MAX_NORM)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
    watch.before(watch.steps)


def hugging_face_loop(
    step: nn.Module, optimizer: torch.optim.Optimizer, clips: Clips, precision: Precision, watch: Watch
) -> None:
    """The defaults of Hugging Face, but for files and reports. ``step``: video, label -> ``{"loss": scalar}``."""
    from transformers import Trainer as HuggingFaceTrainer
    from transformers import TrainerCallback, TrainingArguments

    class Timed(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            watch.before(state.global_step)

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            watch.before(watch.steps)

    step.register_forward_hook(lambda module, given, out: watch.note(out["loss"]))
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            max_steps=watch.steps,
            per_device_train_batch_size=len(clips.label),
            max_grad_norm=MAX_NORM,
            lr_scheduler_type="constant",
            logging_steps=LOG_EVERY,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,  # the batch is pinned already
            use_cpu=precision.device.type == "cpu",
            bf16=precision.name == "bf16",
            fp16=precision.name == "fp16",
        )
        HuggingFaceTrainer(
            model=step,
            args=arguments,
            train_dataset=list(range(watch.steps * len(clips.label))),  # pyright: ignore[reportArgumentType]
            data_collator=lambda numbers: {"video": clips.video, "label": clips.label},
            optimizers=(optimizer, None),
            callbacks=[Timed()],
        ).train()
