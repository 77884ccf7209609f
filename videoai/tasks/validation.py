"""The validation pass of a training run: one centred view of every validation video."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from videoai.core.log import RunLog
from videoai.data.dataset import EvalClips
from videoai.data.loader import eval_batches
from videoai.data.normalize import ToModelInput
from videoai.data.targets import split_targets
from videoai.engine.precision import Precision
from videoai.inference.score import ViewOutputs, view_outputs
from videoai.tasks.task import Setup

NUM_SHOWN = 6  # validation videos that loggers show


class Scoring(Protocol):
    """What a validation needs from a task; see ``SupervisedTask``."""

    def truth(self, targets: Tensor) -> Tensor: ...

    def scores(self, views: ViewOutputs) -> Tensor: ...

    def view_loss(self, outputs: Tensor, targets: Tensor) -> Tensor: ...

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, float]: ...

    def tuned(self, scores: Tensor, targets: Tensor) -> dict[str, Any]: ...

    def caption(self, scores: Tensor, target: Tensor, outputs: Sequence[str]) -> str: ...

    def figures(self, scores: Tensor, targets: Tensor, outputs: Sequence[str], title: str) -> dict[str, Any]: ...


class SupervisedValidation:
    """``validate(model, step)`` -> the task's metrics, and "loss". Several processes share the videos, and all get the
    values of all."""

    source = ""

    def __init__(self, task: Scoring, setup: Setup, precision: Precision, log: RunLog) -> None:
        """Raises: ValueError: no video to validate with, or none with a label."""
        self.items, self.outputs = setup.manifest.splits["val"], setup.outputs
        self.task, self.precision, self.log = task, precision, log
        if not self.items:
            has_fraction = "val_fraction" in setup.settings.data.source
            way_out = "Set data.val_fraction above 0" if has_fraction else "Add clips to the split val"
            raise ValueError(f"{setup.manifest.source}: no validation videos. {way_out}.")
        if not len(self.items.label_pairs()[1]):
            raise ValueError(f"{setup.manifest.source}: no validation video has a label, so nothing can be scored.")
        self.metric, self.batch_size = setup.training.trainer.metric, setup.batch_size
        self.scores: Tensor | None = None  # [N, K] in the newest evaluation
        self.to_input = ToModelInput(setup.clip).to(setup.device)
        self.targets = task.truth(split_targets(self.items, setup.target))
        self.manifest = setup.manifest
        self.dataset = EvalClips(self.items, setup.clip, target=setup.target, reading=setup.reading)
        self.loader = eval_batches(
            self.dataset,
            videos_per_batch=self.batch_size,
            num_workers=setup.num_workers,
            pin=setup.device.type == "cuda",
            shared=True,
        )

    def __call__(self, model: nn.Module, step: int) -> dict[str, float]:
        views = self.views(model)
        self.scores = scores = self.task.scores(views)
        loss = float(self.task.view_loss(views.outputs, views.targets))
        return {**self.task.measure(scores, self.targets), "loss": loss}

    def tuned(self) -> dict[str, Any]:
        """What the task chooses by the newest evaluation, for the checkpoint."""
        return {} if self.scores is None else self.task.tuned(self.scores, self.targets)

    def show(self, step: int) -> None:
        """Pictures of the newest evaluation, for loggers: the task's figures, and some of the videos, always the same,
        with what was said of them."""
        if self.scores is None or not self.log.has_loggers:
            return
        figures = self.task.figures(self.scores, self.targets, self.outputs, f"val, step {step}")
        for name, draw in figures.items():
            self.log.figure(step, f"val/{name}", draw)
        shown, video = self.films
        captions = [self.task.caption(self.scores[at], self.targets[at], self.outputs) for at in shown]
        self.log.clips(step, "val/clips", video, captions)

    @cached_property
    def films(self) -> tuple[list[int], Tensor]:
        """Some videos, spread evenly: their numbers, and uint8 [B, T, C, H, W]; black where they cannot be read."""
        count = min(NUM_SHOWN, len(self.items))
        shown = [number * len(self.items) // count for number in range(count)]
        return shown, torch.stack([self.dataset[at][0].video for at in shown])

    def views(self, model: nn.Module) -> ViewOutputs:
        """What the model says of every validation video."""
        return view_outputs(
            model,
            self.loader,
            to_input=self.to_input,
            precision=self.precision,
            num_videos=len(self.items),
            num_views=1,
            max_views=self.batch_size,
            what="validate",
        )
