"""``features extract``: a table of what a network sees in videos, from a checkpoint alone."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from videoai.core import process_group
from videoai.core.checkpoint import versions, weights_hash
from videoai.core.device import resolve_device, take_device
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.core.progress import counting
from videoai.core.types import Clips
from videoai.data.feature_table import import_pyarrow, read_features, write_table
from videoai.data.loader import resolve_workers, window_batches
from videoai.data.normalize import ToModelInput
from videoai.data.windows import WindowClips, packed
from videoai.engine.precision import Precision
from videoai.inference.features import Encoder, FeatureLayer, num_features, open_encoder
from videoai.inference.score import ForwardPasses
from videoai.models.heads import body_hash
from videoai.run.checkpoint_data import DataChange
from videoai.run.faces import note_whole_pictures
from videoai.run.features.parts import Facts, Parts, read_facts
from videoai.run.features.plan import Plan, Windows, plan_windows
from videoai.run.features.sources import Sources, open_sources
from videoai.run.reading import note_other_pixels, resolve_reading
from videoai.run.results_folder import choose_folder
from videoai.run.score_clips import evaluation_precision
from videoai.settings.features import ExtractSettings
from videoai.settings.loading import LoadingSettings

logger = logging.getLogger(__name__)

# Seconds of a window and from one to the next: 16 frames each 4 at 30 fps, each 16 at 15 fps (arXiv:2202.07925).
PRESETS = {"thumos14": Windows(16 / 30, 4 / 30), "activitynet": Windows(16 / 15, 16 / 15)}


Errors = list[tuple[str, str]]  # (video, why) of each row without features


@dataclass(frozen=True)
class Extraction:
    """What an extraction gave."""

    path: str  # the table
    num_videos: int
    num_rows: int
    num_features: int  # D
    errors: Errors


def extract(
    settings: ExtractSettings,
    change: DataChange = DataChange(),  # noqa: B008 (frozen)
    encoder: Encoder | None = None,
) -> Extraction:
    """Features of every video or window, in ``RUN_DIR/features.parquet``. What is there already of the same network,
    videos and windows is continued. Several processes share the blocks; the first one writes the table.

    Args:
        encoder: ``checkpoint``, if it is open already.
    Raises: OSError, ValueError: naming what is wrong. ImportError: Parquet without pyarrow.
    """
    if settings.format == "parquet":
        import_pyarrow()  # before the work
    with process_group.process_group(resolve_device(settings.device).type):
        return _extract(settings, change, encoder or open_encoder(settings.checkpoint, trust=settings.trust))


def _extract(settings: ExtractSettings, change: DataChange, encoder: Encoder) -> Extraction:
    sources = open_sources(settings, change, encoder.state)
    note_other_pixels(encoder.state["config"], settings.decoder)
    note_whole_pictures(encoder.state, [item.path for item in sources.items])
    encoder, windows = with_windows(encoder, settings)
    forward = forward_passes(encoder, settings)
    device = forward.precision.device
    width = num_features(forward.model, encoder.clip, device)
    reading = resolve_reading(loading_of(settings, sources), sources.items, encoder.clip, device)
    look = partial(plan_windows, sources, windows, encoder.clip, reading)
    plan = process_group.broadcast_from_rank0(look)
    facts = facts_of(settings, encoder, windows, plan)
    parts = Parts(choose_folder(settings.run_dir, Path("runs/features"), facts, read_facts, continues=True))
    path = parts.folder / f"features.{settings.format}"
    errors = finished(path, facts)
    if errors is None:
        if process_group.rank() == 0:
            parts.begin(facts)
        dataset = WindowClips(sources.items, plan.segments, encoder.clip, reading=reading)
        fill(parts, plan, dataset, forward, resolve_workers(settings.num_workers, device.type, reading["decoder"]))
        errors = finish(path, parts, plan, width, provenance_of(settings, encoder, facts, sources))
    return Extraction(display_path(path), len(sources.items), plan.num_windows, width, errors)


def forward_passes(encoder: Encoder, settings: ExtractSettings) -> ForwardPasses:
    """The layer's network on its device. Raises: ValueError: no such layer, or a device that is not there."""
    device = take_device(settings.device)
    precision = Precision(
        evaluation_precision(settings.precision, device).name,
        layout="channels_last_3d"
        if device.type == "cpu"
        else "contiguous",  # 1.1 (r3d_18) to 1.7 (x3d_xs) times as fast
        device=device,
    )
    layer = FeatureLayer(encoder.network, settings.layer)
    return ForwardPasses(precision.place(layer), ToModelInput(encoder.clip).to(device), precision, settings.batch_size)


