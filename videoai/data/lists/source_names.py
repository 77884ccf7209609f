"""Names of files that say from which source a clip was cut: ``v_Run_g01_c02``, as in UCF101."""

import os
import re
from collections.abc import Iterable
from itertools import islice

from videoai.data.lists.listing import Together

SOURCE = re.compile(r".*_g\d+(?=_c\d+\b)", re.IGNORECASE)
PATHS_LOOKED_AT = 10_000


def source_of(path: str) -> str | None:
    """``v_Run_g01`` of ``run/v_Run_g01_c02.avi``; None = the name does not say."""
    match = SOURCE.match(os.path.basename(path))
    return match[0] if match else None


def together_by_names(paths: Iterable[str]) -> Together | None:
    """The setting that keeps sources together, where several names of one source are seen."""
    sources = [source for path in islice(paths, PATHS_LOOKED_AT) if (source := source_of(path))]
    if not 1 < len({*sources}) < len(sources):
        return None
    return Together("split_by", "source", f"names such as {min(sources)}_c01 tell from which source a clip is cut")
