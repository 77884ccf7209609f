"""``study split_leak``: what a random split adds to the score of clips that come in groups."""

import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videoai.core.files import write_atomic
from videoai.core.messages import same_command
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.splits import split_groups
from videoai.engine.interrupt import Interrupt
from videoai.report.study import Difference, differences
from videoai.run.gan.classifiers import score, write_table
from videoai.run.manifests import build_manifest, keep_together
from videoai.run.outside_clips import check_outside_clips
from videoai.run.study.gan_augment import quiet, settings_that_matter
from videoai.run.study.protocol import Cell, all_cells, choose_shots, measure_all
from videoai.run.train import train
from videoai.run.training.folder import RunFolder
from videoai.settings.study import SplitLeakSettings
from videoai.settings.training import TrainSettings

GROUPED, RANDOM = "by group", "by clip"
VAL = 0.1  # share of the other clips that training looks at and nothing is chosen by


def study_split_leak(settings: SplitLeakSettings, training: TrainSettings) -> dict[str, Any]:
    """Measure every cell that ``run_dir`` does not hold yet.

    Returns: the content of results.json, ``rows`` and ``folder``. Raises: OSError, ValueError: naming what is wrong.
    """
    check_outside_clips(training.data, settings.run_dir)
    manifest = build_manifest(training.data, trust=settings.trust)
    _check_data(manifest)
    folder = RunFolder(Path(settings.run_dir).absolute())
    task = Leak(manifest, settings, training, folder.path)
    facts = {
        "study": "split_leak",
        "data": manifest.fingerprint(),
        "steps": settings.steps,
        "test_fraction": settings.test_fraction,
        **settings_that_matter(training),
    }
    with folder.locked():
        clips = len(task.items) // len(manifest.classes)
        rows = measure_all(all_cells([clips], settings.seeds, (GROUPED, RANDOM)), task.measure, folder.path, facts)
        (gap,) = differences(rows, GROUPED, settings.interval)
        results = {"facts": facts, "rows": rows, "gap": gap._asdict(), "verdict": verdict(rows, gap)}
        write_atomic(folder.path / "results.json", json.dumps(results, indent=2, ensure_ascii=False).encode())
    return results | {"folder": str(folder.path)}


def verdict(rows: list[dict[str, Any]], gap: Difference) -> str:
    """One sentence."""
    mean = {arm: np.mean([100 * row["accuracy"] for row in rows if row["arm"] == arm]) for arm in (GROUPED, RANDOM)}
    there = f"{gap.mean:+.1f} points (95 % {gap.low:+.1f} .. {gap.high:+.1f}, {gap.num_seeds} seeds)"
    sure = "a random split flatters this set" if gap.sign > 0 else "no gap that shows over these seeds"
    return f"Split by clip {mean[RANDOM]:.1f} %, by group {mean[GROUPED]:.1f} %: {there}; {sure}."


@dataclass(frozen=True)
class Leak:
    """``measure`` is one cell."""

    manifest: Manifest
    settings: SplitLeakSettings
    training: TrainSettings
    folder: Path
    interrupt: Interrupt = field(default_factory=Interrupt)  # one for all trainings: a signal ends the study

    @property
    def items(self) -> Items:
        """All clips, whatever their split was."""
        return Items.join([items for items in self.manifest.splits.values() if items])

    def measure(self, cell: Cell) -> dict[str, Any]:
        """``accuracy``, the mean over classes on test, of one classifier; also ``clips``, ``test_clips``."""
        started = time.perf_counter()
        splits = self.splits(cell)
        home = self.folder / f"seed_{cell.seed}" / cell.arm.replace(" ", "_")
        manifest = replace(self.manifest, splits={split: splits[split] for split in ("val", "test")})
        data = write_table(home.with_suffix(".csv"), splits["train"], manifest, self.training.data)
        steps = self.settings.steps
        trainer = replace(self.training.trainer, max_epochs=None, max_steps=steps, eval_every=steps)
        own = replace(self.training, data=data, trainer=trainer, seed=cell.seed, run_dir=str(home))
        with quiet():
            done = train(own, interrupt=self.interrupt)
            self.interrupt.stop_after(done.run_dir)
            # The last: a best one would be chosen on few clips, in the one arm on some that training has nearly seen.
            accuracy = score(str(home / "checkpoints" / "last.pt"), "test", 0, self.settings).accuracy
        counts = {"clips": len(splits["train"]), "test_clips": len(splits["test"])}
        return {"accuracy": accuracy, **counts, "seconds": round(time.perf_counter() - started, 1)}

    def splits(self, cell: Cell) -> dict[str, Items]:
        """The splits of a cell; train has as many clips of each class in both arms of a seed."""
        test = self.settings.test_fraction
        share = {"train": (1 - VAL) * (1 - test), "val": VAL * (1 - test), "test": test}
        items = self.items
        alone = replace(items, group=np.full_like(items.group, -1))
        both = {arm: split_groups(of, share, cell.seed) for arm, of in ((GROUPED, items), (RANDOM, alone))}
        num_classes = len(self.manifest.classes)
        wanted = np.min([splits["train"].count_labels(num_classes) for splits in both.values()], axis=0).tolist()
        chosen = both[cell.arm]
        labels = torch.from_numpy(chosen["train"].label)
        return chosen | {"train": chosen["train"][choose_shots(labels, wanted, cell.seed).sort().values.numpy()]}


def _check_data(manifest: Manifest) -> None:
    """Raises: ValueError: several labels, or no groups."""
    manifest.check_single_label("the study needs one label each")
    manifest.check_learnable()
    if any((items.group >= 0).any() for items in manifest.splits.values()):
        return
    more = [f"{key}={value}" for key, value in keep_together(manifest).items()]
    how = "Say which belong together: data.split_by=COLUMN, or data.split_by=folder or source of data=folder"
    if more:
        how = f"They seem to be there: {same_command(*more) or more[0]}"
    raise ValueError(f"{manifest.source}: its clips have no groups, so no split can keep these together. {how}")
