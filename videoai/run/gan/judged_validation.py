"""The evaluation of a GAN while it trains, with a judge, who then chooses the best checkpoint."""

from dataclasses import dataclass
from typing import Any

import torch

from videoai.core.types import ClipSpec
from videoai.data.lists.manifest import Manifest
from videoai.gan.sampling import sample
from videoai.inference.judge import Judge, Seen, judge_of
from videoai.inference.load import from_state, open_checkpoint
from videoai.run.gan.measure import look_quickly
from videoai.run.gan.quick_cas import QuickCas, new_quick_cas
from videoai.run.gan.reference import at_most, refuse_other_judge, watch_items
from videoai.run.gan.validation import MadeClips

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

    def __call__(self, generator: Any, step: int) -> dict[str, float]:
        judge, train, val, cas = self.real.judge, self.real.train, self.real.val, self.real.cas
        label = torch.arange(len(judge.classes)).repeat_interleave(CLIPS)
        video = sample(generator, label, seed=self.made.seed)
        seen = look_quickly(video, label, judge, train, val)
        if cas:
            seen["cas"] = cas(video, label)
        return self.made(generator, step) | seen


def new_judgement(
    config: dict[str, Any], manifest: Manifest, clip: ClipSpec, num_workers: int, device: torch.device
) -> Judgement | None:
    """None without a judge. Raises: FileNotFoundError, ValueError: no such judge, one of other data, or no val."""
    steps = config["cas_steps"]
    if config["judge"] is None:
        if steps:
            raise ValueError(f"cas_steps={steps}: give judge=CLASSIFIER.pt, whose architecture learns the made clips.")
        return None
    state = open_checkpoint(config["judge"])
    own = {"classes": manifest.classes, "versions": {"data": manifest.fingerprint()}}
    refuse_other_judge(state, own, config["judge"], manifest.source)
    if not manifest.splits["val"]:
        raise ValueError(f"judge={config['judge']}: {manifest.source} has no validation clips to compare with.")
    judge = judge_of(from_state(state), f"judge={config['judge']}").to(device)
    settings = {"num_workers": num_workers, "device": device.type, "batch_size": config["trainer"]["batch_size"]}
    train, val = (watch_items(judge, at_most(manifest.splits[split]), clip, settings) for split in ("train", "val"))
    quick = {"steps": steps, "seed": config["seed"], "num_workers": num_workers}
    cas = new_quick_cas(state["config"], judge, manifest.splits["val"], clip, **quick) if steps else None
    return Judgement(judge, train, val, cas)
