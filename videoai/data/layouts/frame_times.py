"""When the frames of a file are shown, for annotations that count frames. Opens files, decodes none."""

import os
from functools import cache

import numpy as np
from numpy import ndarray

from videoai.data.media import BadVideo


class FrameTimes:
    """The times of the frames of files below a folder."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.faults: list[str] = []  # files that cannot be opened, and why
        self.of = cache(self._read)

    def _read(self, path: str) -> ndarray | None:
        """Seconds at which every frame is shown, and at which the last one ends. None = the file cannot be opened."""
        from videoai.data.decode import open_video

        try:
            with open_video(os.path.join(self.root, path)) as video:
                return np.append(video.timestamps, video.duration_seconds)
        except BadVideo as bad:
            self.faults.append(str(bad))
            return None
