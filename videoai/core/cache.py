"""The folder of files that can be made or fetched again: rendered clips, published weights."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """$VIDEOAI_CACHE, else $XDG_CACHE_HOME/videoai, else ~/.cache/videoai; absolute, perhaps not there yet.

    Raises: ValueError: there is no such home.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not Path(base).is_absolute():  # the XDG specification: other paths are ignored
        base = "~/.cache"
    given = os.environ.get("VIDEOAI_CACHE") or f"{base}/videoai"
    try:
        return Path(given).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"VIDEOAI_CACHE={given}: no such home folder. Set it to an absolute path.") from error
