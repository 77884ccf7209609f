"""The folder that ``data prepare`` makes: where it may lie, what it may hold already, and who may write there."""

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from videoai.core.files import file_lock
from videoai.core.paths import is_url
from videoai.data.lists.manifest import Manifest
from videoai.data.shards.ranges import RANGE
from videoai.data.shards.rows import ROW
from videoai.data.shards.shards import UNVERIFIED

ADDED = {"pixels": "rgb", "faces": None}  # settings that older folders do not name, and what they were made with


def check_outside_input(out: Path, manifest: Manifest) -> None:
    """Raises: ValueError: the output would become part of the input, or the input lies within it."""
    root = manifest.root.removeprefix(UNVERIFIED).removeprefix(RANGE).removeprefix(ROW)
    if is_url(manifest.source) or not root:
        return
    source, target = Path(os.path.realpath(root)), Path(os.path.realpath(out))
    if target == source or source in target.parents:
        better = shlex.quote(f"out={source.with_name(f'{source.name}-prepared')}")
        raise ValueError(f"out={out} lies inside the input, {root}. Choose a folder outside it, such as {better}")


def check_same_preparation(out: Path, facts: Mapping[str, Any]) -> None:
    """Raises: ValueError: the folder holds something else, or was made with other settings or videos."""
    path = out / "prepare.json"
    if not path.exists():
        names = os.listdir(out) if out.is_dir() else []
        strange = [name for name in names if not name.startswith(".") and name != "prepared.jsonl"]
        if strange:
            raise ValueError(f"out={out} holds other files ({strange[0]}, ...). Choose a new folder.")
        return
    try:
        before = {key: ADDED[key] for key in facts if key in ADDED}
        before |= dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be parsed ({error}). Choose a new out=DIR, or delete that one.") from error
    changed = [key for key in {**facts, **before} if before.get(key) != facts.get(key)]
    if set(changed) & {"data", "classes"}:
        raise ValueError(f"out={out} was made from another list of videos. Choose a new out=DIR, or delete that one.")
    if changed:
        what = ", ".join(f"{key}={before.get(key)}, now {facts.get(key)}" for key in changed)
        raise ValueError(f"out={out} was made with {what}. Choose a new out=DIR, or delete that one.")


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the folder against a second process, and clear what a killed one left half written.

    Raises: OSError: not writable, or another process is at work.
    """
    with ExitStack() as held:
        try:
            out.mkdir(parents=True, exist_ok=True)
            held.enter_context(file_lock(out / ".lock", wait=False))
        except BlockingIOError as error:
            raise OSError(f"out={out}: another process is preparing here. Wait, or choose another out=DIR") from error
        except OSError as error:
            raise OSError(f"out={out}: cannot write there ({error.strerror}). Choose another out=DIR") from error
        for leftover in out.rglob(".*.tmp"):
            leftover.unlink(missing_ok=True)
        yield
