"""Where the moving object is in the rendered clips, read from the files beside them."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from videoai.data.motion16.sprites import Where


def truth_at(path: str) -> Where:
    """Where the object of FOLDER/SPLIT/CLASS/INDEX.mp4 is: float32 [T] each, one a frame.

    Raises: FileNotFoundError, ValueError: no clip of the variant ``classes``, which alone has one object and a truth.
    """
    file = Path(path)
    truth = file.parents[2] / f"truth_{file.parent.parent.name}.npz"
    if not truth.is_file():
        raise FileNotFoundError(f"{path}: no {truth.name} lies there, so where its object is, is unknown.")
    columns = _read(str(truth))
    return Where(*(column[int(file.stem)] for column in columns))


@lru_cache(maxsize=3)
def _read(path: str) -> Where:
    with np.load(path) as columns:
        return Where(*(columns[name] for name in Where._fields))
