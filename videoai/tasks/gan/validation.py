"""Validation of a GAN in training: similarity to real clips, sample videos, and failure diagnostics."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from videoai.core import process_group
from videoai.core.log import RunLog
from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.encode import write_clip
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import eval_batches
from videoai.gan.energy_distance import energy_similarity, motion_features, spread
from videoai.gan.gan import Gan
from videoai.gan.sampling import MakesClips, from_pixels, sample

logger = logging.getLogger(__name__)

MAX_CLIPS = 32  # clips of a class that are compared: some 10 s of sampling for 8 classes on one core
SAMPLE_ROWS, SAMPLE_COLUMNS = 8, 6  # classes x clips
FPS = 8.0  # frames a second of the sample video


@dataclass
class GanValidation:
    """``evaluate(generator, step) -> {"likeness", "spread"}``, and with an auxiliary classifier {"named", "score"}:
    means over the classes. Real clips are those of val, or of train where val has fewer than two of a class.

    likeness: 1 = generated clips of a class are distributed as its real ones, 0 = far from it (``energy_distance``).
    spread: the mean distance between generated clips of a class, over that between its real ones.
    named: accuracy of the auxiliary classifier on generated clips; it guides the generator, so this flatters.
    score: named times spread, at most 1: neither alone is enough, as noise is spread and one clip can be named.
    """

    manifest: Manifest
    clip: ClipSpec
    gan: Gan
    log: RunLog
    folder: Path  # where sample videos are written
    seed: int
    num_workers: int

    source = ""

    def __post_init__(self) -> None:
        self.metric = "likeness" if self.gan.auxiliary is None else "score"
        self.classes = self.manifest.classes
        self.split = "val" if fewest(self.manifest, "val") >= 2 else "train"
        real = self._features_of(self.split)
        everything = torch.cat(real)
        self.middle, self.width = everything.mean(0), everything.std(0).clamp_min(1e-6)
        self.real = [self._scaled(features) for features in real]
        self.announce_reference()

    def announce_reference(self) -> None:
        """Log the score of real clips in the place of generated ones, the upper bound."""
        if self.split == "val":
            other = [self._scaled(features) for features in self._features_of("train")]
            reference = float(np.mean([energy_similarity(*pair) for pair in zip(self.real, other, strict=True)]))
            logger.info("likeness of real clips of train to those of val: %.3f, the upper bound to expect", reference)
        else:
            logger.warning(
                "too few validation clips: likeness compares with the training clips instead, so it is too high"
            )

    def __call__(self, generator: Any, step: int) -> dict[str, float]:
        counts = [len(features) for features in self.real]
        labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
        video = sample(generator, labels, seed=self.seed)
        generated = self._scaled(motion_features(video)).split(counts)
        spreads = [spread(one) / max(spread(real), 1e-6) for one, real in zip(generated, self.real, strict=True)]
        self.write_samples(generator, step)
        self.report_events(step, dict(zip(self.classes, spreads, strict=True)))
        similarities = [energy_similarity(real, one) for real, one in zip(self.real, generated, strict=True)]
        measures = {"likeness": float(np.mean(similarities)), "spread": float(np.mean(spreads))}
        return measures | self.named(video, labels, measures["spread"])

    @torch.no_grad()
    def named(self, video: Tensor, labels: Tensor, spread: float) -> dict[str, float]:
        """Accuracy of the auxiliary classifier on these clips, uint8 [N, T, C, H, W]; {} without one."""
        auxiliary = self.gan.auxiliary
        if auxiliary is None:
            return {}
        device = next(auxiliary.parameters()).device
        predicted = [auxiliary(from_pixels(part.to(device))).argmax(1).cpu() for part in video.split(16)]
        right = float((torch.cat(predicted) == labels).double().mean())
        return {"named": right, "score": right * min(1.0, spread)}

    def write_samples(self, generator: MakesClips, step: int) -> None:
        """One row a class, the same noise in every evaluation and in every row."""
        if process_group.rank() > 0:
            return
        rows = min(SAMPLE_ROWS, len(self.classes))
        labels = torch.arange(rows).repeat_interleave(SAMPLE_COLUMNS)
        video = grid(sample(generator, labels, seed=self.seed + 1), rows)
        write_clip(self.folder / f"step_{step:06d}.mp4", video.permute(0, 2, 3, 1).numpy(), FPS)
        self.log.video(step, "made", video, FPS)

    def report_events(self, step: int, spreads: dict[str, float]) -> None:
        """Each event as one line of the console and one of the log."""
        for event in self.gan.monitor.events(spreads):
            logger.warning("step %d: %s", step, event.message)
            self.log.scalars(step, "event", {event.kind: event.value})

    def _features_of(self, split: str) -> list[Tensor]:
        """[K] of float [N of the class, D]; the first MAX_CLIPS readable clips of each class."""
        items = self.manifest.splits[split]
        chosen = np.concatenate([np.flatnonzero(items.label == k)[:MAX_CLIPS] for k in range(len(self.classes))])
        batches = eval_batches(EvalClips(items[chosen], self.clip), videos_per_batch=16, num_workers=self.num_workers)
        parts = []
        for clips in batches:
            readable = torch.tensor([not error for error in clips.error])
            parts.append((motion_features(clips.video)[readable], clips.label[readable]))
        features, labels = (torch.cat(column) for column in zip(*parts, strict=True))
        return [features[labels == k] for k in range(len(self.classes))]

    def _scaled(self, features: Tensor) -> Tensor:
        return (features - self.middle) / self.width


def fewest(manifest: Manifest, split: str) -> int:
    """Clips of the smallest class of a split."""
    return int(manifest.splits[split].count_labels(len(manifest.classes)).min())


def grid(video: Tensor, rows: int) -> Tensor:
    """uint8 [rows * columns, T, C, H, W] -> uint8 [T, C, rows * H, columns * W]."""
    count, t, c, h, w = video.shape
    tiles = video.view(rows, count // rows, t, c, h, w)
    return tiles.permute(2, 3, 0, 4, 1, 5).reshape(t, c, rows * h, count // rows * w)
