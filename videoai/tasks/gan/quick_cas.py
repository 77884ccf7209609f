"""CAS while a GAN trains (arXiv:1905.10887): accuracy on real clips of a classifier trained on generated clips alone.

The short form, without files: a classifier with the evaluator's architecture trains on some generated clips for some
hundred steps and is scored on real clips of val. It ranks the checkpoints of one run; the number to report is that of
gan evaluate. Clips are cropped and shifted as the evaluator's were, never mirrored: without that a classifier overfits
these clips, and two generators of CAS 48 % and 67 % came out at 23 % and 24 %, with it at 38 % and 58 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Clips, ClipSpec
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import EvalClips
from videoai.data.lists.items import Items
from videoai.data.loader import eval_batches
from videoai.engine.optim import build_optimizer
from videoai.engine.schedule import build_schedule
from videoai.inference.evaluator import Evaluator, resample_clip
from videoai.inference.load import build_model
from videoai.inference.reference import at_most

MOST_REAL = 512  # clips of val that are held in memory: 0.4 GB at 16 x 128 px
BATCH_SIZE = 16
GEOMETRY = ("scale", "ratio", "shift")  # settings of augment


@dataclass(frozen=True)
class QuickCas:
    """``quick_cas(video, label)``: accuracy on val, 0 .. 1, the same for the same clips."""

    settings: Mapping[str, Any]  # settings of the classifier's training: model, finetune, optim, schedule
    evaluator: Evaluator
    transform: TrainTransform
    video: Tensor  # uint8 [N, T, C, H, W], real
    label: Tensor  # int64 [N]
    steps: int
    seed: int

    def __call__(self, video: Tensor, label: Tensor) -> float:
        """video: uint8 [M, T, C, H, W], made; label: int64 [M]."""
        with torch.random.fork_rng(), torch.enable_grad():  # the GAN's own draws go on as if nothing had happened
            torch.manual_seed(seed_for(self.seed, "quick cas"))
            classifier = self._trained(resample_clip(video, self.evaluator.clip), label)
        classifier.eval()
        with torch.no_grad():
            predicted = [classifier(self._input(part)).argmax(1).cpu() for part in self.video.split(BATCH_SIZE)]
        return float((torch.cat(predicted) == self.label).double().mean())

    def _trained(self, video: Tensor, label: Tensor) -> nn.Module:
        node, head = dict(self.settings["model"]), self.settings["finetune"]["head"]
        classifier = build_model(node, num_classes=len(self.evaluator.classes), head=head)
        classifier.to(self.evaluator.to_input.mean.device).train()
        optimizer = build_optimizer(self.settings["optim"], classifier)
        schedule = build_schedule(self.settings["schedule"], self.steps)
        rates = [group["lr"] for group in optimizer.param_groups]
        for step in range(self.steps):
            rows = torch.randint(len(label), (BATCH_SIZE,), generator=generator_for(self.seed, "quick cas", step))
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * schedule(step)
            clips = torch.stack([self._moved(video[row], step * BATCH_SIZE + n) for n, row in enumerate(rows.tolist())])
            logits = classifier(self._input(clips))
            optimizer.zero_grad()
            F.cross_entropy(logits, label[rows].to(logits.device)).backward()
            optimizer.step()
        return classifier

    def _moved(self, video: Tensor, number: int) -> Tensor:
        return self.transform(video, generator_for(self.seed, "quick cas", "transform", number)).video

    def _input(self, video: Tensor) -> Tensor:
        return self.evaluator.to_input.normalized(video)


def new_quick_cas(
    settings: Mapping[str, Any],
    evaluator: Evaluator,
    val: Items,
    clip: ClipSpec,
    *,
    steps: int,
    seed: int,
    num_workers: int,
) -> QuickCas:
    """``settings``: the classifier's training; ``clip``: the generator's clip. Raises: ValueError: no clip of val is
    readable."""
    batches = eval_batches(EvalClips(at_most(val, MOST_REAL), clip), videos_per_batch=16, num_workers=num_workers)
    parts = [(clips.video[rows], clips.label[rows]) for clips in batches if (rows := _readable(clips)).any()]
    if not parts:
        raise ValueError("none of the validation clips could be read.")
    video, label = (torch.cat(column) for column in zip(*parts, strict=True))
    augment = {key: settings["augment"][key] for key in GEOMETRY}
    transform = TrainTransform(size=evaluator.clip.size, flip=0.0, **augment)
    return QuickCas(settings, evaluator, transform, resample_clip(video, evaluator.clip), label, steps, seed)


def _readable(clips: Clips) -> Tensor:
    return torch.tensor([not error for error in clips.error])
