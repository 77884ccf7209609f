"""Files into tar shards with an index, see data/shards/shards.py."""

import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from videoai.core.files import csv_bytes, open_atomic, write_atomic
from videoai.data.decode import CACHE_SUFFIX
from videoai.data.decode.pyav import PyAVVideo
from videoai.data.media import BadVideo, open_regular
from videoai.data.prepare.jobs import Done, Job, Source
from videoai.data.shards.shards import INDEX_COLUMNS, MAX_MEMBER_BYTES, is_member, read_member

BLOCK = tarfile.BLOCKSIZE  # headers and data begin at multiples of 512


@dataclass(frozen=True, kw_only=True)
class ToShards:
    """Files as they are, in the order they come, some ``shard_mb`` megabytes a shard."""

    shard_mb: float

    def jobs(self, sources: list[Source]) -> list[Job]:
        """A pure function of order and sizes. Raises: ValueError: an input that is no file, or too large for one."""
        shards: list[list[Source]] = []
        room = 0.0
        for source in sources:
            if Path(source.path).is_dir() or source.path.endswith(CACHE_SUFFIX):
                raise ValueError(f"{source.path} is no video file; make videos first, to=videos")
            if source.size > MAX_MEMBER_BYTES:
                size = f"{source.size / 1e9:.1f} GB, above {MAX_MEMBER_BYTES / 1e9:.1f} GB"
                raise ValueError(f"{source.path}: {size}; cut it into clips, or re-encode it first, to=videos")
            if not shards or source.size > room:
                shards.append([])
                room = self.shard_mb * 1e6
            shards[-1].append(source)
            room -= source.size
        return [Job(f"{number:05d}", tuple(members)) for number, members in enumerate(shards)]

    def make(self, job: Job, out: Path) -> Done:
        """Raises: OSError: the output cannot be written."""
        (out / "shards").mkdir(parents=True, exist_ok=True)
        bad: list[tuple[str, ...]] = []
        rows: list[tuple[object, ...]] = []
        target = f"shards/{job.name}.tar"
        with open_atomic(out / target) as file:
            for source in job.sources:
                data = _read(source, bad)
                file.write(_header(source.name, len(data)))
                rows.append((source.name, file.tell(), len(data), sha256(data).hexdigest()))
                file.write(data + bytes(-len(data) % BLOCK))
            file.write(bytes(2 * BLOCK))
        write_atomic(out / f"shards/{job.name}.csv", csv_bytes(INDEX_COLUMNS, rows))
        return Done(job.name, job.stamp, target, (out / target).stat().st_size, tuple(bad))

    def give_up(self, job: Job, out: Path) -> Done:
        raise OSError(f"packing shard {job.name} ended its process twice; memory may be short: try num_workers=0")

    def location(self, done: Done, source: Source) -> str:
        """What the manifest calls it."""
        return f"{done.target}#{source.name}"

    def estimate(self, sources: list[Source]) -> int:
        return sum(source.size + 3 * BLOCK for source in sources)


def _header(name: str, size: int) -> bytes:
    """The same for everyone: no owner, no time."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.PAX_FORMAT)


def _read(source: Source, bad: list[tuple[str, ...]]) -> bytes:
    """The bytes, whatever they are; what cannot be opened is packed all the same, and noted."""
    data, action = b"", "an empty file takes its place"
    try:
        if is_member(source.path):
            data = read_member(source.path)
        else:
            with open_regular(source.path) as file:
                data = file.read()
        action = "packed as it is"
        PyAVVideo(source.path, data).close()
    except BadVideo as error:
        bad.append((source.name, error.reason, error.stage, error.detail, action))
    return data
