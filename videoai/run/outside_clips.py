"""Results stay out of a folder of classes, where the next listing would take them for a class."""

import os
from pathlib import Path

from videoai.core.paths import display_path, is_url
from videoai.data.lists.split_folders import split_folders_of
from videoai.settings.data import DataSettings


def check_outside_clips(data: DataSettings, folder: str | Path, key: str = "run_dir") -> None:
    """Beside train/ and val/ a folder is passed over. ``key``: the setting that names ``folder``.

    Raises: ValueError: ``folder`` is the folder of the classes, or would lie in it.
    """
    root = data.source.get("root")
    if data.name != "folder" or not root or is_url(root) or not os.path.isdir(root):
        return
    clips, results = Path(os.path.realpath(root)), Path(os.path.realpath(folder))
    if clips in (results, *results.parents) and not split_folders_of(root):
        raise ValueError(
            f"{key}={display_path(folder)} lies inside the clips, data.root={display_path(root)}, and would be "
            f"taken for a class of them. Choose a folder outside: {key}=PATH"
        )
