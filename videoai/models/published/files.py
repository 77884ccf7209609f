"""Files of published weights: where they are kept, how they are fetched, what is inside. No code in them ever runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videoai.core.cache import cache_folder


def read_file(
    name: str, file: str | None, *, url: str | None, page: str | None, container: str | None, sha256: str | None
) -> dict[str, Tensor]:
    """The state dict of a published file, in the publisher's layout.

    Raises: OSError: not there and not to be had. ValueError: not what was published.
    """
    path = Path(file) if file else fetch(name, url=url, page=page, sha256=sha256)
    return unwrap(read_any(path), container)


def unwrap(content: dict[str, Any], container: str | None) -> dict[str, Tensor]:
    """The state dict under its key, if it lies under one; numpy arrays become tensors."""
    if container in content and isinstance(content[container], Mapping):
        content = content[container]
    return {key: value if isinstance(value, Tensor) else torch.as_tensor(value) for key, value in content.items()}


def fetch(name: str, *, url: str | None, page: str | None, sha256: str | None) -> Path:
    """The path of a published file in the cache, downloaded when it is not there yet."""
    folder = cache_folder() / "weights" / name.partition("/")[0]
    raise OSError(f"weights {name}: not in {folder} ({url}, {page}, {sha256})")


def read_any(path: Path) -> Any:
    """What a torch, safetensors or Caffe2 file holds, as plain data."""
    return torch.load(path, map_location="cpu", weights_only=True)
