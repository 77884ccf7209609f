"""The folder of an extraction: blocks as they are done, so that a killed one goes on, and what they are of."""

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videoai.core.files import write_atomic
from videoai.data.feature_table import UNREADABLE, Block
from videoai.run.features.plan import Plan

FACTS = "extract.json"  # beside the table: what it is of
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Parts:
    """``RUN_DIR/parts/NUMBER.npz``, one file a block, until the table is written."""

    folder: Path

    def begin(self, facts: Facts) -> None:
        """Keep what is there of the same facts; anything else is removed."""
        if read_facts(self.folder) != dict(facts):
            shutil.rmtree(self.folder / "parts", ignore_errors=True)
            for name in ("features.parquet", "features.npz"):
                (self.folder / name).unlink(missing_ok=True)
        write_facts(self.folder, facts)

    def write(self, number: int, features: np.ndarray, errors: list[str]) -> None:
        """A block that is done. ``errors``: one a row, "" = it was read."""
        buffer = io.BytesIO()
        np.savez(buffer, features=features, errors=np.array(errors, str))
        write_atomic(self._path(number), buffer.getbuffer())

    def read(self, number: int) -> tuple[np.ndarray, list[str]] | None:
        """Features and errors of a block; None = it is not done, or damaged."""
        with suppress(*UNREADABLE), self._path(number).open("rb") as file, np.load(file) as arrays:
            return arrays["features"], arrays["errors"].tolist()
        return None

    def missing(self, plan: Plan) -> list[int]:
        """Numbers of the blocks that are not done."""
        return [number for number in range(len(plan.blocks)) if self.read(number) is None]

    def blocks(self, plan: Plan) -> Iterator[Block]:
        """All blocks in order. Raises: OSError: one went away meanwhile."""
        for number, block in enumerate(plan.blocks):
            part = self.read(number)
            if part is None:
                raise OSError(f"{self._path(number)} is missing. Run the same command again, which computes it")
            features, errors = part
            rows = [row._replace(error=error or None) for row, error in zip(plan.rows(block), errors, strict=True)]
            yield Block(rows, features)

    def end(self) -> None:
        """The table holds everything."""
        shutil.rmtree(self.folder / "parts", ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / "parts" / f"{number:06d}.npz"


def write_facts(folder: Path, facts: Facts, name: str = FACTS) -> None:
    """Say what a folder is of. Raises: OSError."""
    write_atomic(folder / name, (json.dumps(dict(facts), indent=2, ensure_ascii=False) + "\n").encode())


def read_facts(folder: Path, name: str = FACTS) -> dict[str, Any] | None:
    """What a folder's table is of; None = there is none."""
    with suppress(OSError, ValueError):
        content = json.loads((folder / name).read_bytes())
        return content if isinstance(content, dict) else {}
    return None
