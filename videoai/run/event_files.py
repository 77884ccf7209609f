"""The files of events that ``predict`` writes beside its answers."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from videoai.core.files import csv_bytes, write_atomic
from videoai.data.untrimmed import BACKGROUND
from videoai.events.files import HEADER, WRITERS, csv_rows
from videoai.events.named import events_of

FOLDER, TABLE = "events", "events.csv"


class EventFiles:
    """``add`` takes each answer; ``close`` writes what holds all of them."""

    def __init__(self, folder: Path, kinds: Sequence[str], names: Sequence[Path]) -> None:
        """names: of each video, below the folder, without an extension."""
        self.folder, self.kinds, self.names = folder, kinds, iter(names)
        self.rows: list[tuple[str, ...]] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """The files of one video; none of one that could not be read. Raises: OSError."""
        name = next(self.names, None)
        if not self.kinds or name is None or "duration_seconds" not in record:
            return
        events = [event for event in events_of(record) if event.label.lower() not in BACKGROUND]
        self.rows += csv_rows(os.path.abspath(record["path"]), events)  # found from whatever folder the table lies in
        for kind in self.kinds:
            if kind in WRITERS:
                extension, written = WRITERS[kind]
                path = self.folder / FOLDER / f"{name}{extension}"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, written(record["path"], events).encode("utf-8", "backslashreplace"))

    def close(self) -> list[str]:
        """Returns: what lies in the folder now. Raises: OSError."""
        if "csv" in self.kinds:
            write_atomic(self.folder / TABLE, csv_bytes(HEADER, self.rows, errors="backslashreplace"))
        return [TABLE] * ("csv" in self.kinds) + [f"{FOLDER}/"] * bool({*self.kinds} & {*WRITERS})
