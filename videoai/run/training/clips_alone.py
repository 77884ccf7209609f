"""What the clips of a training depend on, without a run: for looking at them, and for measuring how fast they come."""

from dataclasses import replace
from pathlib import Path

import torch

from videoai.core.build import ANYTHING
from videoai.core.device import resolve_device
from videoai.core.types import ClipSpec
from videoai.data.augment.directions import resolve_flip
from videoai.run.manifests import build_manifest
from videoai.run.reading import resolve_reading
from videoai.run.training.choose_model import is_open, with_clip
from videoai.settings.parse import to_dict
from videoai.settings.training import TrainSettings
from videoai.tasks import AUTO, build_task, suiting
from videoai.tasks.task import Setup


def clips_setup(training: TrainSettings, *, num_workers: int = 0) -> Setup:
    """The data are read, and the clip is chosen where it is ``auto``, as ``train`` does both; clips stay on the CPU.

    Raises: ValueError, OSError: as ``train``.
    """
    device = resolve_device(training.device)
    training = build_task("classify" if training.task == AUTO else training.task).prefer(training)
    manifest = build_manifest(training.data, trust=ANYTHING)
    node = suiting(manifest) if training.task == AUTO else training.task
    task = build_task(node)
    manifest = task.arrange(manifest)
    if decided := task.decided(manifest):
        task = build_task(node := {**node, **decided})
    if is_open(training):
        training = with_clip(training, manifest.splits["train"], device)
    training = task.resolve(training)
    data = replace(training.data, flip=resolve_flip(training.data, manifest.all_names))
    clip, outputs = ClipSpec(**to_dict(training.clip)), task.outputs(manifest)
    return Setup(
        settings=replace(training, task=node, data=data),
        manifest=manifest,
        fingerprint=manifest.fingerprint(),
        clip=clip,
        outputs=outputs,
        target=task.target(manifest, outputs, "these clips"),
        reading=resolve_reading(training.loading, manifest.splits["train"], clip, device),
        num_workers=num_workers,
        device=torch.device("cpu"),
        steps_per_epoch=0,
        folder=Path(),
    )
