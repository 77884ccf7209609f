"""``data check``: every file of a data set decoded and compared, once; what was done is kept, so a check can go on."""

import base64
import json
import logging
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from videoai.core.build import ANYTHING
from videoai.core.device import resolve_device
from videoai.core.files import write_atomic
from videoai.core.progress import counting
from videoai.core.types import ClipSpec
from videoai.data.check.examine import Examined, examine
from videoai.data.check.faults import KINDS, Fault, find_faults
from videoai.data.check.lenient import LENIENT, with_known_labels
from videoai.data.check.near_duplicates import MAX_NEAR
from videoai.data.decode import open_video
from videoai.data.encode import make_folder
from videoai.data.isolation import WorkerFailure, isolated
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.lists.quarantine import write_quarantine
from videoai.data.media import BadVideo, sniff
from videoai.report.check import NAME, TABLE, faults_csv
from videoai.report.check_page import CheckedData, check_page
from videoai.report.page.film import MAX_SIDE, Film
from videoai.run.manifests import announce_data, build_manifest
from videoai.run.outside_clips import check_outside_clips
from videoai.run.training.choose_model import NUM_LOOKED_AT, clip_of, is_open_clip
from videoai.run.video_facts import look_at, spread
from videoai.settings.data import DataSettings
from videoai.settings.datasets import CheckSettings
from videoai.settings.model import ClipSettings

logger = logging.getLogger(__name__)
DEADLY = ("crash", "timeout")
NUM_FRAMES = 8  # frames of a video on the page


class Checked(NamedTuple):
    """The outcome of a check."""

    faults: list[Fault]
    num_files: int
    folder: Path


def check(
    settings: CheckSettings, data: DataSettings, *, frame_fps: float | None = None, clip: ClipSettings | None = None
) -> Checked:
    """Examines what ``data`` names and writes ``quarantine.csv``, ``report.csv`` and ``report.html``.

    Args:
        frame_fps: of folders of images.
        clip: also name the videos that are shorter than one; what is auto in it is chosen as ``train`` does.
    Raises: ValueError, OSError: data that cannot be listed, or a folder that cannot be written.
    """
    folder = Path(settings.out or os.path.join("runs", f"check-{name_of(data)}"))
    check_outside_clips(data, folder, "out")
    manifest, listed = list_videos(data)
    make_folder(folder)
    announce_data(manifest)
    paths = sorted({item.path for items in manifest.splits.values() for item in items})
    examined = list(_examined(paths, folder / "examined.jsonl", settings, frame_fps))
    near = settings.near_duplicates
    if near and len(examined) > MAX_NEAR:
        logger.warning("%d files: only bytes are compared, not pictures (at most %d)", len(examined), MAX_NEAR)
        near = False
    deadly = {file.path for file in examined if file.reason in DEADLY}
    spec = clip and clip_to_fill(clip, manifest.splits["train"], frame_fps, unless=deadly)
    faults = sorted([*listed, *find_faults(manifest, examined, near=near, clip=spec)])
    bad = [(fault.path, fault.kind, fault.detail) for fault in faults if fault.path and not fault.is_light]
    write_quarantine(folder / "quarantine.csv", bad)
    write_atomic(folder / TABLE, faults_csv(faults))
    checked = checked_data(manifest, examined)
    page = check_page(checked, faults, meanings=KINDS, look=partial(film_of, unless=deadly), folder=folder)
    write_atomic(folder / NAME, page)
    return Checked(faults, len(paths), folder)


def name_of(data: DataSettings) -> str:
    """What the data are called: their file or folder, else their layout."""
    where = data.source.get("path") or data.source.get("root")
    return Path(where).stem if where else data.name or "data"


def list_videos(data: DataSettings) -> tuple[Manifest, list[Fault]]:
    """What is to be examined, and the faults of the list itself; also when training would reject it.

    Raises: ValueError, OSError: nothing can be listed.
    """
    try:
        manifest = build_manifest(data, trust=ANYTHING)
        manifest.check_learnable()
    except (ValueError, FileNotFoundError) as error:
        lenient = LENIENT.get(data.name or "")
        if lenient is None or not os.path.exists(data.source.get("path") or data.source["root"]):
            raise
        manifest, listed = lenient(**data.source)
        if not any(manifest.splits.values()):
            raise
        faults = [Fault("refused", "", str(error)), *(Fault(*fault) for fault in listed)]
    else:
        faults = _passed_over(manifest, data) if data.name == "folder" else []
    manifest, unknown = with_known_labels(manifest)
    return manifest, [*faults, *(Fault(*fault) for fault in unknown)]


