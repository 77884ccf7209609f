"""``study gan_augment``: classifiers of few clips, with and without clips of a GAN trained on the same ones."""

import csv
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.generated.dataset import MANIFEST
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.engine.interrupt import Interrupt
from videoai.report.study import write_study
from videoai.run.gan.classifiers import score, train_on, write_table
from videoai.run.gan.generate import REJECTED, generate
from videoai.run.manifests import build_manifest
from videoai.run.outside_clips import check_outside_clips
from videoai.run.study.protocol import Cell, Refused, all_cells, choose_shots, measure_all
from videoai.run.train import train
from videoai.run.training.folder import RunFolder
from videoai.settings.gan import GenerateSettings, TrainGanSettings
from videoai.settings.parse import flatten, resume_keys, to_dict
from videoai.settings.study import GanStudySettings
from videoai.settings.trainer import TrainerSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.gan.task import PIXELS

logger = logging.getLogger(__name__)
BASES = ("real", "standard", "diff_augment")
ADDED = ("x2", "oversampling", "gaussian", "gan", "gan_gated")
SETTINGS = ("rare", "steps", "gan_steps", "per_class", "min_confidence", "min_recall")  # that change a row
SHARED = ("per_class", "min_confidence", "min_recall", "batch_size", "num_workers", "device", "trust")  # for generate
EVALUATIONS = 4  # on val, in each training


def study_gan(
    settings: GanStudySettings, gan: TrainGanSettings, classifiers: Mapping[str, TrainSettings]
) -> dict[str, Any]:
    """Measure every cell that ``run_dir`` does not hold yet.

    classifiers: settings for each arm and each base. Their data are the same, also the GAN's.

    Returns: the content of results.json, ``rows`` and ``folder``. Raises: OSError, ValueError: naming what is wrong.
    """
    _check_gan_steps(settings, gan)
    check_outside_clips(classifiers[BASES[0]].data, settings.run_dir)
    manifest = build_manifest(classifiers[BASES[0]].data, trust=settings.trust)
    _check_data(manifest, settings)
    folder = RunFolder(Path(settings.run_dir).absolute())
    clip = ClipSpec(**{**to_dict(gan.clip), **PIXELS})
    task = FewClips(manifest, clip, settings, gan, classifiers, folder.path)
    facts = {
        "study": "gan_augment",
        "data": manifest.fingerprint(),
        **{key: getattr(settings, key) for key in SETTINGS},
        **{f"{base}: {key}": value for base in BASES for key, value in settings_that_matter(classifiers[base]).items()},
        **{f"gan: {key}": value for key, value in settings_that_matter(gan).items()},
    }
    with folder.locked():
        cells = all_cells(settings.shots, settings.seeds, settings.arms)
        rows = measure_all(cells, task.measure, folder.path, facts)
        share = "" if settings.rare == 1 else f"{settings.rare:.0%} of them rare, "
        title = f"{len(manifest.classes)} classes, {share}{settings.seeds} seeds"
        results = write_study(folder.path, rows, settings.baseline, facts, settings.interval, title)
    return results | {"rows": rows, "folder": str(folder.path)}


