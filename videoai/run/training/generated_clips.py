"""Generated clips of a training run: read, matched with the real classes, kept out of val and test, announced."""

import logging
import os
from dataclasses import dataclass, replace

import numpy as np
import torch

from videoai.core import checkpoint
from videoai.core.checkpoint import weights_hash
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec
from videoai.data.generated.dataset import GeneratedDataset, read_generated_dataset
from videoai.data.generated.mixture import Share
from videoai.data.lists.manifest import Manifest
from videoai.data.normalize import ToModelInput
from videoai.inference.load_generator import load_generator
from videoai.report.tables import as_text, class_balance_table
from videoai.settings.training import SyntheticSettings, TrainSettings
from videoai.tasks.generated_clips import GeneratedClips, GeneratedTargets
from videoai.tasks.task import Setup

logger = logging.getLogger(__name__)

RARE = 0.5  # share of the largest class's clips; a class with fewer is rare


@dataclass(frozen=True)
class Synthetic:
    """What generated clips add to a run."""

    share: Share
    targets: GeneratedTargets
    bank: GeneratedDataset | None = None  # None: the device generates
    generate: GeneratedClips | None = None
    fingerprint: str = ""  # hash of the bank's list of clips, or of the generator's weights


def new_synthetic(setup: Setup, to_input: ToModelInput, total_steps: int, *, has_classes: bool) -> Synthetic | None:
    """What ``synthetic.*`` of a config asks for; None without a source.

    Raises: FileNotFoundError, ValueError: nothing there, other classes, clips of val or test, a generator of other
    data, or a ratio that leaves no generated clip in a batch.
    """
    if not isinstance(setup.settings, TrainSettings) or setup.settings.synthetic.source is None:
        return None
    config, manifest = setup.settings, setup.manifest
    settings = config.synthetic
    assert settings.source is not None
    if not has_classes:
        raise ValueError(f"synthetic.source={settings.source}: not for clips with several labels each. Leave it out.")
    share = share_of(config, total_steps)
    source = os.path.abspath(os.path.expanduser(settings.source))
    if source.endswith(".pt"):
        return from_generator(setup, source, share, to_input)
    bank = read_generated_dataset(source, manifest.classes)
    check_not_held_out(bank, manifest, settings.source)
    check_generator_data(bank.made_from, manifest, settings.source)
    bank = _of_classes(bank, allowed_classes(settings, manifest))
    announce(bank, manifest, config, share)
    targets = GeneratedTargets(
        num_real=len(manifest.splits["train"]),
        num_classes=len(manifest.classes),
        confidence=_confidence(settings, bank),
        weight=settings.weight,
    )
    return Synthetic(share, targets, bank, fingerprint=bank.fingerprint)


def from_generator(setup: Setup, source: str, share: Share, to_input: ToModelInput) -> Synthetic:
    """A frozen generator that makes the clips of each step: nothing is written or filtered.

    Raises: as ``new_synthetic``; also clips of another length or size, which a bank could have.
    """
    config, manifest = setup.training, setup.manifest
    settings, generator = config.synthetic, load_generator(source, device=str(setup.device))
    assert settings.source is not None
    check_generator_data(checkpoint.load(source)["versions"].get("data"), manifest, settings.source)
    check_generated_clip(generator.clip, setup.clip, settings)
    if settings.label_smoothing != "none" or share.clips == setup.batch_size:
        raise ValueError(
            f"synthetic.source={settings.source}: a generator has no evaluator, and needs real clips beside its own. "
            "Use synthetic.label_smoothing=none and a synthetic.ratio below 1, or fill a folder: videoai gan generate."
        )
    label_of = [manifest.classes.index(name) for name in generator.classes]
    allowed = allowed_classes(settings, manifest)
    generate = GeneratedClips(
        generator,
        to_input=to_input,
        label_of=label_of,
        wanted=[number for number, label in enumerate(label_of) if allowed[label]],
        batch_size=setup.batch_size,
        num_real=len(manifest.splits["train"]),
        until=share.until,
        seed=config.seed,
    )
    logger.info("synthetic %s: a generator, not evaluated; its clips are not augmented", display_path(settings.source))
    announce_share(config, share)
    targets = GeneratedTargets(
        num_real=generate.num_real,
        num_classes=len(manifest.classes),
        confidence=torch.ones(1),
        weight=settings.weight,
    )
    return Synthetic(share, targets, generate=generate, fingerprint=weights_hash(generator))


def check_same_generated_clips(synthetic: Synthetic | None, setup: Setup) -> None:
    """A continued run must draw from the same generated clips. Raises: ValueError."""
    state, now = setup.state, synthetic.fingerprint if synthetic else None
    if state and now != (then := state["versions"].get("synthetic")):
        raise ValueError(
            f"synthetic.source={setup.training.synthetic.source}: the run in {setup.settings.run_dir} began "
            f"{'with other generated clips' if then else 'without generated clips'}. Choose another run_dir."
        )


