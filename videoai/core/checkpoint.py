"""Checkpoints: one file of plain data, written completely or not at all, loaded without running anybody's code.

Keys: ``format, config, classes, multi_label, clip, model, ema, optimizer, step, best, metrics, versions`` (and
``scaler`` with fp16). Everything that evaluation and prediction need is inside; nothing else is consulted.
"""

import errno
import io
import os
import pickle
import platform
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import nn

from videoai import __version__

FORMAT = 1
_REQUIRED = {"format": int, "config": dict, "classes": list, "clip": dict, "model": dict, "step": int}


def save(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` to ``path``: whoever looks sees the old file or the new one, never half of one.

    Serialised in memory first: a full disk is then a clean error, and never a torn checkpoint.

    Raises: OSError: naming the path, the bytes needed and the bytes free.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomic(path, buffer.getbuffer())


def write_atomic(path: Path, data: bytes | memoryview) -> None:
    """Write to a temporary file beside ``path``, flush to the disk, rename over it. Raises: OSError as ``save``."""
    write_together({path: data})


def write_together(files: Mapping[Path, bytes | memoryview]) -> None:
    """As ``write_atomic`` for files that belong together: none is replaced before there was room for all.

    Raises: OSError: naming the path, and on a full disk the bytes needed and the bytes free.
    """
    staged: dict[Path, str] = {}
    path, data = Path(), b""
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, staged[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(staged[path], 0o666 & ~_umask())  # mkstemp makes files that colleagues cannot read
        for path, temporary in staged.items():
            os.replace(temporary, path)
        for folder in {path.parent for path in staged}:
            _sync_folder(folder)
    except BaseException as error:
        for temporary in staged.values():
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error, num_bytes=len(data)) from error
        raise


def cannot_write(path: Path, error: OSError, *, num_bytes: int | None = None) -> OSError:
    """``error`` in words: where, why, and what to do next."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OSError(f"{path}: cannot be written ({error.strerror or error}). Choose another folder.")
    needed = "" if num_bytes is None else f" for {num_bytes / 1e6:.1f} MB"
    free = f"{shutil.disk_usage(path.parent).free / 1e6:.1f} MB free"
    return OSError(
        f"{path}: no room{needed} ({free}). What was saved before is intact; free some space and run the same command "
        "again."
    )


def load(path: str | Path, *, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Read a checkpoint as plain data (``weights_only``: no pickled code runs).

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a checkpoint of this project, damaged, or of a newer format.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; a file is needed.{_neighbours(path / 'x')}")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such checkpoint.{_neighbours(path)}")
    state = read_plain(path, device=device)
    return _checked(path, state)


def read_plain(path: Path, *, device: str | torch.device = "cpu") -> Any:
    """Whatever plain data a file of torch holds. Raises: ValueError: damaged, or more than plain data."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(
            f"{path}: cannot be read as a checkpoint ({type(error).__name__}): it is damaged, holds more than plain "
            "data, or is "
            "no file of torch. Use another one; a run whose last.pt is damaged starts over in another run_dir."
        ) from error


def weights_hash(module: nn.Module) -> str:
    """16 hex digits over the names and values of all weights: the same in whichever file they lie."""
    digest = blake2b(digest_size=8)
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {list(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """What wrote a checkpoint."""
    return {"videoai": __version__, "torch": str(torch.__version__), "python": platform.python_version()}


def _checked(path: Path, state: Any) -> dict[str, Any]:
    missing = [key for key in _REQUIRED if not isinstance(state, dict) or key not in state]
    if missing:
        raise ValueError(
            f"{path}: not a videoai checkpoint (no {', '.join(missing)}). To start training from other weights use "
            f"weights={path}"
        )
    if odd := [key for key, kind in _REQUIRED.items() if not isinstance(state[key], kind)]:
        raise ValueError(f"{path}: not a videoai checkpoint ({odd[0]} is a {type(state[odd[0]]).__name__}).")
    if state["format"] > FORMAT:
        raise ValueError(f"{path}: format {state['format']}, this videoai reads up to {FORMAT}. Upgrade videoai.")
    return state


def _neighbours(path: Path) -> str:
    folder = path.parent if path.parent.exists() else Path()
    found = sorted(str(p) for p in folder.glob("**/checkpoints/*.pt"))[:3] or sorted(map(str, folder.glob("*.pt")))[:3]
    return f" Found here: {', '.join(found)}" if found else " Train one first: videoai train"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
