"""Writes MDS shards as MosaicML Streaming's MDSWriter does (streaming/base/format/mds/writer.py), without it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

SIZES = {"int": 8, "uint8": 1, "int32": 4}  # bytes of encodings with one size


def encoded(value: object, kind: str) -> bytes:
    if kind in SIZES:
        return np.array(value, "<i8" if kind == "int" else kind).tobytes()
    if kind == "json":
        return json.dumps(value).encode()
    return value if isinstance(value, bytes) else str(value).encode()


def write_shards(
    folder: Path, columns: Mapping[str, str], samples: Sequence[Mapping[str, object]], per_shard=5
) -> Path:
    """Five samples a file. ``columns``: encoding of each column."""
    folder.mkdir(parents=True, exist_ok=True)
    names, shards, per_shard = sorted(columns), [], 5
    about = {"format": "mds", "version": 2, "column_names": names, "compression": None, "hashes": []}
    about |= {"column_encodings": [columns[name] for name in names], "zip_data": None}
    about |= {"column_sizes": [SIZES.get(columns[name]) for name in names], "size_limit": 67108864}
    for number, start in enumerate(range(0, len(samples), per_shard)):
        held = []
        for sample in samples[start : start + per_shard]:
            data = [encoded(sample[name], columns[name]) for name in names]
            own = [len(one) for one, name in zip(data, names, strict=True) if columns[name] not in SIZES]
            held.append(np.array(own, "<u4").tobytes() + b"".join(data))
        config = json.dumps(about, sort_keys=True).encode()
        first = 4 + 4 * (len(held) + 1) + len(config)
        offsets = np.cumsum([first, *map(len, held)]).astype("<u4")
        name = f"shard.{number:05d}.mds"
        data = np.uint32(len(held)).tobytes() + offsets.tobytes() + config + b"".join(held)
        (folder / name).write_bytes(data)
        raw = {"basename": name, "bytes": len(data), "hashes": {}}
        shards.append({**about, "samples": len(held), "raw_data": raw})
    (folder / "index.json").write_text(json.dumps({"version": 2, "shards": shards}, sort_keys=True))
    return folder
