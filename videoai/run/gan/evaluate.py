"""``gan evaluate``: do generated clips show what they should, do they differ as real ones do, do they teach?"""

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videoai.core import checkpoint
from videoai.core.checkpoint import weights_hash
from videoai.core.device import resolve_device
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.engine.interrupt import Interrupt
from videoai.inference.judge import Judge, judge_of, load_encoder
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.load_generator import LoadedGenerator, load_generator
from videoai.inference.reference import refuse_other_judge
from videoai.report.gan import write_gan_evaluation
from videoai.run.checkpoint_data import choose_data
from videoai.run.evaluate import choose_split
from videoai.run.gan.classifiers import Arm, as_many_real, score, train_on
from videoai.run.gan.generate import keep_facts, write_clips
from videoai.run.gan.reference import real_data
from videoai.run.limits import refuse_nonsense
from videoai.run.training.folder import default_run_dir, make_writable
from videoai.tasks.gan.measure import look_at, measure

logger = logging.getLogger(__name__)
EVALUATIONS = 5  # of a classifier that is trained here, unless trainer.eval_every says otherwise


def evaluate_gan(config: Mapping[str, Any], classifier: dict[str, Any]) -> dict[str, Any]:
    """Everything that ``configs/evaluate_gan.yaml`` names. ``classifier``: settings of train, for those trained here.

    Returns: the content of results.json, and ``folder``.
    Raises: OSError, ValueError: naming what is wrong.
    """
    refuse_nonsense(config)
    device = resolve_device(config["device"])
    generator = load_generator(config["checkpoint"], trust=config["trust"]).to(device)
    state = checkpoint.load(config["checkpoint"])
    choice, clip = choose_data(config, state), ClipSpec(**state["clip"])
    manifest = real_data(choice, state, config["checkpoint"])
    split, held_out = choose_split(manifest, config["split"])
    home = Path(os.path.abspath(config["run_dir"] or default_run_dir(config["checkpoint"]) / "evaluation"))
    generator_hash = weights_hash(generator)
    folder = home if config["run_dir"] else home / generator_hash[:8]  # a run that goes on has another generator
    make_writable(folder)
    classifier = _settled(classifier, config, choice.node)
    interrupt = Interrupt()
    judge = find_judge(config, state, manifest, clip, home, classifier, interrupt).to(device)
    encoder = load_encoder(config["encoder"]).to(device) if config["encoder"] else judge
    earlier = _earlier(config["against"], encoder)
    items = write_bank(config, state, generator, folder / "bank")
    look = look_at(encoder, manifest, held_out, items, clip, config)
    judged = look if encoder is judge else look_at(judge, manifest, held_out, items, clip, config)
    results = measure(look, judged, state["classes"], encoder.name if config["encoder"] else "own")
    if earlier and earlier["num_compared"] != results["num_compared"]:
        logger.warning("against: %d clips were compared there, which moves fvd and recall", earlier["num_compared"])
    trainings = (config, manifest, items, clip, folder, classifier, split, interrupt)
    arms = train_arms(*trainings) if config["cas"] else {}
    facts = {
        "checkpoint": display_path(config["checkpoint"]),
        "generator": generator_hash,
        "fingerprint": manifest.fingerprint(),
        "split": split,
        "judge": {"name": display_path(config["judge"] or home / "judge"), "hash": judge.hash},
        "encoder": {"name": encoder.name, "hash": encoder.hash},
        "per_class": config["per_class"],
        "seed": config["seed"],
        "steps": config["steps"],
    }
    return write_gan_evaluation(folder, facts, results, arms, state["classes"], earlier) | {"folder": str(folder)}


def find_judge(
    config: Mapping[str, Any],
    state: dict[str, Any],
    manifest: Manifest,
    clip: ClipSpec,
    folder: Path,
    classifier: dict[str, Any],
    interrupt: Interrupt,
) -> Judge:
    """The classifier that is given, or one trained on the train split. Raises: ValueError: it saw other data."""
    if config["judge"]:
        judge_state = open_checkpoint(config["judge"])
        refuse_other_judge(judge_state, state, config["judge"], config["checkpoint"])
        return judge_of(from_state(judge_state, trust=config["trust"]), f"judge={config['judge']}")
    logger.info("no judge is given: training one on the train split, in %s", display_path(folder / "judge"))
    path = train_on(folder / "judge", manifest.splits["train"], manifest, classifier, clip, interrupt)
    return judge_of(from_state(open_checkpoint(path), trust=config["trust"]), display_path(path))


def write_bank(config: Mapping[str, Any], state: dict[str, Any], generator: LoadedGenerator, folder: Path) -> Items:
    """The generated clips as files, so that everything here sees what a classifier would train on."""
    make_writable(folder)
    keep_facts(folder, generator, state, config["seed"])
    made = write_clips(folder, generator, state["classes"], ClipSpec(**state["clip"]), config)
    return Items.of([VideoItem(str(path), label) for path, label in made])


def train_arms(
    config: Mapping[str, Any],
    manifest: Manifest,
    generated: Items,
    clip: ClipSpec,
    folder: Path,
    classifier: dict[str, Any],
    split: str,
    interrupt: Interrupt,
) -> dict[str, Arm]:
    """Classifiers of generated clips (CAS, arXiv:1905.10887), of as many real ones, of all real ones, and of both
    together (NAS, there too); as many steps each, scored on the held-out real clips."""
    real = manifest.splits["train"]
    as_many = as_many_real(real, generated, len(manifest.classes))
    arms = {"cas": generated, "real": as_many, "all_real": real, "nas": Items.join([real, generated])}
    if len(as_many) == len(real):
        del arms["all_real"]
    found = {}
    for name, items in arms.items():
        logger.info("%s: training a classifier on %d clips", name, len(items))
        path = train_on(folder / name, items, manifest, classifier, clip, interrupt)
        found[name] = score(path, split, len(items), config)
    return found


def _settled(classifier: dict[str, Any], config: Mapping[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    trainer = {**classifier["trainer"], "max_epochs": None, "max_steps": config["steps"]}
    trainer["eval_every"] = trainer["eval_every"] or math.ceil(config["steps"] / EVALUATIONS)
    data = {**classifier["data"], **node, "num_workers": config["num_workers"]}
    return {**classifier, "trainer": trainer, "data": data, "device": config["device"], "seed": config["seed"]}


def _earlier(path: str | None, encoder: Judge) -> dict[str, Any] | None:
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