def check_generated_clip(made: ClipSpec, clip: ClipSpec, settings: SyntheticSettings) -> None:
    """Raises: ValueError: a batch cannot hold clips of two shapes."""
    if (made.num_frames, made.size) != (clip.num_frames, clip.size):
        raise ValueError(
            f"synthetic.source={settings.source}: it makes {made.num_frames} frames of {made.size} px, the clip has "
            f"{clip.num_frames} of {clip.size}. Set clip.num_frames={made.num_frames} clip.size={made.size}, or fill a "
            "folder by videoai gan generate, which is read at any size."
        )


def share_of(settings: TrainSettings, total_steps: int) -> Share:
    """Clips of a micro-batch, a multiple of ``augment.repeats``; the first micro-batch without."""
    synthetic, trainer, repeats = settings.synthetic, settings.trainer, settings.augment.repeats
    clips = round(synthetic.ratio * int(trainer.batch_size) / repeats) * repeats
    if not clips:
        raise ValueError(
            f"synthetic.ratio={synthetic.ratio}: less than one clip of trainer.batch_size={trainer.batch_size}. "
            "Raise one of them."
        )
    return Share(clips, round(synthetic.until * total_steps) * trainer.accumulate)


def allowed_classes(settings: SyntheticSettings, manifest: Manifest) -> np.ndarray:
    """bool [K]. Raises: ValueError: only rare classes are wanted, and none is."""
    counts = manifest.splits["train"].count_labels(len(manifest.classes))
    if settings.classes == "all":
        return np.ones(len(counts), bool)
    rare = counts < RARE * counts.max()
    if not rare.any():
        raise ValueError(
            f"synthetic.classes=rare: no class has less than half as many clips as the largest ({counts.max()}). "
            "Use synthetic.classes=all, or leave synthetic.source out."
        )
    return rare


def check_not_held_out(bank: GeneratedDataset, manifest: Manifest, source: str) -> None:
    """Raises: ValueError: clips of val or test would be trained on."""
    held_out = {os.path.realpath(item.path) for split in ("val", "test") for item in manifest.splits[split]}
    shared = [item.path for item in bank.items if os.path.realpath(item.path) in held_out]
    if shared:
        raise ValueError(
            f"synthetic.source={source}: {len(shared)} of its clips are val or test videos of {manifest.source}, such "
            f"as {shared[0]}. Leave them out: training on them would flatter every score."
        )


def check_generator_data(made_from: str | None, manifest: Manifest, source: str) -> None:
    """Raises: ValueError: its generator saw other data, which may hold the videos of val and test."""
    if made_from and made_from != manifest.fingerprint():
        no_overlap = "; or, if its data share no video with these, empty the column data of its table"
        hint = "" if source.endswith(".pt") else no_overlap
        raise ValueError(
            f"synthetic.source={source}: its generator was trained on another list of videos than {manifest.source}, "
            f"so it may have seen the val and test videos. Train the generator on these data and splits{hint}."
        )


def announce(bank: GeneratedDataset, manifest: Manifest, settings: TrainSettings, share: Share) -> None:
    """How many clips of which class, apart from the real ones."""
    synthetic = settings.synthetic
    assert synthetic.source is not None
    logger.info("synthetic %s: %d generated clips, for train only", display_path(synthetic.source), len(bank.items))
    for note in bank.notes:
        logger.info("  %s", note)
    counts = bank.items.count_labels(len(manifest.classes)).tolist()
    table = class_balance_table({"generated": counts}, classes=manifest.classes)
    table.title = "Generated clips per class"
    logger.info("%s", as_text(table))
    announce_share(settings, share)
    if absent := [name for name, count in zip(manifest.classes, counts, strict=True) if not count]:
        logger.info("  no generated clips of %s", ", ".join(absent))


def announce_share(settings: TrainSettings, share: Share) -> None:
    """What a batch is made of, and until when."""
    batch, accumulate = settings.trainer.batch_size, settings.trainer.accumulate
    logger.info(
        "  %d of the %d clips of a batch are generated up to step %d, none after it; as many steps as without",
        *(share.clips, batch, share.until // accumulate),
    )


def _of_classes(bank: GeneratedDataset, allowed: np.ndarray) -> GeneratedDataset:
    keep = allowed[bank.items.label]
    if not keep.any():
        raise ValueError("synthetic.classes=rare: the source has no clips of the rare classes.")
    return replace(bank, items=bank.items[keep], confidence=bank.confidence[keep])


def _confidence(settings: SyntheticSettings, bank: GeneratedDataset) -> torch.Tensor:
    if settings.label_smoothing == "none":
        return torch.ones(len(bank.items))
    if (bank.confidence == 1).all():
        raise ValueError(
            f"synthetic.label_smoothing=by_uncertainty: {settings.source} holds no confidence. Write the "
            "clips with an evaluator (judge=CHECKPOINT of videoai gan generate), or use synthetic.label_smoothing=none."
        )
    return torch.from_numpy(bank.confidence)
