"""Tables of features: one row a video or window, and where it comes from. Written whole, block by block; read back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy import ndarray

from videoai.core.files import open_atomic

PROVENANCE = "videoai"  # the key of the metadata of a Parquet file, and the name of an array of an npz file
COLUMNS = ("video", "start_seconds", "end_seconds", "split", "label", "group", "fingerprint", "error")
READ_ROWS = 8192  # a Parquet file is read in such blocks: 25 MB at 768 features
UNREADABLE = (OSError, ValueError, KeyError, EOFError, BadZipFile)  # what a damaged file, or another one, raises
NEEDS_PYARROW = "features.parquet needs pyarrow: pip install 'videoai[parquet]', or format=npz"


class FeatureRow(NamedTuple):
    """What a row says beside its features."""

    video: str  # the path below the data's folder, or as it was given
    start_seconds: float | None  # None = the whole video
    end_seconds: float | None  # None = to its end
    split: str | None
    label: str | None  # several: run|jump
    group: str | None
    fingerprint: str | None  # see data/fingerprint.py; None = the file cannot be read
    error: str | None = None  # why there are no features


class Block(NamedTuple):
    """Some rows and their features, float32 [N, D]; NaN where a row has an error."""

    rows: Sequence[FeatureRow]
    features: ndarray


@dataclass(frozen=True)
class FeatureTable:
    """A table that was read."""

    rows: list[FeatureRow]
    features: ndarray  # float32 [N, D]; NaN where a row has an error
    provenance: dict[str, Any]
    columns: dict[str, list[Any]]  # what somebody added, by name

    def __len__(self) -> int:
        return len(self.rows)


def write_table(path: Path, blocks: Iterator[Block], width: int, provenance: Mapping[str, Any]) -> None:
    """A ``.parquet`` or ``.npz`` file that appears when it is whole.

    Args:
        width: D.
    Raises: ImportError: pyarrow is not installed. OSError.
    """
    with open_atomic(path) as file:
        write = _write_npz if path.suffix == ".npz" else _write_parquet
        write(file, blocks, width, json.dumps(dict(provenance)))


def read_features(path: str | Path) -> FeatureTable:
    """Raises: FileNotFoundError; ValueError: another file, or a damaged one; ImportError: pyarrow is not installed."""
    with _reading(Path(path)) as path:
        return _read_npz(path) if path.suffix == ".npz" else _read_parquet(path)


def read_blocks(path: Path) -> Iterator[Block]:
    """The rows of a table, some at a time: a Parquet file is never whole in memory, an npz file is.

    Raises: as ``read_features``.
    """
    with _reading(path):
        if path.suffix == ".npz":
            table = _read_npz(path)
            yield Block(table.rows, table.features)
            return
        # Read ahead, pyarrow keeps all that it has read.
        with import_pyarrow().parquet.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(READ_ROWS, columns=[*COLUMNS, "features"]):
                columns = [batch.column(name).to_pylist() for name in COLUMNS]
                yield Block([FeatureRow(*row) for row in zip(*columns, strict=True)], _array(batch.column("features")))


def read_provenance(path: Path) -> dict[str, Any]:
    """Where a table comes from, without its rows. Raises: as ``read_features``."""
    with _reading(path):
        if path.suffix == ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return json.loads(str(arrays[PROVENANCE]))
        metadata = import_pyarrow().parquet.read_schema(path).metadata
        return json.loads((metadata or {})[PROVENANCE.encode()])


@contextmanager
def _reading(path: Path) -> Iterator[Path]:
    """What is wrong with the file, named."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. videoai features extract writes one")
    try:
        yield path
    except UNREADABLE as error:
        what = "an .npz file" if path.suffix == ".npz" else "a Parquet file"
        raise ValueError(f"{path}: not {what} of videoai features extract, or damaged ({error})") from error


def import_pyarrow() -> Any:
    """Raises: ImportError: naming the extra."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(NEEDS_PYARROW) from error
    return pyarrow


def _write_parquet(file: Any, blocks: Iterator[Block], width: int, provenance: str) -> None:
    arrow = import_pyarrow()
    kinds = {"start_seconds": arrow.float64(), "end_seconds": arrow.float64()}
    fields = [(name, kinds.get(name, arrow.string())) for name in COLUMNS]
    fields.append(("features", arrow.list_(arrow.float32(), width)))
    schema = arrow.schema(fields, metadata={PROVENANCE: provenance})
    with arrow.parquet.ParquetWriter(file, schema) as writer:
        for rows, features in blocks:
            texts = zip(zip(*rows, strict=True), fields[:-1], strict=True)
            columns = [arrow.array(map(_as_utf8, column), kind) for column, (_, kind) in texts]
            missing = arrow.array([row.error is not None for row in rows])
            flat = arrow.array(np.ascontiguousarray(features).reshape(-1))
            columns.append(arrow.FixedSizeListArray.from_arrays(flat, width, mask=missing))
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema))


def _as_utf8(value: str | float | None) -> str | float | None:
    """A file name that is not UTF-8 as ``\\udcff``: Parquet holds no other text."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _read_parquet(path: Path) -> FeatureTable:
    arrow = import_pyarrow()
    table = arrow.parquet.read_table(path)
    provenance = json.loads((table.schema.metadata or {})[PROVENANCE.encode()])
    features = _array(table.column("features").combine_chunks())
    own = {name: table.column(name).to_pylist() for name in table.column_names if name != "features"}
    rows = [FeatureRow(*values) for values in zip(*(own.pop(name) for name in COLUMNS), strict=True)]
    return FeatureTable(rows, features, provenance, own)


def _array(column: Any) -> ndarray:
    """float32 [N, D] of a column of lists; NaN where there is none."""
    width = column.type.list_size
    features = np.full((len(column), width), np.nan, np.float32)
    is_there = ~np.asarray(column.is_null())
    features[is_there] = column.drop_null().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return features


def _write_npz(file: Any, blocks: Iterator[Block], width: int, provenance: str) -> None:
    """Text as arrays of unicode, so that reading needs no pickle; times that are None as NaN, other texts as ""."""
    rows: list[FeatureRow] = []
    features = [np.empty((0, width), np.float32)]
    for block in blocks:
        rows += block.rows
        features.append(block.features)
    columns: dict[str, Any] = {}
    for place, name in enumerate(COLUMNS):
        values = [row[place] for row in rows]
        is_time = name.endswith("_seconds")
        columns[name] = np.array(values, np.float64) if is_time else np.array([value or "" for value in values], str)
    columns |= {"features": np.concatenate(features), PROVENANCE: np.array(provenance)}
    np.savez(file, **columns)


def _read_npz(path: Path) -> FeatureTable:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:  # by path it leaves a bad file open
        held = {name: arrays[name] for name in arrays.files}
    provenance = json.loads(str(held.pop(PROVENANCE)))
    features = held.pop("features")
    columns = [[_none_if_missing(value) for value in held.pop(name).tolist()] for name in COLUMNS]
    rows = [FeatureRow(*values) for values in zip(*columns, strict=True)]
    return FeatureTable(rows, features, provenance, {name: values.tolist() for name, values in held.items()})


def _none_if_missing(value: str | float) -> str | float | None:
    """None for "" and NaN, which stand for it in an npz file."""
    return None if value == "" or value != value else value
