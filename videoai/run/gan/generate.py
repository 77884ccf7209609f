"""``generate``: from a generator's checkpoint to a bank of clips that a classifier can train on."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from videoai.core import checkpoint
from videoai.core.checkpoint import weights_hash
from videoai.core.device import resolve_device, take_device
from videoai.core.files import write_atomic, write_together
from videoai.core.messages import pluralize
from videoai.core.seeding import seed_for
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.encode import write_clip
from videoai.data.generated.dataset import COLUMNS, FACTS, MANIFEST, clip_path, table_of
from videoai.data.lists.items import Items
from videoai.data.loader import resolve_workers
from videoai.gan.sample_filter import Filtered, SampleFilter
from videoai.gan.sampling import sample
from videoai.inference.evaluator import Evaluator, Extracted, evaluator_of
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.load_generator import LoadedGenerator, load_generator
from videoai.inference.reference import at_most, check_evaluator_data, extract_items
from videoai.run.checkpoint_data import DataChange, DataChoice, choose_data
from videoai.run.gan.reference import real_data
from videoai.run.training.folder import make_writable
from videoai.settings.gan import GenerateSettings

logger = logging.getLogger(__name__)
AT_ONCE = 16  # clips of a forward pass, always: another number could change the last bits
FPS = 15.0  # rate of the files, where the clip does not say
REJECTED = "rejected.csv"


@dataclass(frozen=True, kw_only=True)
class Generated:
    """Clips that were made and filtered."""

    output: str  # folder
    made: int
    passed: int
    excluded: dict[str, str]  # class name -> why none of it passed
    classes: dict[str, int]  # class name -> clips that passed


def generate(settings: GenerateSettings, change: DataChange = DataChange()) -> Generated:  # noqa: B008 (frozen)
    """Write ``per_class`` clips of each class below ``output``, filter them with the evaluator if there is one, and
    list what passed.

    ``change``: where the real clips lie, if not where the checkpoint says.

    Raises: FileNotFoundError, OSError, ValueError: naming what is wrong.
    """
    device = take_device(settings.device)
    generator = load_generator(settings.checkpoint, trust=settings.trust).to(device)
    state, folder = checkpoint.load(settings.checkpoint), Path(settings.output)
    evaluator = _find_evaluator(settings, state, device)
    choice = choose_data(change, state, settings.checkpoint) if evaluator else None
    make_writable(folder)
    facts = keep_facts(folder, generator, state, settings.seed)
    made = write_clips(folder, generator, state, per_class=settings.per_class, seed=settings.seed)
    shared = {"split": "train", **{key: facts[key] for key in ("generator", "data", "seed")}}
    rows = [_row(path, state["classes"][label]) | shared for path, label in made]
    passed = None
    if evaluator and choice:
        clips, passed = _extract_and_filter(settings, state, evaluator, made, choice)
        rows = [_with_filter_result(rows[int(index)], row, clips, passed) for row, index in enumerate(clips.index)]
    return _write_tables(folder, rows, passed, state["classes"])


def keep_facts(folder: Path, generator: nn.Module, state: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Say whose clips the folder holds. Raises: ValueError: it holds those of another generator or seed."""
    facts = {"generator": weights_hash(generator), "data": state["versions"].get("data"), "seed": seed}
    facts |= {"classes": state["classes"], "clip": state["clip"]}
    path = folder / FACTS
    if path.exists() and json.loads(path.read_text()) != facts:
        raise ValueError(f"{folder} holds clips of another generator or seed. Choose another folder, or delete it.")
    write_atomic(path, json.dumps(facts, indent=1).encode())
    return facts


def write_clips(
    folder: Path, generator: LoadedGenerator, state: Mapping[str, Any], *, per_class: int, seed: int
) -> list[tuple[Path, int]]:
    """Write what is missing, a whole file at a time. ``state``: the generator's checkpoint.

    Returns: path and label of all. Clip n of a class is a function of (generator, seed, class, n).
    """
    made, clip = [], ClipSpec(**state["clip"])
    for label, name in enumerate(state["classes"]):
        for start in range(0, per_class, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, per_class))
            paths = [clip_path(folder, label, name, number) for number in numbers]
            made += [(path, label) for path in paths]
            if all(path.exists() for path in paths):
                continue
            drawn = seed_for(seed, "bank", label, start)
            videos = sample(generator, torch.full((AT_ONCE,), label), seed=drawn, batch_size=AT_ONCE)
            for path, video in zip(paths, videos, strict=False):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_clip(path, as_file(video, clip), clip.fps or FPS)
        logger.info("%s: %s", name, pluralize(per_class, "clip"))
    return made


def as_file(video: torch.Tensor, clip: ClipSpec) -> Any:
    """uint8 [T, C, H, W] -> [T * stride, H, W, C]: each frame is held, so that reading with ``clip`` gives it back."""
    return video.repeat_interleave(clip.stride, 0).permute(0, 2, 3, 1).numpy()


def _find_evaluator(settings: GenerateSettings, state: Mapping[str, Any], device: torch.device) -> Evaluator | None:
    if settings.judge is None:
        logger.info("no evaluator: every clip passes, also wrong ones and copies. Set judge=CLASSIFIER.pt")
        return None
    evaluator_state = open_checkpoint(settings.judge)
    check_evaluator_data(evaluator_state, state, settings.judge, settings.checkpoint)
    return evaluator_of(from_state(evaluator_state, trust=settings.trust), f"judge={settings.judge}").to(device)


def _extract_and_filter(
    settings: GenerateSettings,
    state: Mapping[str, Any],
    evaluator: Evaluator,
    made: list[tuple[Path, int]],
    choice: DataChoice,
) -> tuple[Extracted, Filtered]:
    """The files as a classifier will see them, beside the training clips."""
    clip, manifest = ClipSpec(**state["clip"]), real_data(choice, state, settings.checkpoint)
    items = Items.of([VideoItem(str(path), label) for path, label in made])
    num_workers = resolve_workers(settings.num_workers, resolve_device(settings.device).type)
    extract = partial(extract_items, evaluator, clip=clip, batch_size=settings.batch_size, num_workers=num_workers)
    clips, real = extract(items), extract(at_most(manifest.splits["train"]))
    limits = {key: getattr(settings, key) for key in ("min_confidence", "min_recall", "drop_copies")}
    return clips, SampleFilter(**limits)(clips.features, clips.probability, clips.label, real.features, real.label)


def _row(path: Path, name: str) -> dict[str, Any]:
    return {"path": f"{path.parent.name}/{path.name}", "label": name}


def _with_filter_result(row: dict[str, Any], number: int, clips: Extracted, passed: Filtered) -> dict[str, Any]:
    confidence = float(clips.probability[number, clips.label[number]])
    result = {"confidence": f"{confidence:.6f}", "nearest": f"{float(passed.nearest[number]):.6f}"}
    return row | result | {"reason": passed.reason[number]}


def _write_tables(folder: Path, rows: list[dict[str, Any]], passed: Filtered | None, classes: list[str]) -> Generated:
    reasons = [row.pop("reason", "") for row in rows]
    kept = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
    out = [{**row, "reason": reason} for row, reason in zip(rows, reasons, strict=True) if reason]
    tables = {folder / REJECTED: table_of(out, (*COLUMNS, "reason")), folder / MANIFEST: table_of(kept)}
    write_together(tables)
    return Generated(
        output=str(folder),
        made=len(rows),
        passed=len(kept),
        excluded={classes[label]: reason for label, reason in passed.excluded.items()} if passed else {},
        classes={name: sum(row["label"] == name for row in kept) for name in classes},
    )