@dataclass(frozen=True)
class FewClips:
    """``measure`` is one cell; what cells share, the GAN and its banks, is made once and kept in the folder."""

    manifest: Manifest
    clip: ClipSpec  # clip of the generator and of all measurements here
    settings: GanStudySettings
    gan: TrainGanSettings
    classifiers: Mapping[str, TrainSettings]
    folder: Path
    interrupt: Interrupt = field(default_factory=Interrupt)  # one for all trainings: a signal ends the study

    def measure(self, cell: Cell) -> dict[str, Any]:
        """``accuracy``, the mean over classes on test, of one classifier; also ``per_class`` and ``clips``.

        Raises: Refused: the arm is none for such clips, or no generated clip passed the sample filter.
        """
        started = time.perf_counter()
        with quiet():
            path = self.classifier(cell)
            result = score(path, "test", len(self.clips(cell)), self.settings)
        seconds = round(time.perf_counter() - started, 1)  # with what this cell was the first to need
        return {
            "accuracy": result.accuracy,
            "per_class": result.per_class,
            "clips": result.num_train,
            "seconds": seconds,
        }

    def classifier(self, cell: Cell) -> str:
        """The checkpoint of an arm's classifier."""
        added = cell.arm.partition("+")[2]
        training = replace(self.classifiers[cell.arm], seed=cell.seed, trainer=self._trainer(cell.arm))
        if added == "oversampling" and self.settings.rare == 1:
            raise Refused("all classes have equally many clips (rare=1.0), so oversampling changes nothing")
        if added == "gaussian":
            training = replace(training, weights=self.classifier(cell._replace(arm=cell.arm.partition("+")[0])))
        if added.startswith("gan"):
            classes = training.synthetic.classes if self.settings.rare == 1 else "rare"
            source = str(self.bank(cell, is_filtered=added == "gan_gated"))
            training = replace(training, synthetic=replace(training.synthetic, source=source, classes=classes))
        return train_on(
            self._home(cell) / cell.arm, self.clips(cell), self.manifest, training, self.clip, self.interrupt
        )

    def clips(self, cell: Cell) -> Items:
        """The real clips of a cell. Raises: Refused: a class has fewer than twice as many."""
        items, num_classes = self.manifest.splits["train"], len(self.manifest.classes)
        shots = cell.shots * (2 if cell.arm.endswith("+x2") else 1)
        fewest = min(items.count_labels(num_classes))
        if fewest < shots:
            raise Refused(f"+x2 needs {shots} clips of each class, but one class has {fewest} training clips")
        order = torch.randperm(num_classes, generator=generator_for(cell.seed, "rare"))
        rare = set(order[: max(1, round(self.settings.rare * num_classes))].tolist())
        wanted = [shots if label in rare else len(items) for label in range(num_classes)]
        return items[choose_shots(torch.from_numpy(items.label), wanted, cell.seed).sort().values.numpy()]

    def bank(self, cell: Cell, *, is_filtered: bool) -> Path:
        """A folder of generated clips that all arms of a cell's clips share."""
        home = self._home(cell)
        bank = home / ("bank_gated" if is_filtered else "bank")
        if not (bank / MANIFEST).exists():
            evaluator = self.classifier(cell._replace(arm=evaluator_arm(self.settings.rare))) if is_filtered else None
            shared = {key: getattr(self.settings, key) for key in SHARED}
            paths = {"checkpoint": self.generator(cell), "output": str(bank), "judge": evaluator}
            generate(GenerateSettings(**paths, **shared, seed=cell.seed))
        counts = self.clips(cell).count_labels(len(self.manifest.classes))
        wanted = {name for name, count in zip(self.manifest.classes, counts, strict=True) if count == counts.min()}
        with open(bank / MANIFEST, newline="") as table:
            if wanted.isdisjoint(row["label"] for row in csv.DictReader(table)):
                which = "" if self.settings.rare == 1 else " of a rare class"
                where = f"{bank.parent.name}/{bank.name}/{REJECTED}"
                raise Refused(f"no generated clip{which} passed the sample filter; {where} lists the reasons")
        return bank

    def generator(self, cell: Cell) -> str:
        """The checkpoint of a GAN of the cell's clips."""
        data = write_table(self._home(cell) / "gan.csv", self.clips(cell), self.manifest, self.gan.data)
        steps = self.settings.gan_steps
        trainer = replace(self.gan.trainer, max_steps=steps, eval_every=max(1, steps // EVALUATIONS))
        run_dir = str(self._home(cell) / "gan")
        training = replace(self.gan, data=data, trainer=trainer, seed=cell.seed, run_dir=run_dir)
        done = train(training, interrupt=self.interrupt)
        self.interrupt.stop_after(done.run_dir)
        return done.checkpoint

    def _trainer(self, arm: str) -> TrainerSettings:
        steps, trainer = self.settings.steps, self.classifiers[arm].trainer
        return replace(trainer, max_epochs=None, max_steps=steps, eval_every=max(1, steps // EVALUATIONS))

    def _home(self, cell: Cell) -> Path:
        return self.folder / f"shots_{cell.shots}" / f"seed_{cell.seed}"


@contextmanager
def quiet() -> Iterator[None]:
    """Log only warnings: a study trains hundreds of networks."""
    parent = logging.getLogger("videoai")
    level = parent.level
    parent.setLevel(logging.WARNING)
    try:
        yield
    finally:
        parent.setLevel(level)


def evaluator_arm(rare: float) -> str:
    """The classifier that the sample filter uses. One trained on few clips of some classes mistakes these for the
    others, and would reject all of their generated clips."""
    return "standard" if rare == 1 else "standard+oversampling"


def split_arm(arm: str) -> tuple[str, str]:
    """``real+gan`` -> base and what is added; that is "" for a base alone. Raises: ValueError: no such arm."""
    base, plus, added = arm.partition("+")
    if base not in BASES or (plus and added not in ADDED):
        raise ValueError(
            f"arms: no such arm as {arm}. Choose from {', '.join(BASES)}, alone or with one of "
            f"{', '.join(f'+{name}' for name in ADDED)}, such as real+gan."
        )
    return base, added


def settings_that_matter(training: TrainSettings | TrainGanSettings) -> dict[str, Any]:
    """Settings of a training that change what comes out, but for those that the study itself sets."""
    data = replace(training.data, source={})  # which videos: the fingerprint
    whole = to_dict(replace(training, data=data))
    free = resume_keys(type(training), whole) | {"seed"}
    return {key: value for key, value in flatten(whole).items() if key not in free}


def _check_gan_steps(settings: GanStudySettings, gan: TrainGanSettings) -> None:
    """Raises: ValueError: the GAN's training would end before the class fades in."""
    fading = gan.gan.conditioning_steps
    if fading and settings.gan_steps <= fading[1]:
        raise ValueError(
            f"gan_steps={settings.gan_steps}: the class fades in until step {fading[1]}, so generated clips would "
            "not show their class. Give more gan_steps, or earlier gan.conditioning_steps=[from,to]."
        )


def _check_data(manifest: Manifest, settings: GanStudySettings) -> None:
    """Raises: ValueError: several labels, a split that is missing, too few clips of a class."""
    manifest.check_single_label("the study needs one label each")
    manifest.check_learnable()
    if empty := [split for split in ("val", "test") if not manifest.splits[split]]:
        raise ValueError(f"{manifest.source}: no {empty[0]} videos; classifiers are chosen on val and scored on test.")
    counts = manifest.splits["train"].count_labels(len(manifest.classes)).tolist()
    fewest, name = min(zip(counts, manifest.classes, strict=True))
    if fewest < max(settings.shots):
        raise ValueError(f"shots={max(settings.shots)}: class '{name}' has {fewest} training videos. Use fewer shots.")
