"""Fetching published files once: resumed where a download broke off, checked, and only then given their name."""

import fcntl
import glob
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from videoai.core.cache import cache_folder

logger = logging.getLogger(__name__)

CHUNK = 1 << 20  # bytes
TIMEOUT_SECONDS = 30.0  # without a byte
SECONDS_BETWEEN_LINES = 10.0  # of progress
ATTEMPTS = 3  # a broken connection is taken up again where it broke off


def fetch(name: str, *, url: str | None, page: str | None, sha256: str | None) -> Path:
    """The cached file of a published id, downloaded when it is not there yet. ``sha256`` may be its beginning only.

    Raises: OSError: no direct link, or no way to it; the message says where to put the file. ValueError: another file
    than the published one came.
    """
    target = place_of(name, url)
    if held := find_cached(target):
        return held
    if url is None:
        raise OSError(
            f"weights {name}: published without a direct link. Fetch it from {page}, then give it as "
            f"weights={name}:FILE, or put it at {target}."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.exists():  # another process may have fetched it meanwhile
            download(name, url, target, sha256)
    return target


def place_of(name: str, url: str | None) -> Path:
    """Where a file lies in the cache: by id, because publishers call many files alike."""
    suffix = Path(urlsplit(url).path).suffix if url else ".pth"
    return cache_folder() / "weights" / f"{name}{suffix}"


def find_cached(target: Path) -> Path | None:
    """The file, also with another ending: a person put it there by hand."""
    beside = sorted(target.parent.glob(f"{glob.escape(target.stem)}.*"))
    found = [target, *(path for path in beside if path.suffix not in (".part", ".lock"))]
    return next((path for path in found if path.is_file()), None)


def download(name: str, url: str, target: Path, sha256: str | None) -> None:
    """Raises: OSError, ValueError as ``fetch``."""
    part = target.with_name(target.name + ".part")
    logger.info("weights %s: downloading %s to %s", name, url, target)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            transfer(name, url, part)
            break
        except HTTPError as error:
            raise OSError(
                f"weights {name}: {url} answers {error.code} {error.reason}. {instead(name, target)}"
            ) from error
        except (URLError, OSError) as error:
            held = part.stat().st_size if part.exists() else 0
            if attempt == ATTEMPTS or not held:
                reason = getattr(error, "reason", error)
                raise OSError(f"weights {name}: cannot download {url} ({reason}). {instead(name, target)}") from error
            logger.warning("weights %s: broke off after %.1f MB (%s), going on", name, held / 1e6, error)
    check(name, part, sha256)
    os.replace(part, target)


def transfer(name: str, url: str, part: Path) -> None:
    """Append what is still missing of ``part``; start over when the server knows no ranges."""
    held = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"User-Agent": "videoai"} | ({"Range": f"bytes={held}-"} if held else {}))
    try:
        response = urlopen(request, timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        error.close()
        if error.code == 416 and held:  # nothing left to send: the file was complete
            return
        raise
    with response:
        held = held if response.status == 206 else 0
        total = held + int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if held else "wb") as file:
            copy(name, response, file, held, total)
    if total > held and part.stat().st_size < total:
        raise OSError(f"the connection closed at {part.stat().st_size / 1e6:.1f} of {total / 1e6:.1f} MB")


def copy(name: str, response: Any, file: Any, held: int, total: int) -> None:
    """Bytes from the network to the disk, with a line of progress now and then."""
    started = said = monotonic()
    done = held
    while chunk := response.read(CHUNK):
        file.write(chunk)
        done += len(chunk)
        if monotonic() - said > SECONDS_BETWEEN_LINES:
            said = monotonic()
            of = f" of {total / 1e6:.0f} MB, {done / total:.0%}" if total else " MB"
            logger.info("weights %s: %.0f%s, %.1f MB/s", name, done / 1e6, of, (done - held) / 1e6 / (said - started))


def check(name: str, path: Path, sha256: str | None) -> None:
    """Raises: ValueError: the file does not begin with the published digest; it is deleted then."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 and not digest.startswith(sha256):
        path.unlink()
        raise ValueError(
            f"weights {name}: the file that came has SHA-256 {digest}, the published one begins with {sha256}. "
            "Deleted; try again, or fetch it another way."
        )
    logger.info("weights %s: complete, SHA-256 %s%s", name, digest, "" if sha256 else " (none published to compare)")


def instead(name: str, target: Path) -> str:
    """What to do without a network."""
    return f"Fetch it on a machine with network and put it at {target}, or give it as weights={name}:FILE."


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process downloads, the others wait for it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
