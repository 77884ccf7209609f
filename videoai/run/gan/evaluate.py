"""``gan evaluate``: do generated clips show what they should, do they differ as real ones do, do they teach?"""

import json
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from videoai.core import checkpoint
from videoai.core.checkpoint import weights_hash
from videoai.core.device import take_device
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import resolve_workers
from videoai.engine.interrupt import Interrupt
from videoai.inference.evaluator import Evaluator, evaluator_of, load_encoder
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.load_generator import LoadedGenerator, load_generator
from videoai.inference.reference import check_evaluator_data
from videoai.report.gan import write_gan_evaluation
from videoai.run.checkpoint_data import DataChange, DataChoice, choose_data
from videoai.run.gan.classifiers import Arm, as_many_real, score, train_on
from videoai.run.gan.generate import keep_facts, write_clips
from videoai.run.gan.reference import real_data
from videoai.run.scored_split import choose_split
from videoai.run.training.folder import default_run_dir, make_writable
from videoai.settings.data import DataSettings
from videoai.settings.gan import EvaluateGanSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.gan.measure import extract_all, measure

logger = logging.getLogger(__name__)
EVALUATIONS = 5  # for a classifier that is trained here, unless trainer.eval_every says otherwise


def evaluate_gan(
    settings: EvaluateGanSettings,
    classifier: Callable[[DataSettings], TrainSettings],
    change: DataChange = DataChange(),  # noqa: B008 (frozen)
) -> dict[str, Any]:
    """Measure a generator. ``classifier``: data -> the settings of the classifiers that are trained here. ``change``:
    where the real clips lie, if not where the checkpoint says.

    Returns: the content of results.json, and ``folder``.
    Raises: OSError, ValueError: naming what is wrong.
    """
    device = take_device(settings.device)
    generator = load_generator(settings.checkpoint, trust=settings.trust).to(device)
    state = checkpoint.load(settings.checkpoint)
    choice, clip = choose_data(change, state, settings.checkpoint), ClipSpec(**state["clip"])
    manifest = real_data(choice, state, settings.checkpoint)
    split, held_out = choose_split(manifest, settings.split)
    home = Path(os.path.abspath(settings.run_dir or default_run_dir(settings.checkpoint) / "evaluation"))
    generator_hash = weights_hash(generator)
    folder = home if settings.run_dir else home / generator_hash[:8]  # a run that goes on has another generator
    make_writable(folder)
    training = ClassifierTraining(
        manifest, _training_settings(classifier(choice.data), settings, choice), clip, Interrupt()
    )
    evaluator = find_evaluator(settings, state, home, training).to(device)
    encoder = load_encoder(settings.encoder).to(device) if settings.encoder else evaluator
    earlier = _earlier(settings.against, encoder)
    items = write_generated_clips(settings, state, generator, folder / "bank")
    num_workers = resolve_workers(settings.num_workers, device.type)
    loading = {"batch_size": settings.batch_size, "num_workers": num_workers}
    encoded = extract_all(encoder, manifest, held_out, items, clip, **loading)
    evaluated = encoded if encoder is evaluator else extract_all(evaluator, manifest, held_out, items, clip, **loading)
    results = measure(encoded, evaluated, state["classes"], encoder.name if settings.encoder else "own")
    if earlier and earlier["num_compared"] != results["num_compared"]:
        logger.warning("against: %d clips were compared there, which moves fvd and recall", earlier["num_compared"])
    arms = train_arms(settings, training, items, folder, split) if settings.cas else {}
    about = {"generator": generator_hash, "fingerprint": manifest.fingerprint(), "split": split}
    facts = about | _facts(settings, evaluator, encoder, home)
    return write_gan_evaluation(folder, facts, results, arms, state["classes"], earlier) | {"folder": str(folder)}


@dataclass(frozen=True)
class ClassifierTraining:
    """What the classifiers that are trained here share."""

    manifest: Manifest
    settings: TrainSettings
    clip: ClipSpec  # clip of the generator
    interrupt: Interrupt

    def run(self, folder: Path, items: Items) -> str:
        """The checkpoint of a classifier of these clips."""
        return train_on(folder, items, self.manifest, self.settings, self.clip, self.interrupt)


