"""``benchmark export``: which export of a checkpoint answers first here."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from videoai.core.files import write_atomic
from videoai.inference.load import LoadedModel, open_checkpoint
from videoai.run.export.export import exportable, opened, written
from videoai.run.export.network_file import check_can_write
from videoai.run.export.timing import milliseconds
from videoai.run.export.verify import rendered_clips, verify
from videoai.settings.benchmarks import ExportBenchmarkSettings
from videoai.settings.export import ExportSettings
from videoai.tasks.supervised import SupervisedTask

ORIGINAL = "torch"


def benchmark_export(settings: ExportBenchmarkSettings) -> list[dict[str, Any]]:
    """A row for the original and one for each format: ``format``, ``milliseconds`` (median, for one clip; all take
    turns), ``megabytes`` and ``max_difference`` from the original's outputs on a rendered clip; or ``reason``.

    Raises: ValueError, OSError: a checkpoint that has no export.
    """
    state = open_checkpoint(settings.checkpoint)
    task, original = exportable(state, ExportSettings(checkpoint=settings.checkpoint, trust=settings.trust))
    rows: list[dict[str, Any]] = [{"format": ORIGINAL, "megabytes": size_of(original), "max_difference": None}]
    networks: dict[str, nn.Module] = {ORIGINAL: original.model}
    with TemporaryDirectory() as held:
        for format in settings.formats:
            asked = ExportSettings(checkpoint=settings.checkpoint, format=format, trust=settings.trust)
            try:
                row, network = exported(asked, Path(held, format), state, task, original)
            except (ValueError, OSError, ImportError) as error:
                rows.append({"format": format, "reason": str(error)})
                continue
            rows.append(row)
            networks[format] = network
        times = milliseconds(networks, rendered_clips(original)[:1])
    rows = [row | {"milliseconds": times[row["format"]]} if row["format"] in times else row for row in rows]
    if settings.out:
        write_atomic(Path(settings.out), (json.dumps(rows, indent=2) + "\n").encode())
    return rows


def exported(
    asked: ExportSettings, folder: Path, state: Mapping[str, Any], task: SupervisedTask, original: LoadedModel
) -> tuple[dict[str, Any], nn.Module]:
    """The row of a format but for its time, and its network. Raises: ValueError, OSError, ImportError: why not."""
    check_can_write(asked.format, original.model)
    bundle = written(asked, folder, state, task, original, [])
    if (network := opened(bundle, state, asked)) is None:
        raise ValueError(f"format={asked.format} runs on Apple's systems alone")
    verified = verify(bundle.network.name, original, network, is_exact=True)
    files = [one for one in folder.iterdir() if one.stem == bundle.network.stem]
    megabytes = sum(one.stat().st_size for one in files) / 1e6
    return {"format": asked.format, "megabytes": megabytes, "max_difference": verified["max_difference"]}, network


def size_of(original: LoadedModel) -> float:
    """Megabytes of the weights."""
    return sum(value.nbytes for value in original.state_dict().values()) / 1e6


def fastest(rows: Sequence[Mapping[str, Any]]) -> str:
    """The format that answers first."""
    return min((row for row in rows if "milliseconds" in row), key=lambda row: row["milliseconds"])["format"]
