"""Where things are kept that can be made or fetched again: rendered clips, published weights."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """$VIDEOAI_CACHE, or ~/.cache/videoai; absolute, perhaps not there yet."""
    return Path(os.environ.get("VIDEOAI_CACHE") or "~/.cache/videoai").expanduser().absolute()
