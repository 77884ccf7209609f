"""Where the videos below a folder lie, by the names that annotations give them."""

import os
from collections import Counter, defaultdict

from videoai.core.paths import composed
from videoai.data.lists.class_folders import videos_below
from videoai.data.lists.clip_table import relative
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS


class VideoIndex:
    """Every video file and folder of frames below a folder, found by one walk over it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.num_doubtful = 0  # names that fitted several videos
        self.example = ""  # a doubtful name
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in videos_below(root, VIDEO_EXTENSIONS, Counter()):
            below = path[len(root) :].lstrip(os.sep)
            self._by_stem[composed(os.path.basename(without_extension(below)))].append(below)

    def __len__(self) -> int:
        return sum(map(len, self._by_stem.values()))

    def stems(self) -> list[str]:
        """The names of all videos, without folders and extensions."""
        return list(self._by_stem)

    def some_path(self) -> str:
        """Any video, to show how they are named; "" when there is none."""
        return next((paths[0] for paths in self._by_stem.values()), "")

    def find(self, name: str) -> str | None:
        """The path below root of the video whose path ends in ``name``, whatever its extension; None = not there.

        Where several match, files come before folders of frames, and short paths before long ones.
        """
        if os.path.isabs(name):
            below = relative(name, self.root)
            if os.path.isabs(below):
                return below if os.path.exists(below) else None
            if is_file(below) and os.path.isfile(name):
                return below
            name = below
        name = composed(without_extension(os.path.normpath(name)))
        held = self._by_stem.get(os.path.basename(name), ())
        fits = [path for path in held if f"/{composed(without_extension(path))}".endswith(f"/{name}")]
        if len(fits) > 1:
            fits.sort(key=lambda path: (not is_file(path), path.count(os.sep), path))
            self.num_doubtful += 1
            self.example = self.example or f"{fits[0]} and {fits[1]}"
        return fits[0] if fits else None


def without_extension(path: str) -> str:
    """The path without the extension of a video file; ids may contain dots."""
    stem, extension = os.path.splitext(path)
    return stem if extension.lower() in VIDEO_EXTENSIONS else path


def is_file(path: str) -> bool:
    """Whether a path names a video file; otherwise a folder of frames, which carry no times."""
    return os.path.splitext(path)[1].lower() in VIDEO_EXTENSIONS
