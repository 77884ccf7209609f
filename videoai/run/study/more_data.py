"""``study more_data``: accuracy over growing parts of the training split, and what more clips would give."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from videoai.core.files import write_together
from videoai.core.messages import pluralize
from videoai.core.seeding import generator_for
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.splits import group_numbers, unit_of
from videoai.report.more_data import FEWEST, FEWEST_SIZES, Gain, as_json, curve_figure, gain, verdict
from videoai.report.run_pictures import png
from videoai.run.manifests import build_manifest
from videoai.run.outside_clips import check_outside_clips
from videoai.run.study.gan_augment import settings_that_matter
from videoai.run.study.held_out import Classifier, classifier_of
from videoai.run.study.protocol import Cell, Row, measure_all
from videoai.run.training.folder import RunFolder
from videoai.settings.study import MoreDataSettings
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)
ARM = "part"
FEWEST_SEEDS = 2  # those that are measured whatever ``minutes`` says


def study_more_data(settings: MoreDataSettings, training: TrainSettings) -> dict[str, Any]:
    """Measure every cell that ``run_dir`` does not hold yet.

    Returns: the content of results.json, ``rows``, ``all_gains`` and ``folder``. Raises: OSError, ValueError: naming
    what is wrong.
    """
    check_outside_clips(training.data, settings.run_dir)
    manifest = build_manifest(training.data, trust=settings.trust)
    _check_data(manifest)
    folder = RunFolder(Path(settings.run_dir).absolute())
    items = Items.join([manifest.splits[split] for split in ("train", "val")])
    study = Growing(manifest, settings, classifier_of(settings, training, manifest, items), folder.path)
    facts = {"study": "more_data", "data": manifest.fingerprint(), "checkpoint": settings.checkpoint}
    if not settings.checkpoint:
        facts |= settings_that_matter(training) | {"steps": settings.steps}
    elif training.loading.frame_fps:
        facts |= {"loading.frame_fps": training.loading.frame_fps}
    with folder.locked():
        rows = study.rows(facts)
        gains = study.gains(rows)
        results = {"facts": facts, "gains": as_json(gains), "verdict": verdict(gains[0], gains[1:])}
        sizes = sorted({row["shots"] for row in rows})
        title = f"{len(rows) // len(sizes)} seeds, {len(manifest.splits['val'])} validation clips"
        groups = group_numbers(manifest.splits["val"])
        picture = png(curve_figure(sizes, study.right(rows), groups, gains[0].more, title))
        text = json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_together({folder.path / "results.json": text.encode(), folder.path / "curve.png": picture})
    return results | {"rows": rows, "all_gains": gains, "folder": str(folder.path)}


@dataclass(frozen=True)
class Growing:
    """``measure`` is one cell: a part of the training clips of a seed, ``cell.shots`` of them."""

    manifest: Manifest
    settings: MoreDataSettings
    classifier: Classifier
    folder: Path

    def __post_init__(self) -> None:
        """Raises: ValueError: parts of one size."""
        sizes, whole = [cell.shots for cell in self.cells(0)], len(self.manifest.splits["train"])
        if len(set(sizes)) < len(sizes):
            raise ValueError(
                f"parts={list(self.settings.parts)}: of {pluralize(whole, 'training clip')} these are "
                f"{', '.join(map(str, sizes))}, each class with one clip at least. The study needs parts of different "
                f"sizes, {FEWEST_SIZES} or more. Give parts that are further apart, or add clips."
            )

    def rows(self, facts: dict[str, Any]) -> list[Row]:
        """Seed by seed, as long as ``minutes`` allows."""
        cells = [self.cells(seed) for seed in range(self.settings.seeds)]
        steps = "linear heads" if self.settings.checkpoint else f"{pluralize(self.settings.steps, 'step')} each"
        number = sum(map(len, cells))
        logger.info("%d classifiers, %s: %d seeds of %d parts", number, steps, len(cells), len(cells[0]))
        rows, started = [], time.perf_counter()
        for chunk in (cells[0][:1], cells[0][1:], *cells[1:]):
            seconds = sum(row["seconds"] for row in rows) / max(1, len(rows))  # mean time of a classifier
            if len(rows) == 1:
                logger.info("the first took %.0f s: all take about %.1f minutes", seconds, seconds * number / 60)
            end, limit = time.perf_counter() - started + seconds * len(chunk), self.settings.minutes
            if limit and chunk[0].seed >= FEWEST_SEEDS and end > 60 * limit:
                logger.warning("minutes=%g are over: %d of %d seeds were measured", limit, chunk[0].seed, len(cells))
                break
            rows += measure_all(chunk, self.measure, self.folder, facts, unit="clips")
        return rows

    @property
    def shares(self) -> list[float]:
        """The parts in ascending order."""
        return sorted(set(self.settings.parts))

    def cells(self, seed: int) -> list[Cell]:
        """The parts of a seed, the smallest first, by the number of their clips."""
        return [Cell(len(part_of(self.manifest, share, 0)), seed, ARM) for share in self.shares]

    def measure(self, cell: Cell) -> dict[str, Any]:
        """``accuracy`` on val, and ``right``: a digit for each clip of val in its order."""
        started = time.perf_counter()
        share = next(one for one in self.settings.parts if len(part_of(self.manifest, one, 0)) == cell.shots)
        val = self.manifest.splits["val"]
        home = self.folder / f"seed_{cell.seed}" / f"part_{cell.shots}"
        answers = self.classifier(part_of(self.manifest, share, cell.seed), val, cell.seed, home)
        right = np.where(np.isnan(answers).any(1), False, np.nan_to_num(answers).argmax(1) == val.label)
        digits = "".join("01"[int(one)] for one in right)
        return {"accuracy": float(right.mean()), "right": digits, "seconds": round(time.perf_counter() - started, 1)}

    def right(self, rows: Sequence[Row]) -> ndarray:
        """float [seeds, sizes, M]."""
        sizes = sorted({row["shots"] for row in rows})
        flat = {(row["seed"], row["shots"]): [float(digit) for digit in row["right"]] for row in rows}
        return np.array([[flat[seed, size] for size in sizes] for seed in sorted({row["seed"] for row in rows})])

    def gains(self, rows: Sequence[Row]) -> list[Gain]:
        """The gain of all clips, then of each class that val shows often enough; a class grows as the others do."""
        train, val, right = self.manifest.splits["train"], self.manifest.splits["val"], self.right(rows)
        groups, sizes, shares = group_numbers(val), [cell.shots for cell in self.cells(0)], self.shares
        more = self.settings.more or max(1, len(train) // 2)
        found = [gain("all", sizes, right, groups, more)]
        counts = train.count_labels(len(self.manifest.classes)).tolist()
        for label, name in enumerate(self.manifest.classes):
            of_class = np.flatnonzero(val.label == label)
            of_class = of_class if len(of_class) >= FEWEST else of_class[:0]
            own = [clips_of(counts[label], share) for share in shares]
            extra = max(1, round(more * counts[label] / len(train))) if self.settings.more is None else more
            found.append(gain(name, own, right[:, :, of_class], groups[of_class], extra))
        return found


def part_of(manifest: Manifest, share: float, seed: int) -> Items:
    """About ``share`` of the training clips: the same share of each class's groups, at least one, in an order that the
    seed draws, so that a smaller part lies within a larger one. Of one seed as many clips as of another: the last
    group is cut."""
    items = manifest.splits["train"]
    groups, num_classes = group_numbers(items), len(manifest.classes)
    names = np.unique(groups)
    drawn = torch.randperm(len(names), generator=generator_for(seed, "parts")).numpy()
    order = np.argsort(drawn[np.searchsorted(names, groups)], kind="stable")
    kept = []
    for label in range(num_classes):
        of_class = order[items.label[order] == label]
        kept.append(of_class[: clips_of(len(of_class), share)])
    return items[np.sort(np.concatenate(kept))]


def clips_of(count: int, share: float) -> int:
    """Clips of a class in a part, one at least."""
    return max(1, round(share * count))


def _check_data(manifest: Manifest) -> None:
    """Raises: ValueError: several labels, or no validation clips."""
    manifest.check_single_label("the study needs one label each")
    manifest.check_learnable()
    if not len(manifest.splits["val"]):
        raise ValueError(f"{manifest.source}: no val videos, which the study scores. Set data.val_fraction above 0.")
    logger.info("val has %d clips, by %s", len(manifest.splits["val"]), unit_of(manifest.splits["val"]))