def _passed_over(manifest: Manifest, data: DataSettings) -> list[Fault]:
    """What lies in class folders under the name of a video and is none: links to nothing, pipes, folders."""
    taken = {item.path for items in manifest.splits.values() for item in items}
    everything, _ = LENIENT["folder"](**data.source)
    faults = []
    for path in sorted({item.path for items in everything.splits.values() for item in items} - taken):
        try:
            sniff(path)
        except BadVideo as bad:
            faults.append(Fault(bad.reason, path, bad.detail))
    return faults


def _examined(paths: list[str], journal: Path, settings: CheckSettings, frame_fps: float | None) -> Iterator[Examined]:
    """From the journal where the file is the same as then, else again; each answer is written down at once."""
    known = _read_journal(journal)
    stamps = {path: _stamp(path, frame_fps) for path in paths}
    done = [known[path][1] for path in paths if path in known and known[path][0] == stamps[path]]
    done = [file for file in done if file.reason not in DEADLY]  # another time there may be more memory, or patience
    yield from done
    left = sorted(set(paths) - {file.path for file in done})
    if done:
        logger.info("%d of %d files were examined before", len(done), len(paths))
    workers = os.cpu_count() or 1 if settings.num_workers == "auto" else settings.num_workers
    examine_one = partial(examine, frame_fps=frame_fps)
    answers = isolated(left, examine_one, num_workers=workers, seconds=settings.seconds_per_file)
    with journal.open("a", encoding="utf-8") as file, closing(answers), counting("check", len(left), "files") as add:
        for path, answer in answers:
            answer = Examined(path, answer.reason, answer.detail) if isinstance(answer, WorkerFailure) else answer
            file.write(json.dumps([stamps[path], _as_json(answer)]) + "\n")
            file.flush()
            add(1)
            yield answer


def clip_to_fill(clip: ClipSettings, items: Items, frame_fps: float | None, unless: Collection[str]) -> ClipSpec:
    """The clip that ``train`` would take. Files ``unless`` killed a process that read them: they are not opened, and
    the others in another process."""
    sample = [item for item in spread(items, NUM_LOOKED_AT) if item.path not in unless] if is_open_clip(clip) else []
    facts = look_at(sample, len(sample), {"frame_fps": frame_fps, "isolated": True})
    return clip_of(clip, facts, resolve_device("auto"))


def checked_data(manifest: Manifest, examined: Collection[Examined]) -> CheckedData:
    """What the page says of the data."""
    filled = [split for split in SPLITS if len(manifest.splits[split])]
    counts = [(title, [row[SPLITS.index(split)] for split in filled]) for title, *row in manifest.table()]
    lengths = {file.path: file.seconds for file in examined}
    seconds = [
        min(length if item.end_seconds is None else item.end_seconds, length) - item.start_seconds
        for split in filled
        for item in manifest.splits[split]
        if (length := lengths.get(item.path, 0.0)) > item.start_seconds
    ]
    return CheckedData(
        source=manifest.source,
        num_files=len(examined),
        counts=counts,
        splits=filled,
        seconds=seconds,
        notes=manifest.notes,
    )


def film_of(path: str, unless: Collection[str]) -> Film | None:
    """Some frames of a video from its beginning to its end, else its first one; None where it cannot be read, or killed
    the process that read it."""
    if path in unless:
        return None
    try:
        with open_video(path) as video:
            scale = MAX_SIDE / max(video.height, video.width)
            size = (max(1, round(video.height * scale)), max(1, round(video.width * scale)))
            spread = [index * (video.num_frames - 1) // (NUM_FRAMES - 1) for index in range(NUM_FRAMES)]
            try:
                return Film(video.frames(spread, size=size))
            except BadVideo:
                return Film(video.frames([0], size=size))
    except BadVideo:
        return None


def _read_journal(journal: Path) -> dict[str, tuple[list[float], Examined]]:
    """Path -> (size and time of change then, what was found). A line cut off by a kill is left out."""
    known: dict[str, tuple[list[float], Examined]] = {}
    if not journal.exists():
        return known
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            stamp, fields = json.loads(line)
            answer = Examined(**fields | {"looks": base64.b64decode(fields["looks"])})
        except (ValueError, TypeError, LookupError):
            continue
        known[answer.path] = (stamp, answer)
    return known


def _as_json(answer: Examined) -> dict[str, Any]:
    return answer._asdict() | {"looks": base64.b64encode(answer.looks).decode()}


def _stamp(path: str, frame_fps: float | None) -> list[float]:
    """What must be the same for an answer to count again."""
    try:
        status = os.stat(path)
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns, *([frame_fps] if frame_fps and stat.S_ISDIR(status.st_mode) else [])]
