"""Names of files that say from which source a clip was cut, ``v_Run_g01_c02`` as in UCF101, or who acts in it, as in
RAVDESS and CREMA-D."""

import os
import re
from collections.abc import Iterable
from itertools import islice

from videoai.data.lists.listing import Together

SOURCE = re.compile(r".*_g\d+(?=_c\d+\b)", re.IGNORECASE)
# Sets whose actors are known by number; the name of the set tells actors of the same number apart.
ACTORS = {
    "RAVDESS": re.compile(r"0[123]-0[12]-0[1-8]-\d\d-\d\d-\d\d-(\d\d)"),
    "CREMA-D": re.compile(r"(\d{4})_[A-Z]{3}_(?:ANG|DIS|FEA|HAP|NEU|SAD)_[A-Z]{1,2}"),
}
PATHS_LOOKED_AT = 10_000
BY_CLIP = "split by clip: an actor may be in several splits, which flatters the score."


def source_of(path: str) -> str | None:
    """``v_Run_g01`` of ``run/v_Run_g01_c02.avi``; ``RAVDESS 12``, an actor; None = the name does not say."""
    match = SOURCE.match(os.path.basename(path))
    return match[0] if match else actor_of(path)


def actor_of(path: str) -> str | None:
    """``RAVDESS 12`` of ``angry/01-01-05-01-01-01-12.mp4``; None = the name does not say."""
    stem = os.path.splitext(os.path.basename(path))[0]
    for name, pattern in ACTORS.items():
        if match := pattern.fullmatch(stem):
            return f"{name} {match[1]}"
    return None


def together_by_names(paths: Iterable[str]) -> Together | None:
    """The setting that keeps sources together, where several names of one source are seen."""
    named = [(source, path) for path in islice(paths, PATHS_LOOKED_AT) if (source := source_of(path))]
    if not 1 < len({source for source, _ in named}) < len(named):
        return None
    first, path = min(named)
    if actor_of(path):
        why = f"names such as {os.path.basename(path)} tell who acts in a clip"
    else:
        why = f"names such as {first}_c01 tell from which source a clip is cut"
    return Together("split_by", "source", why)
