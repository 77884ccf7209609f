"""Which videos there are (``data``): the settings of a layout, and those that every layout has."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from videoai.settings.emotion_layouts import COUNTED_BY_CLASS
from videoai.settings.layouts import LAYOUTS
from videoai.settings.setting import setting, setting_of

OF_A_FOLDER = ("folder", "list", "table")  # layouts of one's own clips that are known by data.root
TABLES = ("csv", "json")  # those that are known by data.path
ANNOTATED = ("cvat", "elan", "label_studio", "open_sports", "via")  # tools whose files lie beside the videos
PACKED = ("lerobot", "mds", "parquet", "webdataset")  # a folder, or one of its files
OWN_CLIPS = (*OF_A_FOLDER, *TABLES, *ANNOTATED, *PACKED, "shards")
COMMON = frozenset(  # names of tables that tell nothing
    ("clips", "videos", "data", "dataset", "labels", "annotations", "metadata", "list", "index", "train", "all")
)
Pairs = dict[str, str] | None
TargetKind = Literal["value", "class", "votes"]
# The keys of all layouts that are paths, and those of DataSettings.
PATHS = frozenset(f.name for layout in LAYOUTS.values() for f in fields(layout) if setting_of(f).path)
PATHS |= {"quarantine", "features"}


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Which videos there are, and what mirrored or reversed ones are called."""

    source: dict[str, Any] = setting(variants=LAYOUTS, rest=True, help="the layout's own settings, with its name")
    only: tuple[str, ...] | None = setting(None, help="train on these classes alone: [left, right]; null = all")
    background: bool = setting(
        False, help="true = what lies between the labelled stretches of untrimmed videos is a class, background"
    )
    quarantine: str | None = setting(
        None, path=True, help="a CSV file of videos to leave out of train, as videoai data check writes it"
    )
    features: str | None = setting(
        None,
        path=True,
        resume=True,
        help="a table of windows of these videos, of videoai features extract: task=localize learns from it in the "
        "place of pixels",
    )
    columns: dict[str, TargetKind] | None = setting(
        None,
        help="columns of the table that are targets, and of which kind: {speed: value, verb: class, happy: votes}; a "
        "task that names its targets sets them",
    )
    folds: int | None = setting(
        None,
        min=2,
        max=50,
        help="train as many runs, each with another part as its test split: a table, and an ensemble",
    )
    test_fold: int | None = setting(
        None, min=0, needs="data.folds", help="this part alone, from 0 on; null = all, in turn"
    )
    flip: float | Literal["auto"] = setting(
        "auto",
        auto=True,
        min=0,
        max=1,
        help="probability of a mirrored training clip; auto = 0.5, and 0 where names of classes tell left from right",
    )
    flip_labels: Pairs = setting(
        None, help="what a mirrored clip is then: {turn_left: turn_right}, meant both ways; others keep their label"
    )
    reverse: float = setting(0.0, min=0, max=1, help="probability of a training clip played backwards")
    reverse_labels: Pairs = setting(
        None, help="what it is then: {open: close}, meant both ways; others keep their label"
    )
    directional: bool | None = setting(
        None, help="true = refuse to mirror or reverse without those maps; false = no class has a direction"
    )

    def absolute(self) -> "DataSettings":
        """With absolute paths, so that a checkpoint finds its data from any folder; URLs stay."""
        own = {"quarantine": _absolute(self.quarantine), "features": _absolute(self.features)}
        return replace(self, source=absolute_values(self.source), **own)

    @property
    def name(self) -> str | None:
        """The layout's name; None for a function of one's own."""
        return self.source.get("name")

    @property
    def counts_by_class(self) -> bool:
        """Whether the field counts all classes of such a set alike, by unweighted average recall."""
        return self.name in COUNTED_BY_CLASS

    @property
    def title(self) -> str | None:
        """What a person would call these videos: a known data set by its name, own clips by their folder or table. A
        common name, such as clips.csv, or videos beside their annotations, goes by the folder above. None for a
        function of one's own."""
        path = self.source.get("path") or self.source.get("root") if self.name in OWN_CLIPS else None
        if not path:
            return self.name
        *_, parent, last = ("", "", *str(path).partition("?")[0].rstrip("/").split("/"))
        stem, extension = os.path.splitext(last)
        stem = stem if self.name in (*TABLES, "shards") or extension in (".tar", ".parquet") else last
        is_common = stem.lower() in COMMON and self.name not in (*OF_A_FOLDER, "shards")
        words = parent if parent and is_common else stem
        return re.sub(r"[^\w.+-]+", "_", words).strip("._-")[:60] or self.name


def absolute_values(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node of data with absolute paths; URLs stay."""
    return {key: _absolute(value) if key in PATHS else value for key, value in node.items()}


def _absolute(path: str | None) -> str | None:
    return os.path.abspath(os.path.expanduser(path)) if path and "://" not in path else path
