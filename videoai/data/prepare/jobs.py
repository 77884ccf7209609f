"""What is to be made out of what, and the journal that lets a killed run go on where it stopped.

A job is done when its output has its final name and size and the journal says so. Outputs are pure functions of the
inputs and settings, so a job whose line was lost is simply made again, to the same bytes.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from videoai.core.files import write_atomic
from videoai.data.lists.clip_table import relative
from videoai.data.media import BadVideo
from videoai.data.shards.shards import find_member, is_member, member_name

Face = Literal["", "none", "one", "several"]  # "" = not looked for


class Source(NamedTuple):
    """One input: a file, a folder of images, or a member of a shard."""

    path: str  # as open_video takes it
    name: str  # its place in the tree of the output, with slashes, printable
    size: int  # bytes; 0 when it cannot be found
    stamp: str  # differs when the content does


class Job(NamedTuple):
    """One output file and what it is made of."""

    name: str
    sources: tuple[Source, ...]

    @property
    def stamp(self) -> str:
        return " ".join(source.stamp for source in self.sources)


@dataclass(frozen=True)
class Done:
    """What became of a job. Plain data: a line of the journal."""

    name: str
    stamp: str
    target: str  # the file made, below the output folder
    bytes_out: int
    bad: tuple[tuple[str, ...], ...] = ()  # name, reason, stage, detail, what was done about it
    face: Face = ""  # how many faces the video shows at a time


def new_source(path: str, root: str) -> Source:
    """Looks at size and time of change; opens nothing but the index of a shard."""
    if is_member(path):
        name = member_name(path)
        try:
            member = find_member(path)
        except BadVideo:
            return Source(path, name, 0, "missing")
        return Source(path, name, member.size, member.sha256)
    name = _name_of(path, root)
    try:
        about = os.stat(path)
        if os.path.isdir(path):
            size = sum(entry.stat().st_size for entry in os.scandir(path) if entry.is_file())
        else:
            size = about.st_size
    except (OSError, ValueError):  # ValueError: a null byte in the path
        return Source(path, name, 0, "missing")
    return Source(path, name, size, f"{size}-{about.st_mtime_ns}")


def check_unique_names(sources: Iterable[Source]) -> None:
    """Raises: ValueError: two inputs would be written to one place."""
    owner: dict[str, str] = {}
    for source in sources:
        other = owner.setdefault(source.name, source.path)
        if other != source.path:
            raise ValueError(f"{other} and {source.path} would both become {source.name}; rename one of them")


class Journal:
    """The lines of ``prepared.jsonl``: appended as jobs end, put into the order of the jobs when all have."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[str, Done] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                record = json.loads(line)
                done = Done(**{**record, "bad": tuple(tuple(entry) for entry in record["bad"])})
            except (ValueError, TypeError, KeyError):
                continue  # torn when the writer was killed: that job is made again
            self._done[done.name] = done
        self._write(self._done.values())

    def holds(self, job: Job) -> Done | None:
        """The outcome, if the inputs are still the same and the output is there as it was left."""
        done = self._done.get(job.name)
        if not done or done.stamp != job.stamp:
            return None
        try:
            size = (self.path.parent / done.target).stat().st_size
        except OSError:
            return None
        return done if size == done.bytes_out else None

    def add(self, done: Done) -> None:
        before = self._done.get(done.name)
        self._done[done.name] = done
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(done))
        if before and before.target != done.target:
            self._remove(before)

    def finish(self, jobs: Sequence[Job]) -> list[Done]:
        """All outcomes in the order of the jobs; nothing else stays in the file or in the folder."""
        done = [self._done.pop(job.name) for job in jobs]
        for one in self._done.values():  # shards, when files became smaller
            self._remove(one)
        self._write(done)
        return done

    def _remove(self, done: Done) -> None:
        path = self.path.parent / done.target
        for stale in (path, path.with_suffix(".csv")) if path.suffix == ".tar" else (path,):
            stale.unlink(missing_ok=True)

    def _write(self, done: Iterable[Done]) -> None:
        write_atomic(self.path, "".join(map(_line, done)).encode())


def _line(done: Done) -> str:
    return json.dumps(asdict(done)) + "\n"


def _name_of(path: str, root: str) -> str:
    """Below the root; what lies elsewhere goes below ``outside/``. A file name need not be UTF-8, a manifest must."""
    name = relative(os.path.abspath(path), root)
    if os.path.isabs(name):
        name = "outside" + os.path.splitdrive(name)[1]
    return name.replace(os.sep, "/").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
