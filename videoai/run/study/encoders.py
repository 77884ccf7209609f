"""``study encoders``: what the features of many networks know of the same videos, and what they cost."""

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from videoai.core.files import write_together
from videoai.core.types import ClipSpec
from videoai.data.feature_table import read_provenance
from videoai.inference.features import Encoder, open_encoder
from videoai.inference.load import build_model
from videoai.models.published import find, is_published
from videoai.report.encoders import EncoderRow, encoders_figure, verdict
from videoai.report.run_pictures import png
from videoai.run.checkpoint_data import DataChange
from videoai.run.features.extract import extract, forward_passes
from videoai.run.features.labelled import open_labelled
from videoai.run.features.probe import folds_of, majority, measured, summary
from videoai.run.study.protocol import Cell, Refused, Row, measure_all, read_rows
from videoai.settings.features import ExtractSettings, ProbeSettings
from videoai.settings.parse import to_dict
from videoai.settings.study import EncodersStudySettings
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)
TIMED_CLIPS, TIMED_SECONDS = 8, 2.0  # clips of a pass that is timed, and for about how long
K = 5  # nearest neighbours


def study_encoders(
    settings: EncodersStudySettings, change: DataChange, untrained: Mapping[str, TrainSettings]
) -> dict[str, Any]:
    """Extract with each encoder that ``run_dir`` does not hold yet, and probe the same folds.

    Args:
        untrained: names of the zoo among the encoders, with the clip that they are designed for.
    Returns: the content of results.json, ``table`` and ``folder``. Raises: OSError, ValueError: naming what is wrong.
    """
    folder = Path(settings.run_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"study": "encoders", "data": to_plain(change.named), "split": settings.split, "folds": settings.folds}
    study = Encoders(settings, change, untrained, folder)
    cells = [Cell(settings.folds, settings.seed, encoder) for encoder in dict.fromkeys(settings.encoders)]
    forget_refused(folder, facts)
    rows = measure_all(cells, study.measure, folder, facts, unit="folds")
    table = [as_row(row) for row in rows]
    results = {"facts": facts, "verdict": verdict(table), "rows": rows}
    files = {folder / "results.json": (json.dumps(results, indent=2) + "\n").encode()}
    if any(row.accuracy is not None for row in table):
        files[folder / "encoders.png"] = png(encoders_figure(table))
    write_together(files)
    return results | {"table": table, "folder": str(folder)}


def to_plain(node: Any) -> Any:
    """The data as facts of the rows."""
    return json.loads(json.dumps(to_dict(node) if node is not None else None, default=str))


def forget_refused(folder: Path, facts: Mapping[str, Any]) -> None:
    """What could not be measured is tried again: a network may be back, a file may be there."""
    rows = read_rows(folder / "rows.jsonl", facts)
    kept = [row for row in rows.values() if row["accuracy"] is not None]
    if len(kept) < len(rows):
        lines = [json.dumps(line) for line in (facts, *kept)]
        (folder / "rows.jsonl").write_text("\n".join(lines) + "\n")


def as_row(row: Row) -> EncoderRow:
    """A line of the table."""
    return EncoderRow(**{key: row.get(key) for key in EncoderRow._fields if key != "encoder"}, encoder=row["arm"])


@dataclass(frozen=True)
class Encoders:
    """Measures one encoder after the other."""

    settings: EncodersStudySettings
    change: DataChange
    untrained: Mapping[str, TrainSettings]
    folder: Path

    def measure(self, cell: Cell) -> Mapping[str, Any]:
        """What its features know, and what they cost. Raises: Refused: it cannot be opened, or sees nothing."""
        try:
            return self._measured(cell.arm)
        except (OSError, ValueError, ImportError) as error:
            raise Refused(str(error)) from error

    def _measured(self, source: str) -> dict[str, Any]:
        encoder = without_data(self._open(source))
        how = self._extraction(source)
        done = extract(how, self.change, encoder)
        path = Path(how.run_dir or "") / "features.npz"
        probe = ProbeSettings(
            table=str(path), shots=(), neighbors=(K,), folds=self.settings.folds, seed=self.settings.seed
        )
        labelled = open_labelled(probe)
        folds = [measured(fold, probe) for fold in folds_of(labelled, probe)]
        linear, nearest = (summary([fold[name] for fold in folds]) for name in ("linear", f"{K} nearest"))
        return {
            "accuracy": linear["accuracy"],
            "low": linear["low"],
            "high": linear["high"],
            "knn": nearest["accuracy"],
            "knn_low": nearest["low"],
            "knn_high": nearest["high"],
            "majority": majority(labelled),
            "rows": len(labelled.learned) + len(labelled.test or ()),
            "unreadable": len(done.errors),
            "width": done.num_features,
            "licence": licence_of(source),
            "trained": source not in self.untrained,
            "knows_classes": not set(encoder.classes).isdisjoint(labelled.learned.classes),
            "weights": read_provenance(path)["weights"],
            **speed(encoder, how),
        }

    def _open(self, source: str) -> Encoder:
        """A checkpoint, published weights, or a network of the zoo as it begins."""
        if source not in self.untrained:
            return open_encoder(source, trust=self.settings.trust)
        settings = self.untrained[source]
        torch.manual_seed(self.settings.seed)
        network = build_model(settings.model, num_classes=2).eval()
        clip = {key: value for key, value in to_dict(settings.clip).items() if value is not None}
        logger.warning("%s: no weights are named, so this is the network as it begins: a baseline", source)
        return Encoder(network, ClipSpec(**clip))

    def _extraction(self, source: str) -> ExtractSettings:
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", source).strip("_.") or "encoder"
        return ExtractSettings(
            checkpoint=source,
            split=self.settings.split,
            format="npz",
            batch_size=self.settings.batch_size,
            num_workers=self.settings.num_workers,
            device=self.settings.device,
            trust=self.settings.trust,
            run_dir=str(self.folder / "features" / name),
        )


def without_data(encoder: Encoder) -> Encoder:
    """An encoder that does not know the videos as its own, whose splits would be others than those of the rest."""
    config = {**encoder.state["config"], "data": {}}
    return replace(encoder, state={**encoder.state, "config": config})


def licence_of(source: str) -> str | None:
    """The licence of published weights; None = a file of one's own, or no weights."""
    return find(source).licence if is_published(source) else None


@torch.inference_mode()
def speed(encoder: Encoder, settings: ExtractSettings) -> dict[str, Any]:
    """Clips a second of the network alone, and the memory of a GPU that it takes; None on a CPU."""
    forward = forward_passes(encoder, settings)
    device, clip = forward.precision.device, encoder.clip
    video = torch.zeros(TIMED_CLIPS, clip.num_frames, 3, clip.size, clip.size, dtype=torch.uint8)
    is_gpu = device.type == "cuda"
    forward(video).sum().item()  # the first pass is slower
    if is_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    passes, started = 0, time.perf_counter()
    while not passes or time.perf_counter() - started < TIMED_SECONDS:
        forward(video).sum().item()  # waits for the device
        passes += 1
    seconds = time.perf_counter() - started
    peak = round(torch.cuda.max_memory_allocated(device) / 2**20) if is_gpu else None
    return {"clips_per_second": round(passes * TIMED_CLIPS / seconds, 2), "peak_mib": peak}
