"""Validation of a GAN with an evaluator, whose metric then chooses the best checkpoint."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from videoai.gan.sampling import sample
from videoai.inference.evaluator import Evaluator, Extracted, evaluator_of
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.reference import at_most, check_evaluator_data, extract_items
from videoai.tasks.gan.measure import measure_in_training
from videoai.tasks.gan.quick_cas import QuickCas, new_quick_cas
from videoai.tasks.gan.validation import GanValidation
from videoai.tasks.task import Setup

CLIPS = 32  # generated of each class: agreement of eight classes to two points


@dataclass(frozen=True)
class RealReference:
    """An evaluator and its features of the real clips."""

    evaluator: Evaluator
    train: Extracted
    val: Extracted
    cas: QuickCas | None

    @property
    def metric(self) -> str:
        """The metric that chooses the best checkpoint."""
        return "cas" if self.cas else "judged"

    @property
    def name(self) -> str:
        """Metric, evaluator and steps; values of another source cannot be compared."""
        return f"{self.metric} {self.evaluator.hash} {self.cas.steps if self.cas else 0}"


@dataclass(frozen=True)
class EvaluatorGanValidation:
    """``evaluate(generator, step)``: the values of ``GanValidation`` and of ``measure_in_training``, and with
    ``cas_steps`` the ``cas`` of a classifier."""

    made: GanValidation
    real: RealReference

    @property
    def metric(self) -> str:
        """The metric that chooses the best checkpoint."""
        return self.real.metric

    @property
    def source(self) -> str:
        """The source of the metric: metric, evaluator and steps."""
        return self.real.name

    def __call__(self, generator: Any, step: int) -> dict[str, float]:
        evaluator, train, val, cas = self.real.evaluator, self.real.train, self.real.val, self.real.cas
        label = torch.arange(len(evaluator.classes)).repeat_interleave(CLIPS)
        video = sample(generator, label, seed=self.made.seed)
        values = measure_in_training(video, label, evaluator, train, val)
        if cas:
            values["cas"] = cas(video, label)
        return self.made(generator, step) | values


def new_real_reference(setup: Setup) -> RealReference | None:
    """None without an evaluator. Raises: FileNotFoundError, ValueError: no such file, other data, or no val split."""
    config, manifest = setup.gan, setup.manifest
    steps, path = config.cas_steps, config.judge
    if path is None:
        if steps:
            raise ValueError(
                f"cas_steps={steps}: give judge=CLASSIFIER.pt, whose architecture is trained on the generated clips."
            )
        return None
    state = open_checkpoint(path)
    own = {"classes": setup.outputs, "versions": {"data": manifest.fingerprint()}}
    check_evaluator_data(state, own, path, manifest.source)
    if not manifest.splits["val"]:
        raise ValueError(f"judge={path}: {manifest.source} has no validation clips to compare with.")
    evaluator = evaluator_of(from_state(state), f"judge={path}").to(setup.device)
    batch_size, num_workers = config.trainer.batch_size, setup.num_workers
    extract = partial(extract_items, evaluator, clip=setup.clip, batch_size=batch_size, num_workers=num_workers)
    train, val = (extract(at_most(manifest.splits[split])) for split in ("train", "val"))
    quick = {"steps": steps, "seed": config.seed, "num_workers": setup.num_workers}
    cas = new_quick_cas(state["config"], evaluator, manifest.splits["val"], setup.clip, **quick) if steps else None
    return RealReference(evaluator, train, val, cas)
