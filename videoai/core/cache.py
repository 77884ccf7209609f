"""Where things are kept that can be made or fetched again: rendered clips, published weights."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """$VIDEOAI_CACHE, or ~/.cache/videoai; absolute, perhaps not there yet.

    Raises: ValueError: there is no such home.
    """
    given = os.environ.get("VIDEOAI_CACHE") or "~/.cache/videoai"
    try:
        return Path(given).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"VIDEOAI_CACHE={given}: no such home folder. Set it to an absolute path.") from error
