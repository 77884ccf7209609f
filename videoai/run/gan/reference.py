"""The data and splits that a generator was trained on."""

from collections.abc import Mapping
from typing import Any

from videoai.data.lists.manifest import Manifest
from videoai.run.checkpoint_data import DataChoice, check_data_unchanged, read_data


def real_data(choice: DataChoice, state: Mapping[str, Any], checkpoint_path: str) -> Manifest:
    """The videos that a generator was trained on. Raises: OSError, ValueError: gone, or changed since."""
    manifest = read_data(choice, checkpoint_path)
    check_data_unchanged(manifest, state, checkpoint_path)
    return manifest
