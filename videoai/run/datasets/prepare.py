"""``data prepare``: a data set -> another one that training reads faster, with the same labels, splits and order.

OUT/prepare.json      how it was made; another command into the same folder is an error
OUT/prepared.jsonl    a line a file: what it was made of and became; lets a killed run go on
OUT/unreadable.csv    what could not be read, why, and what was done about it
OUT/clips.csv         path,label,split,group,start_seconds,end_seconds[,label_seconds or targets]; written last
OUT/videos, frames or shards
OUT/faces.csv, no_face.csv   with faces=...: see faces.py
"""

import json
import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from videoai.core.build import ANYTHING
from videoai.core.cores import available_cores
from videoai.core.files import csv_bytes, write_atomic
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.faces.crop import FaceCropping
from videoai.data.isolation import WorkerFailure, isolated
from videoai.data.lists.clips_csv import check_writable, clips_csv
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.media import BadVideo
from videoai.data.prepare.convert import ToClips, ToVideos
from videoai.data.prepare.jobs import Done, Job, Journal, Source, check_unique_names, new_source
from videoai.data.prepare.pack import ToShards
from videoai.data.reading import read_views
from videoai.run.datasets.faces import FacesFound, facts_of, found_in, new_cropping, with_faces, write_faces
from videoai.run.datasets.prepared_folder import check_outside_input, check_same_preparation, locked
from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings
from videoai.settings.datasets import PrepareSettings
from videoai.tasks import suiting

logger = logging.getLogger(__name__)

