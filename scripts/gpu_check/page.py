"""The page: gpu_check.md for a person, gpu_check.json with the same for a program."""

import json
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from process import Ended
from rows import rounded
from sections import Section

LAST_LINES = 25  # how much of a failed command's output is shown


class Result(NamedTuple):
    """How a section ended, and its figures."""

    name: str
    status: str  # ok, skipped, failed, timed out, not run
    why: str
    command: Sequence[str]
    seconds: float = 0.0
    rows: Sequence[dict[str, Any]] = ()
    output: Sequence[str] = ()  # its last lines

    @classmethod
    def of(cls, section: Section, ended: Ended, rows: Path) -> "Result":
        """``rows``: lines of JSON; a section that is a command of videoai names a file of its own."""
        found = read_rows(section.figures or rows)
        last = ended.output[-LAST_LINES:]
        return cls(section.name, ended.status, ended.why, section.command, round(ended.seconds, 1), found, last)

    @property
    def said(self) -> str:
        """``ok in 12 s``, or what went wrong."""
        return f"{self.status}{': ' if self.why else ''}{self.why} in {self.seconds:.0f} s"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """A list in JSON, or lines of it; nothing where a section ended before it wrote any, or in the middle of a line."""
    if not path.exists():
        return []
    text = path.read_text()
    try:
        return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    except ValueError:
        return []


def write_page(folder: Path, results: Sequence[Result], arguments: Sequence[str]) -> None:
    """Write both files, in the place of older ones."""
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["scripts/gpu_check.sh", *arguments]),
        "failed": [result.name for result in results if result.status not in ("ok", "skipped")],
        "sections": [result._asdict() for result in results],
    }
    (folder / "gpu_check.json").write_text(json.dumps(facts, indent=1) + "\n")
    (folder / "gpu_check.md").write_text("\n".join(markdown(facts, results)) + "\n")


def markdown(facts: dict[str, Any], results: Sequence[Result]) -> list[str]:
    """Lines: the sections in a table, what failed, then the figures of each."""
    lines = ["# GPU check", "", f"{facts['date']}, `{facts['command']}`", ""]
    lines += [f"Failed: {', '.join(facts['failed'])}." if facts["failed"] else "All sections ran."]
    lines += table([{"section": r.name, "result": r.status, "why": r.why, "seconds": r.seconds} for r in results])
    for result in results:
        lines += ["", f"## {result.name}", "", f"`{shlex.join(result.command)}`", *table(result.rows)]
        if result.status != "skipped" and (result.why or not result.rows):
            lines += ["", f"{result.said}. Its last lines:", "", "```", *result.output, "```"]
    return lines


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A column for each key, in the order in which they come."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if not keys:
        return []
    cells = [[str(rounded(row.get(key, ""))).replace("|", "\\|") for key in keys] for row in rows]
    return ["", *(f"| {' | '.join(row)} |" for row in [keys, ["---"] * len(keys), *cells])]
