"""Damages real files at random and reads them: ``python mutants.py SEED_FOLDER FIRST COUNT``. One JSON line a mutant.

In a process of its own, because what is looked for is a process that dies or never comes back. Mutant number i is a
function of i and of the seed files alone, so one line is enough to make it again.
"""

import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from videoai.data.decode import open_video
from videoai.data.media import BadVideo

MP4_FIELDS = (
    b"mvhd",
    b"tkhd",
    b"mdhd",
    b"stts",
    b"ctts",
    b"stsc",
    b"stsz",
    b"stco",
    b"elst",
    b"avcC",
    b"trun",
    b"tfhd",
)


def mutant(data: bytes, rng: random.Random) -> bytes:
    """One kind of damage that transfers, disks and attackers do."""
    changed = bytearray(data)
    kind = rng.choice(("bits", "bytes", "cut", "remove", "zeros", "double", "reverse", "field", "append"))
    first = rng.randrange(len(changed))
    last = min(len(changed), first + rng.choice((4, 64, 1024)))
    if kind == "bits":
        for _ in range(rng.choice((1, 16, 256))):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    elif kind == "bytes":
        changed[first:last] = rng.randbytes(last - first)
    elif kind == "cut":
        del changed[max(1, first) :]
    elif kind == "remove":
        del changed[first:last]
    elif kind == "zeros":
        changed[first:last] = bytes(last - first)
    elif kind == "double":
        changed[first:first] = changed[first:last]
    elif kind == "reverse":
        changed[first:last] = changed[first:last][::-1]
    elif kind == "append":
        changed += rng.randbytes(1000)
    else:  # counts, sizes and times in the boxes of MP4; elsewhere in the first bytes
        places = [at for name in MP4_FIELDS if (at := bytes(changed).find(name)) >= 0] or [0]
        at = min(rng.choice(places) + 4 + 4 * rng.randrange(12), len(changed) - 4)
        changed[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", rng.randbytes(4)))
    return bytes(changed)


def outcome(path: Path) -> str:
    """``frames``, or why not. Anything but BadVideo goes up and ends the campaign."""
    try:
        with open_video(path) as video:
            video.frames([0, video.num_frames // 2, video.num_frames - 1], size=32)
            video.frames(range(min(8, video.num_frames)), size=32)
    except BadVideo as bad:
        return bad.reason
    return "frames"


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main(folder: str, first: int, count: int) -> None:
    seeds = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "mutant")
        for number in range(first, first + count):
            rng = random.Random(number)
            path.write_bytes(mutant(seeds[number % len(seeds)], rng))
            say(f"{number} ")  # stays alone on its line when the process dies
            start = time.perf_counter()
            reason = outcome(path)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            say(json.dumps({"reason": reason, "seconds": time.perf_counter() - start, "peak": peak}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
