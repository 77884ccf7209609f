"""The evaluation of a GAN while it trains, with a judge, who then chooses the best checkpoint."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from videoai.gan.sampling import sample
from videoai.inference.judge import Judge, Seen, judge_of
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.reference import at_most, refuse_other_judge, watch_items
from videoai.tasks.gan.measure import look_quickly
from videoai.tasks.gan.quick_cas import QuickCas, new_quick_cas
from videoai.tasks.gan.validation import MadeClips
from videoai.tasks.task import Setup

CLIPS = 32  # generated of each class: agreement of eight classes to two points


@dataclass(frozen=True)
class Judgement:
    """A judge, and what it saw of the real clips."""

    judge: Judge
    train: Seen
    val: Seen
    cas: QuickCas | None

    @property
    def metric(self) -> str:
        """Which of its values chooses the best checkpoint."""
        return "cas" if self.cas else "judged"

    @property
    def name(self) -> str:
        """Who judges, and how: values of another one do not compare."""
        return f"{self.metric} {self.judge.hash} {self.cas.steps if self.cas else 0}"


@dataclass(frozen=True)
class JudgedClips:
    """``evaluate(generator, step)``: what ``MadeClips`` gives, what ``look_quickly`` does, and with ``cas_steps`` the
    ``cas`` of a classifier."""

    made: MadeClips
    real: Judgement

    @property
    def metric(self) -> str:
        """Which of the values chooses the best checkpoint."""
        return self.real.metric

    @property
    def source(self) -> str:
        """Who judges, and how."""
        return self.real.name

    def __call__(self, generator: Any, step: int) -> dict[str, float]:
        judge, train, val, cas = self.real.judge, self.real.train, self.real.val, self.real.cas
        label = torch.arange(len(judge.classes)).repeat_interleave(CLIPS)
        video = sample(generator, label, seed=self.made.seed)
        seen = look_quickly(video, label, judge, train, val)
        if cas:
            seen["cas"] = cas(video, label)
        return self.made(generator, step) | seen


def new_judgement(setup: Setup) -> Judgement | None:
    """None without a judge. Raises: FileNotFoundError, ValueError: no such judge, one of other data, or no val."""
    config, manifest = setup.gan, setup.manifest
    steps, path = config.cas_steps, config.judge
    if path is None:
        if steps:
            raise ValueError(f"cas_steps={steps}: give judge=CLASSIFIER.pt, whose architecture learns the made clips.")
        return None
    state = open_checkpoint(path)
    own = {"classes": setup.outputs, "versions": {"data": manifest.fingerprint()}}
    refuse_other_judge(state, own, path, manifest.source)
    if not manifest.splits["val"]:
        raise ValueError(f"judge={path}: {manifest.source} has no validation clips to compare with.")
    judge = judge_of(from_state(state), f"judge={path}").to(setup.device)
    batch_size, num_workers = config.trainer.batch_size, setup.num_workers
    watch = partial(watch_items, judge, clip=setup.clip, batch_size=batch_size, num_workers=num_workers)
    train, val = (watch(at_most(manifest.splits[split])) for split in ("train", "val"))
    quick = {"steps": steps, "seed": config.seed, "num_workers": setup.num_workers}
    cas = new_quick_cas(state["config"], judge, manifest.splits["val"], setup.clip, **quick) if steps else None
    return Judgement(judge, train, val, cas)
