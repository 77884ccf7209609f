"""Tables of features made ready to search: rows of unit length, so that the product of two is their cosine. Those of a
big table are kept in the cache folder, and mapped into memory from there."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy import ndarray

from videoai.core.cache import cache_folder
from videoai.core.files import cannot_write
from videoai.core.paths import is_url
from videoai.data.feature_table import Block, FeatureRow, read_blocks, read_provenance

SAVED_FROM_BYTES = 64 * 2**20  # a smaller table is read in a second and fits in memory
NAMED = 3  # rows without features whose reasons are kept
_FORMAT = 1  # what follows differs from what earlier versions of videoai saved


@dataclass(frozen=True)
class FeatureIndex:
    """The rows of a table that have features."""

    path: str  # the table
    rows: "Sequence[FeatureRow] | SavedRows"
    vectors: ndarray  # float32 [N, D], of length 1
    videos: ndarray  # int32 [N]: rows of one video have one number
    left_out: int  # rows of the table without features
    reasons: list[str]  # why the first of these have none
    provenance: dict[str, Any]

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def num_videos(self) -> int:
        """Videos that have a row."""
        return int(self.videos.max()) + 1 if len(self.videos) else 0

    def first_rows(self) -> list[FeatureRow]:
        """A row of each video, in the order of ``videos``."""
        return [self.rows[place] for place in np.unique(self.videos, return_index=True)[1].tolist()]

    def file_of(self, video: str, root: str | None = None) -> str:
        """Where a video lies: below ``root``, or where it lay when the table was made."""
        if is_url(video):
            return video
        return os.path.abspath(os.path.join(root or self.provenance.get("root") or "", video))


def open_index(path: str | Path) -> FeatureIndex:
    """A table, ready to search. What is saved of this very file (same path, size and time of change) is taken.

    Raises: FileNotFoundError; ValueError: another file, or a damaged one; ImportError: pyarrow is not installed.
        OSError: no room for what is kept of a big table.
    """
    path = Path(path)
    provenance = read_provenance(path)
    if path.stat().st_size < SAVED_FROM_BYTES:
        return _in_memory(path, provenance)
    folder = _saved_at(path)
    if not folder.exists():
        _save(path, folder)
    return _opened(path, folder, provenance)


def unit(vectors: ndarray) -> ndarray:
    """Vectors of length 1; one of nothing but zeros stays so, and is like no other."""
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(np.float32)


class UsableRows:
    """Walks over the rows of a table that have features, at unit length, and keeps account of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.width, self.left_out = path, 0, 0
        self.reasons: list[str] = []
        self.videos: list[int] = []
        self.numbers: dict[str, int] = {}

    def __iter__(self) -> Iterator[Block]:
        for rows, features in read_blocks(self.path):
            is_there: ndarray = np.isfinite(features).min(axis=1)
            missing = [row for row, there in zip(rows, is_there, strict=True) if not there]
            kept = [row for row, there in zip(rows, is_there, strict=True) if there]
            self.width, self.left_out = features.shape[1], self.left_out + len(missing)
            reasons = [f"{row.video}: {row.error or 'features that are not finite'}" for row in missing[:NAMED]]
            self.reasons = (self.reasons + reasons)[:NAMED]
            self.videos += [self.numbers.setdefault(row.video, len(self.numbers)) for row in kept]
            yield Block(kept, unit(features[is_there]))


def _in_memory(path: Path, provenance: dict[str, Any]) -> FeatureIndex:
    walk = UsableRows(path)
    blocks = [*walk]
    rows = [row for block in blocks for row in block.rows]
    vectors = np.concatenate([np.empty((0, walk.width), np.float32), *(block.features for block in blocks)])
    videos = np.array(walk.videos, np.int32)
    return FeatureIndex(str(path), rows, vectors, videos, walk.left_out, walk.reasons, provenance)


class SavedRows:
    """Rows as lines of JSON in a file, read one by one."""

    def __init__(self, folder: Path) -> None:
        self.ends = np.load(folder / "ends.npy", mmap_mode="r")
        self.text = np.memmap(folder / "rows.jsonl", np.uint8, "r") if len(self.ends) else b""

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: int) -> FeatureRow:
        """Raises: IndexError: there is no such row."""
        end = int(self.ends[place])
        start = int(self.ends[place - 1]) if place else 0
        return FeatureRow(*json.loads(bytes(self.text[start:end])))


def _opened(path: Path, folder: Path, provenance: dict[str, Any]) -> FeatureIndex:
    about = json.loads((folder / "about.json").read_bytes())
    # "c": pages are shared with the file as long as nobody writes, and torch takes an array that could be written.
    shape = tuple(about["shape"])
    vectors = np.memmap(folder / "vectors.bin", np.float32, "c", shape=shape) if shape[0] else np.empty(shape, "f4")
    videos = np.load(folder / "videos.npy")
    return FeatureIndex(str(path), SavedRows(folder), vectors, videos, about["left_out"], about["reasons"], provenance)


def _save(path: Path, folder: Path) -> None:
    """Write a folder that appears when it is whole, and remove those of former contents of the table."""
    old = [*folder.parent.glob(f"{folder.name.partition('-')[0]}-*")]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        old.append(Path(mkdtemp(prefix=".", suffix=".tmp", dir=folder.parent)))
        _write(path, old[-1])
        _rename(old[-1], folder)
    except OSError as error:
        raise cannot_write(folder, error, num_bytes=path.stat().st_size) from error
    finally:
        for one in old:
            shutil.rmtree(one, ignore_errors=True)


def _rename(temporary: Path, folder: Path) -> None:
    try:
        os.rename(temporary, folder)
    except OSError:
        if not folder.exists():  # else another process was faster
            raise


def _write(path: Path, folder: Path) -> None:
    walk, ends, end = UsableRows(path), [], 0
    with (folder / "vectors.bin").open("wb") as vectors, (folder / "rows.jsonl").open("wb") as lines:
        for rows, features in walk:
            vectors.write(features.data)
            for row in rows:
                end += lines.write((json.dumps(row) + "\n").encode())
                ends.append(end)
    np.save(folder / "ends.npy", np.array(ends, np.int64))
    np.save(folder / "videos.npy", np.array(walk.videos, np.int32))
    about = {"shape": [len(ends), walk.width], "left_out": walk.left_out, "reasons": walk.reasons}
    (folder / "about.json").write_text(json.dumps(about))


def _saved_at(path: Path) -> Path:
    """The same folder for the same path, size and time of change."""
    name = blake2b(os.fsencode(os.path.abspath(path)), digest_size=12).hexdigest()
    status = os.stat(path)
    stamp = blake2b(repr((_FORMAT, status.st_size, status.st_mtime_ns)).encode(), digest_size=6).hexdigest()
    return cache_folder() / "feature_index" / f"{name}-{stamp}"
