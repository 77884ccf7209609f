"""Checkpoints: one file of plain data, written completely or not at all, loaded without running any code in it.

Keys: ``format, config, classes, clip, model, ema, optimizer, step, best, metrics, tuned, versions, trained_on`` (and
``scaler`` with fp16, ``faces`` where the training videos are crops of faces). Everything that evaluation and prediction
need is inside; nothing else is consulted.
"""

import errno
import io
import pickle
import platform
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, is_zipfile

import torch
from torch import nn

from videoai import __version__
from videoai.core.files import write_atomic
from videoai.core.hub import local_file

FORMAT = 1
READ_AT_ONCE = 2**20  # bytes
# What torch raises for a file that is none of its own, or is cut off.
UNREADABLE = (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError, AttributeError, IndexError, OSError)
_REQUIRED = {"format": int, "config": dict, "classes": list, "clip": dict, "model": dict, "step": int}


def save(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` to ``path``: readers see the old file or the new one, never half of one.

    Serialised in memory first: a full disk is then a clean error, and never a torn checkpoint.

    Raises: OSError: naming the path, the bytes needed and the bytes free.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomic(path, buffer.getbuffer())


def load(path: str | Path, *, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Read a checkpoint as plain data (``weights_only``: no pickled code runs); ``hf://OWNER/NAME`` is fetched first.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a checkpoint of this project, damaged, or of a newer format.
        OSError: not to be had from the hub.
    """
    path = local_file(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; a file is needed.{_neighbours(path / 'x')}")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such checkpoint.{_neighbours(path)}")
    check_bytes(path)
    return _checked(path, read_plain(path, device=device))


def check_bytes(path: Path) -> None:
    """Raises: ValueError: bytes changed since the file was written, by the checksum (CRC-32) that torch keeps of each
    tensor in it."""
    if not is_zipfile(path):
        return  # cut off, or no file of torch: read_plain says so
    with ZipFile(path) as file:
        for part in file.infolist():
            try:
                with file.open(part) as content:
                    while part.compress_type == ZIP_STORED and content.read(READ_AT_ONCE):  # torch compresses nothing
                        pass
            except BadZipFile as error:
                raise ValueError(
                    f"{path}: is damaged ({error}). Use another checkpoint of the run with resume=PATH and another "
                    "run_dir, or a copy of this one."
                ) from error


def read_plain(path: Path, *, device: str | torch.device = "cpu", mmap: bool = False) -> Any:
    """Whatever plain data a file of torch holds; with ``mmap`` tensors are read when they are looked at, on the CPU.

    Raises: ValueError: damaged, or more than plain data.
    """
    try:
        return torch.load(path, map_location=device, weights_only=True, mmap=mmap)
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: shorter than its own index says
            raise
        raise ValueError(
            f"{path}: cannot be read as a checkpoint ({type(error).__name__}): it is damaged, holds more than plain "
            "data, or is "
            "no file of torch. Use another one; a run whose last.pt is damaged starts over in another run_dir."
        ) from error


def load_model_state(model: nn.Module, state: Mapping[str, Any]) -> None:
    """The model as a checkpoint left it. Raises: ValueError: the checkpoint of another model."""
    with fitting(state):
        model.load_state_dict(state["model"])


@contextmanager
def fitting(state: Mapping[str, Any]) -> Iterator[None]:
    """Raises: ValueError: what is loaded inside does not fit: a newer videoai makes other networks of the settings."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"the checkpoint of step {state['step']} does not fit the model that these settings make here: "
            f"{' '.join(str(error).split())[:160]} ... Continue it with the videoai that began it, or choose "
            "another run_dir."
        ) from error


def weights_hash(module: nn.Module, without: Collection[str] = ()) -> str:
    """16 hex digits over the names and values of all weights but those named: the same in whichever file they lie."""
    digest = blake2b(digest_size=8)
    for name, value in sorted(module.state_dict().items()):
        if name in without:
            continue
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
    names = sorted(str(p) for p in folder.glob("**/checkpoints/*.pt"))[:3] or sorted(map(str, folder.glob("*.pt")))[:3]
    return f" Found here: {', '.join(names)}" if names else " Train one first: videoai train"
