"""What a prepared folder says of the faces that were cut out of its videos."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videoai.core.paths import is_url

PREPARED = "prepare.json"
KEY = "faces"  # in a checkpoint: the settings of the faces of its training videos


def recorded_faces(path: str | Path) -> dict[str, Any] | None:
    """How faces were cut out of a video or a list of clips, ``faces`` and its settings; None = they were not.

    The nearest folder above it that ``data prepare`` made says so.
    """
    for folder in () if is_url(str(path)) else Path(path).absolute().parents:
        try:
            facts = json.loads((folder / PREPARED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(facts, Mapping):
            return faces_in(facts)
    return None


def faces_in(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The settings of faces among others; None = there are none."""
    said = {key: value for key, value in facts.items() if key.startswith("faces")}
    return said if said.get("faces") else None