def find_evaluator(
    settings: EvaluateGanSettings, state: dict[str, Any], folder: Path, training: ClassifierTraining
) -> Evaluator:
    """The classifier that is given, or one trained on the train split. Raises: ValueError: it saw other data."""
    if settings.judge:
        evaluator_state = open_checkpoint(settings.judge)
        check_evaluator_data(evaluator_state, state, settings.judge, settings.checkpoint)
        return evaluator_of(from_state(evaluator_state, trust=settings.trust), f"judge={settings.judge}")
    logger.info("no evaluator is given: training one on the train split, in %s", display_path(folder / "judge"))
    path = training.run(folder / "judge", training.manifest.splits["train"])
    return evaluator_of(from_state(open_checkpoint(path), trust=settings.trust), display_path(path))


def write_generated_clips(
    settings: EvaluateGanSettings, state: dict[str, Any], generator: LoadedGenerator, folder: Path
) -> Items:
    """The generated clips as files, so that everything here sees what a classifier would train on."""
    make_writable(folder)
    keep_facts(folder, generator, state, settings.seed)
    made = write_clips(folder, generator, state, per_class=settings.per_class, seed=settings.seed)
    return Items.of([VideoItem(str(path), label) for path, label in made])


def train_arms(
    settings: EvaluateGanSettings, training: ClassifierTraining, generated: Items, folder: Path, split: str
) -> dict[str, Arm]:
    """Classifiers of generated clips (CAS, arXiv:1905.10887), of as many real ones, of all real ones, and of both
    together (NAS, there too); as many steps each, scored on the held-out real clips."""
    real = training.manifest.splits["train"]
    as_many = as_many_real(real, generated, len(training.manifest.classes))
    arms = {"cas": generated, "real": as_many, "all_real": real, "nas": Items.join([real, generated])}
    if len(as_many) == len(real):
        del arms["all_real"]
    results = {}
    for name, items in arms.items():
        logger.info("%s: training a classifier on %d clips", name, len(items))
        results[name] = score(training.run(folder / name, items), split, len(items), settings)
    return results


def _facts(settings: EvaluateGanSettings, evaluator: Evaluator, encoder: Evaluator, home: Path) -> dict[str, Any]:
    """The networks and settings of this evaluation."""
    return {
        "checkpoint": display_path(settings.checkpoint),
        "judge": {"name": display_path(settings.judge or home / "judge"), "hash": evaluator.hash},
        "encoder": {"name": encoder.name, "hash": encoder.hash},
        "per_class": settings.per_class,
        "seed": settings.seed,
        "steps": settings.steps,
    }


def _training_settings(training: TrainSettings, settings: EvaluateGanSettings, choice: DataChoice) -> TrainSettings:
    """The settings of a training, with what the evaluation decides."""
    eval_every = training.trainer.eval_every or math.ceil(settings.steps / EVALUATIONS)
    trainer = replace(training.trainer, max_epochs=None, max_steps=settings.steps, eval_every=eval_every)
    frame_fps = training.loading.frame_fps or choice.frame_fps
    loading = replace(training.loading, num_workers=settings.num_workers, frame_fps=frame_fps)
    return replace(training, trainer=trainer, loading=loading, device=settings.device, seed=settings.seed)


def _earlier(path: str | None, encoder: Evaluator) -> dict[str, Any] | None:
    """Results of another generator. Raises: ValueError: measured on other features, so nothing can be compared."""
    if path is None:
        return None
    earlier = json.loads(Path(path).read_text())
    if (then := earlier.get("encoder", {})).get("hash") != encoder.hash:
        raise ValueError(
            f"against={path}: its distances are on features of {then.get('name')} ({then.get('hash')}), these would be "
            f"on {encoder.name} ({encoder.hash}): they cannot be compared. Evaluate both with one encoder."
        )
    return earlier