Form = ToVideos | ToClips | ToShards
SETTINGS = {  # the settings that each form takes
    "videos": ("short_side", "crf", "preset", "keyint", "fps", "frame_fps"),
    "clips": ("short_side", "pixels", "frame_fps"),
    "shards": ("shard_mb",),
}
NUM_ESTIMATED = 64  # videos that are opened to estimate the bytes of all
NUM_TIMED = 8  # videos whose clips are timed before and after
REPORT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What became of a data set."""

    out: str
    to: str  # videos, clips or shards
    manifest: str  # path of clips.csv
    task: str  # which suits the labels: classify or multi_label
    columns: Kinds  # targets that the table holds
    num_videos: int
    num_made: int  # by this call; the others were there
    bytes_in: int
    bytes_out: int
    unreadable: list[tuple[Any, ...]]  # rows of unreadable.csv
    classes: tuple[str, ...]
    splits: dict[str, int]  # clips in each
    clip_ms: tuple[float, float] | None  # to read a clip, before and after; None = nothing was made
    faces: FacesFound | None = None  # None = pictures are whole


def prepare(settings: PrepareSettings, data: DataSettings) -> Prepared:
    """Make the copy of ``data`` that the settings ask for.

    Raises: ValueError, OSError: one line each.
    """
    manifest = build_manifest(data, trust=ANYTHING)
    check_writable(manifest)
    out = Path(os.path.abspath(os.path.expanduser(settings.out)))
    check_outside_input(out, manifest)
    sources = find_sources(manifest)
    faces = new_cropping(settings, manifest.root, list(sources.values()))
    form = new_form(settings, faces)
    jobs = form.jobs(list(sources.values()))
    facts = {"format": 1, **settings_of(settings), **facts_of(settings, faces)}
    facts |= {"data": manifest.fingerprint(), "classes": list(manifest.classes)}
    if manifest.columns and settings.to == "shards":
        facts["columns"] = [{**asdict(column), "classes": list(column.classes)} for column in manifest.columns]
    check_same_preparation(out, facts)
    with locked(out):
        journal = Journal(out / "prepared.jsonl")
        todo = [job for job in jobs if not journal.holds(job)]
        if todo:
            announce(form, list(sources.values()), todo, out)
        write_atomic(out / "prepare.json", (json.dumps(facts, indent=1) + "\n").encode())
        make_all(form, todo, journal, out, settings.num_workers)
        done = journal.finish(jobs)
        located = locations(form, jobs, done)
        unreadable = [row for one in done for row in one.bad]
        found = found_in(done, settings) if faces else None
        if found:
            write_faces(out, done, found)
            manifest = with_faces(manifest, sources, found)
        write_tables(out, clips_csv(manifest, located, keep_label=settings.to == "shards"), unreadable)
    pairs = [(source.path, f"{out}/{located[source.path]}") for source in readable(sources.values(), unreadable)]
    return Prepared(
        out=str(out),
        to=settings.to,
        manifest=str(out / "clips.csv"),
        task=suiting(manifest)["name"],
        columns={column.name: column.kind for column in manifest.columns},
        num_videos=len(sources),
        num_made=sum(len(job.sources) for job in todo),
        bytes_in=sum(source.size for source in sources.values()),
        bytes_out=sum(one.bytes_out for one in done),
        unreadable=unreadable,
        classes=tuple(manifest.classes),
        splits={split: len(manifest.splits[split]) for split in SPLITS},
        clip_ms=clip_ms(pairs, settings) if todo and pairs else None,
        faces=found,
    )


def new_form(settings: PrepareSettings, faces: FaceCropping | None) -> Form:
    """What makes the files, from the settings that it takes."""
    given = {key: getattr(settings, key) for key in SETTINGS[settings.to]}
    if settings.to == "shards":
        return ToShards(**given)
    return {"videos": ToVideos, "clips": ToClips}[settings.to](**given, faces=faces)


def settings_of(settings: PrepareSettings) -> dict[str, Any]:
    """What decides the bytes of the output."""
    return {"to": settings.to, **{key: getattr(settings, key) for key in SETTINGS[settings.to]}}


def find_sources(manifest: Manifest) -> dict[str, Source]:
    """Path -> source, in the order of train, val and test; a file with several clips once."""
    paths = dict.fromkeys(item.path for split in SPLITS for item in manifest.splits[split])
    sources = {path: new_source(path, manifest.root) for path in paths}
    check_unique_names(sources.values())
    return sources


def announce(form: Form, sources: Sequence[Source], todo: Sequence[Job], out: Path) -> None:
    """Say what is to come. Raises: OSError: the disk has no room for it."""
    num_left = sum(len(job.sources) for job in todo)
    if num_left < len(sources):
        logger.info("going on: %d of %d videos are there already", len(sources) - num_left, len(sources))
    existing = [source for source in sources if source.size]
    sample = (
        list(sources)
        if isinstance(form, ToShards)
        else existing[:: max(1, len(existing) // NUM_ESTIMATED)][:NUM_ESTIMATED]
    )
    estimate = form.estimate(sample) * len(sources) / max(1, len(sample))
    free = shutil.disk_usage(out).free
    note = "" if len(sample) == len(sources) else f", estimated from {len(sample)} of them"
    logger.info(
        "%d videos, %s -> about %s%s; %s free",
        *(len(sources), as_bytes(sum(source.size for source in sources)), as_bytes(estimate), note, as_bytes(free)),
    )
    needed = estimate * num_left / len(sources)
    if needed > free:
        raise OSError(
            f"out={out}: about {as_bytes(needed)} are needed and {as_bytes(free)} are free. Free some space, "
            "choose another disk, or a smaller short_side."
        )


def make_all(form: Form, todo: Sequence[Job], journal: Journal, out: Path, num_workers: int | None) -> None:
    """Every job, with a line of progress now and then. Raises: OSError: the output cannot be written."""
    cores = available_cores()
    workers = min(cores if num_workers is None else num_workers, len(todo))
    sizes = {job.name: len(job.sources) for job in todo}
    total, made = sum(sizes.values()), 0
    reported = time.monotonic()
    started, made_before = reported, 0  # until the first is done: processes take seconds to start
    try:
        for done in _outcomes(form, todo, out, workers):
            journal.add(done)
            made += sizes[done.name]
            now = time.monotonic()
            if not made_before and made < total:
                started, reported, made_before = now, now, made
            elif now - reported > REPORT_SECONDS or made == total:
                rate, reported = (made - made_before) / (now - started), now
                left = f", {(total - made) / rate:.0f} s left" if made < total else ""
                logger.info("%d of %d videos, %.1f a second%s", made, total, rate, left)
    except OSError as error:
        raise OSError(
            f"out={out}: {error}. Fix that and run the same command: it continues where it stopped"
        ) from error


def _outcomes(form: Form, todo: Sequence[Job], out: Path, num_workers: int) -> Iterator[Done]:
    """A job that takes its process with it is tried once more, alone: memory may have been short."""
    make = partial(form.make, out=out)
    for job, done in isolated(todo, make, num_workers=num_workers):
        if isinstance(done, WorkerFailure):
            ((_, done),) = isolated([job], make, num_workers=1)
        yield form.give_up(job, out=out) if isinstance(done, WorkerFailure) else done


def locations(form: Form, jobs: Sequence[Job], done: Sequence[Done]) -> dict[str, str]:
    """Path of an input -> what the new manifest calls it."""
    return {
        source.path: form.location(one, source) for job, one in zip(jobs, done, strict=True) for source in job.sources
    }


def readable(sources: Iterable[Source], unreadable: Iterable[tuple[str, ...]]) -> list[Source]:
    """The sources that no row names."""
    unread = {row[0] for row in unreadable}
    return [source for source in sources if source.name not in unread]


def write_tables(out: Path, clips: bytes, unreadable: Sequence[tuple[str, ...]]) -> None:
    """``unreadable.csv``, then ``clips.csv``, which says that all is done."""
    header = ("path", "reason", "stage", "detail", "outcome")
    write_atomic(out / "unreadable.csv", csv_bytes(header, unreadable, errors="backslashreplace"))
    write_atomic(out / "clips.csv", clips)


def clip_ms(pairs: Sequence[tuple[str, str]], settings: PrepareSettings) -> tuple[float, float]:
    """Milliseconds for one clip of 16 frames, four apart, out of an input and out of what became of it: the mean over
    some videos of the best of five. The two take turns, because others may use the machine."""
    sample = pairs[:: max(1, len(pairs) // NUM_TIMED)][:NUM_TIMED]
    size = 224 if settings.to == "shards" else settings.short_side
    clip = ClipSpec(num_frames=16, stride=4, size=size)
    total = [0.0, 0.0]
    for pair in sample:
        rounds = [[seconds_to_read(path, clip) for path in pair] for _ in range(5)]
        total = [sum(times) for times in zip(total, map(min, zip(*rounds, strict=True)), strict=True)]
    before, after = (1000 * seconds / len(sample) for seconds in total)
    return before, after


def seconds_to_read(path: str, clip: ClipSpec) -> float:
    """The middle clip of one video, which is opened for it."""
    start = time.perf_counter()
    with suppress(BadVideo):  # damage that showed neither while it was made nor on the way back
        read_views(VideoItem(path, 0), clip)
    return time.perf_counter() - start


def as_bytes(number: float) -> str:
    """``3.2 GB``, in powers of 1000."""
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
