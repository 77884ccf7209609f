"""Fetch published files once: resumed where a download broke off, checked, and only then given their name.

Files of huggingface.co come through ``huggingface_hub``.
"""

import errno
import hashlib
import logging
import os
import re
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from videoai.core.cache import cache_folder
from videoai.core.files import file_lock

logger = logging.getLogger(__name__)

CHUNK = 1 << 20  # bytes
TIMEOUT_SECONDS = 30.0  # without a byte
ANSWER_SECONDS = 3.0  # enough for a server to say that it is there
SECONDS_BETWEEN_LINES = 10.0  # interval between lines of progress
ATTEMPTS = 3  # a broken connection is taken up again where it broke off
HUGGING_FACE = re.compile(
    r"https://huggingface\.co/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>[^?]+)"
)
# Endings of files that hold weights; nothing else that lies beside them in the cache is taken for one.
ENDINGS = (".pth", ".pyth", ".pt", ".safetensors", ".bin", ".pkl", ".tar", ".ckpt")


def fetch(name: str, *, url: str | None, page: str | None, sha256: str | None) -> Path:
    """The cached file of a published id, downloaded when it is not there yet. ``sha256`` may be its beginning only.

    Raises: OSError: no direct link, no way to it, or no cache to put it; the message says what to do. ValueError:
    another file than the published one came.
    """
    target = cache_path(name, url)
    if held := find_cached(target):
        warn_if_other_digest(name, held, sha256)  # a person may have put it there
        return held
    if url is None:
        raise OSError(
            f"weights {name}: published without a direct link. Fetch it from {page}, then give it as "
            f"weights={name}:FILE, or put it at {target}."
        )
    if hub := HUGGING_FACE.match(url):
        return fetch_from_hub(name, hub, target, sha256)
    make_folder(name, target.parent)
    with file_lock(target.with_suffix(".lock")):  # one process downloads, the others wait for it
        if not target.exists():  # another process may have fetched it meanwhile
            download(name, url, target, sha256)
    return target


def fetch_from_hub(name: str, hub: re.Match[str], target: Path, sha256: str | None) -> Path:
    """Through ``huggingface_hub``: its cache, tokens, mirrors and offline mode (HF_HOME, HF_TOKEN, HF_ENDPOINT,
    HF_HUB_OFFLINE). Raises: OSError, ValueError: as ``fetch``."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        path = Path(hf_hub_download(hub["repository"], hub["file"], revision=hub["revision"]))
    except (HfHubHTTPError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise OSError(f"weights {name}: cannot download {hub[0]} ({reason}). {offline_advice(name, target)}") from error
    warn_if_other_digest(name, path, sha256)
    return path


def is_at_hand(name: str, url: str | None) -> bool:
    """Whether the file of a published id lies in the cache, or its server answers within ``ANSWER_SECONDS``."""
    if find_cached(cache_path(name, url)):
        return True
    if url is None or os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0"):
        return False
    request = Request(url, method="HEAD", headers={"User-Agent": "videoai"})
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as response:
            return response.status < 400
    except (OSError, ValueError):  # URLError is an OSError
        return False


def cache_path(name: str, url: str | None) -> Path:
    """Where a file lies in the cache: by id, because publishers call many files alike."""
    suffix = Path(urlsplit(url).path).suffix if url else ".pth"
    return cache_folder() / "weights" / f"{name}{suffix}"


def find_cached(target: Path) -> Path | None:
    """The file, also with another ending: a person put it there by hand."""
    places = (target, *(target.with_suffix(ending) for ending in ENDINGS))
    return next((path for path in places if path.is_file()), None)


def make_folder(name: str, folder: Path) -> None:
    """Raises: OSError: the cache cannot be written; the message names the variable that moves it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise OSError(
            f"weights {name}: cannot write to the cache at {folder} ({error.strerror}). Set VIDEOAI_CACHE to a folder "
            f"that you may write to, or give a file you have as weights={name}:FILE."
        ) from error


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
                f"weights {name}: {url} answers {error.code} {error.reason}. {offline_advice(name, target)}"
            ) from error
        except (URLError, OSError) as error:
            held = part.stat().st_size if part.exists() else 0
            if attempt == ATTEMPTS or not held:
                reason = getattr(error, "reason", error)
                raise OSError(
                    f"weights {name}: cannot download {url} ({reason}). {offline_advice(name, target)}"
                ) from error
            logger.warning("weights %s: broke off after %.1f MB (%s), going on", name, held / 1e6, error)
    check(name, part, sha256)
    os.replace(part, target)


def transfer(name: str, url: str, part: Path) -> None:
    """Append what is still missing of ``part``; start over when the server supports no ranges."""
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


def digest_of(path: Path) -> str:
    """SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def warn_if_other_digest(name: str, path: Path, sha256: str | None) -> None:
    """Say so when a file that a person has is not the published one, byte for byte: saved again, or another one."""
    if sha256 and not (digest := digest_of(path)).startswith(sha256):
        logger.warning(
            "weights %s: %s has SHA-256 %s, the published file begins with %s: saved again, or another file?",
            *(name, path, digest[:16], sha256),
        )


def check(name: str, path: Path, sha256: str | None) -> None:
    """Raises: ValueError: the digest does not begin as the published one; the file is deleted then."""
    digest = digest_of(path)
    if sha256 and not digest.startswith(sha256):
        path.unlink()
        raise ValueError(
            f"weights {name}: the downloaded file has SHA-256 {digest}, the published one begins with {sha256}. "
            "Deleted; try again, or fetch it another way."
        )
    logger.info("weights %s: complete, SHA-256 %s%s", name, digest, "" if sha256 else " (none published to compare)")


def offline_advice(name: str, target: Path) -> str:
    """What to do without a network."""
    return f"Fetch it on a machine with network and put it at {target}, or give it as weights={name}:FILE."
