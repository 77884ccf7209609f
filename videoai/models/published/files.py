"""Read files of published weights: torch, safetensors or a Caffe2 pickle. No code in them ever runs."""

import logging
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from videoai.models import wrapped
from videoai.models.published.download import fetch, warn_if_other_digest

logger = logging.getLogger(__name__)

# All that a pickle of numpy arrays needs (numpy 2 renamed core to _core; files of Python 2 encode their bytes).
NUMPY_GLOBALS = {
    (module, name)
    for module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "_codecs", "collections")
    for name in ("ndarray", "dtype", "_reconstruct", "scalar", "encode", "OrderedDict")
}


def read_file(
    name: str, file: str | None, *, url: str | None, page: str | None, container: str | None, sha256: str | None
) -> dict[str, Tensor]:
    """The state dict of a published file in the publisher's layout: from ``file``, the cache, or the network.

    Raises: OSError: not there and not to be had. ValueError: not what was published.
    """
    path = given_file(name, file, sha256) if file else fetch(name, url=url, page=page, sha256=sha256)
    try:
        content = read_any(path, caffe2=container == "blobs")
    except (RuntimeError, EOFError, KeyError, ValueError, AttributeError, IndexError, pickle.UnpicklingError) as error:
        code = isinstance(error, pickle.UnpicklingError)
        reason = "it holds more than plain data, or is no file of torch" if code else type(error).__name__
        then = "Give another file." if file else "Delete it, so that it is fetched again."
        raise ValueError(
            f"weights {name}: {path} cannot be read ({reason}). It is damaged, or not the published file. {then}"
        ) from error
    if not isinstance(content, Mapping):
        raise ValueError(f"weights {name}: {path} holds a {type(content).__name__}, not a state dict.")
    return unwrap(dict(content), container, name=name)


def given_file(name: str, file: str, sha256: str | None) -> Path:
    """The file of ``ID:FILE``. Raises: FileNotFoundError."""
    path = Path(file).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"weights {name}: {path} is {'a folder' if path.is_dir() else 'no file'}.")
    warn_if_other_digest(name, path, sha256)
    return path


def read_any(path: Path, *, caffe2: bool) -> Any:
    """Plain data: tensors, arrays, numbers, strings and containers of them."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if caffe2:
        with path.open("rb") as file:
            return ArrayUnpickler(file, encoding="latin1").load()  # written by Python 2
    return read_torch(path)


def read_torch(path: Path) -> Any:
    """As ``torch.load(weights_only=True)``, with placeholders for foreign objects beside the tensors: training scripts
    put their settings (argparse.Namespace) and logs (mmengine's HistoryBuffer) into the file. Nothing is imported."""
    placeholders: list[Any] = []
    while True:
        try:
            with torch.serialization.safe_globals(placeholders):
                return torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            match = re.search(r"GLOBAL (\S+) was not an allowed global", str(error))
            if not match or any(match[1] == name for _, name in placeholders):
                raise
            placeholders.append((type("Placeholder", (Placeholder,), {}), match[1]))


class Placeholder:
    """Takes the place of an object of a foreign class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class ArrayUnpickler(pickle.Unpickler):
    """Loads numpy arrays and plain containers; rejects every other class or function by name."""

    def __init__(self, file: BinaryIO, *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)

    def find_class(self, module: str, name: str) -> Any:
        """Raises: UnpicklingError: more than numbers."""
        if (module, name) not in NUMPY_GLOBALS:
            raise pickle.UnpicklingError(f"it would run {module}.{name}; only numpy arrays are read")
        return super().find_class(module, name)


def unwrap(content: dict[str, Any], container: str | None, *, name: str) -> dict[str, Tensor]:
    """The state dict under its key, or under one that other training scripts use; numpy arrays become tensors.

    Raises: ValueError: something in it is no tensor.
    """
    inner = content.get(container) if container else None
    if isinstance(inner, list) and len(inner) == 1:  # V-JEPA 2's list of probes that were trained side by side
        inner = inner[0]
    if isinstance(inner, Mapping):
        content = dict(inner)
    content, where = wrapped.unwrap(content)
    if where:
        logger.info("weights %s: the state dict is the file's %s", name, where)
    state: dict[str, Tensor] = {}
    for key, value in content.items():
        try:
            state[key] = value if isinstance(value, Tensor) else torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"weights {name}: '{key}' is a {type(value).__name__}, not a tensor"
                f"{f'; expected the state dict under {container!r}' if container else ''}. Is it the published file?"
            ) from error
    return state
