"""Whether the videos of an index are still what they were when it was made."""

import logging
import os
from collections.abc import Sequence

from videoai.core.messages import pluralize, truncated_list
from videoai.core.progress import counting
from videoai.data.feature_index import FeatureIndex
from videoai.data.feature_table import FeatureRow
from videoai.data.fingerprint import video_fingerprint

logger = logging.getLogger(__name__)
NAMED = 3
MOVED = "If they moved, add root=FOLDER"


def warn_of_changes(index: FeatureIndex, rows: Sequence[FeatureRow], root: str | None) -> None:
    """Say which of the videos were replaced since, and which are gone. ``rows``: one of each video."""
    changed, gone = [], []
    with counting("check files", len(rows)) as add:
        for row in rows:
            path = index.file_of(row.video, root)
            if row.fingerprint is not None and video_fingerprint(path) != row.fingerprint:
                (changed if os.path.lexists(path) else gone).append(row.video)
            add(1)
    for videos, what, hint in ((changed, "changed", "Extract the features again"), (gone, "went away", MOVED)):
        if videos:
            names = truncated_list(videos, NAMED)
            number = (len(videos), pluralize(len(rows), "video"))
            logger.warning("%s: since it was made, %d of %s %s: %s. %s", index.path, *number, what, names, hint)