def finished(path: Path, facts: Facts) -> Errors | None:
    """The rows without features of a table that is there already; None = it is not."""
    if not path.exists() or read_facts(path.parent) != facts:
        return None
    logger.info("%s is there already, of the same videos and settings", display_path(path))
    return [(row.video, row.error) for row in read_features(path).rows if row.error]


def finish(path: Path, parts: Parts, plan: Plan, width: int, provenance: dict[str, Any]) -> Errors:
    """Write the table once every process has done its share. Returns: the rows without features."""
    process_group.barrier()
    if process_group.rank() == 0:
        write_table(path, parts.blocks(plan), width, provenance)
    errors = [(row.video, row.error) for block in parts.blocks(plan) for row in block.rows if row.error]
    process_group.barrier()  # everybody has read the parts
    if process_group.rank() == 0:
        parts.end()
    return errors


def loading_of(settings: ExtractSettings, sources: Sources) -> LoadingSettings:
    """How the videos are read."""
    return LoadingSettings(decoder=settings.decoder, isolated=settings.isolated, frame_fps=sources.frame_fps)


def with_windows(encoder: Encoder, settings: ExtractSettings) -> tuple[Encoder, Windows]:
    """Where windows lie, and what the encoder's clip is in one: a preset spreads its frames over the window.

    Raises: ValueError: windows of no length.
    """
    if settings.preset:
        return replace(encoder, clip=replace(encoder.clip, sampling="uniform", fps=None)), PRESETS[settings.preset]
    windows = Windows(settings.window_seconds, settings.stride_seconds)
    if encoder.clip.sampling == "uniform" and windows.stride and not windows.length:
        raise ValueError(
            f"stride_seconds={windows.stride:g}: the model takes frames spread over a whole video, which gives windows "
            "no length. Add window_seconds=..."
        )
    return encoder, windows


def facts_of(settings: ExtractSettings, encoder: Encoder, windows: Windows, plan: Plan) -> Facts:
    """What a table is of: with the same facts its numbers are the same."""
    return {
        "weights": weights_hash(encoder.network),
        "layer": settings.layer,
        "clip": encoder.clip.to_dict(),
        "window_seconds": windows.length,
        "stride_seconds": windows.stride,
        "precision": settings.precision,
        "format": settings.format,
        "videos": plan.digest(),
    }


def provenance_of(settings: ExtractSettings, encoder: Encoder, facts: Facts, sources: Sources) -> dict[str, Any]:
    """What the table says of itself."""
    model = encoder.state["config"].get("model") or {"name": type(encoder.network).__name__}
    about = {"checkpoint": display_path(settings.checkpoint), "model": model, "classes": encoder.classes}
    about["body"] = body_hash(encoder.network)
    where = {"data": sources.data, "root": sources.root, "frame_fps": sources.frame_fps, "folder": os.getcwd()}
    return {**facts, **about, **where, "preset": settings.preset, "versions": versions()}


def fill(parts: Parts, plan: Plan, dataset: WindowClips, forward: ForwardPasses, num_workers: int) -> None:
    """Do this process's share of the blocks that are missing, while workers decode what comes next."""
    missing = process_group.broadcast_from_rank0(lambda: parts.missing(plan))  # as it was before anybody began
    if len(missing) < len(plan.blocks):
        logger.info(
            "goes on: %d of %s are there", len(plan.blocks) - len(missing), pluralize(len(plan.blocks), "block")
        )
    own = missing[process_group.rank() :: process_group.world_size()]
    batches = [batch for number in own for batch in packed(dataset.segments, plan.blocks[number], forward.max_views)]
    clips = iter(window_batches(dataset, batches, num_workers=num_workers, pin=forward.precision.device.type == "cuda"))
    total = sum(plan.num_windows_of(plan.blocks[number]) for number in own)
    with counting("extract", total, "windows") as add:
        for number in own:
            features, errors = extract_block(clips, plan.num_windows_of(plan.blocks[number]), forward, add)
            parts.write(number, features, errors)


@torch.inference_mode()
def extract_block(
    batches: Iterator[Clips], num_windows: int, forward: ForwardPasses, add: Any
) -> tuple[np.ndarray, list[str]]:
    """Features float32 [N, D] of the next windows, NaN where one cannot be read, and why ("" = it was)."""
    features: list[Tensor] = []
    errors: list[str] = []
    while len(errors) < num_windows:
        clips = next(batches)
        found = forward(clips.video)
        found[[row for row, error in enumerate(clips.error) if error]] = torch.nan
        features.append(found)
        errors += clips.error
        add(len(clips.error))
    return torch.cat(features).cpu().numpy(), errors
