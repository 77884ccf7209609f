"""Where videos and labels are: one dataclass a layout of ``data``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.annotated_layouts import (
    ActivityNet,
    Charades,
    Cvat,
    Diving48,
    Elan,
    EpicKitchens,
    Hmdb51,
    Jester,
    Kinetics,
    LabelStudio,
    OpenSports,
    PathList,
    Ssv2,
    Table,
    Ucf101,
    Via,
)
from videoai.settings.emotion_layouts import (
    AffWild2,
    CremaD,
    Dfew,
    Ferv39k,
    LirisAccede,
    Mafw,
    Meld,
    Ravdess,
    VideoEmotion,
)
from videoai.settings.packed_layouts import LeRobot, Mds, Parquet, WebDataset
from videoai.settings.setting import setting

Scalar = bool | int | float | str
Where = dict[str, Scalar | tuple[Scalar, ...]] | None  # columns and their values


@dataclass(frozen=True, kw_only=True)
class Csv:
    """A table of your clips: path,label[,split,group,start_seconds,end_seconds] and any other columns."""

    name: Literal["csv"] = setting("csv", help="the layout; another: data=NAME")
    path: str = setting(path=True, resume=True, help="the CSV file")
    root: str | None = setting(
        None, path=True, resume=True, help="what paths are relative to; null = the table's folder"
    )
    where: Where = setting(None, help="keep only rows with these values: data.where={clean:1}")
    val_where: Where = setting(None, help="these rows are val: data.val_where={fold:3}")
    test_where: Where = setting(None, help="these rows are test: data.test_where={fold:4}")
    val_fraction: float = setting(0.15, min=0, max=1, help="share for val, made by group where the table does not say")
    test_fraction: float = setting(0.15, min=0, max=1, help="share for test, likewise")
    split_by: str | None = setting(
        None, help='column whose equal values stay together; source = by names such as v_Run_g01_c02; null = "group"'
    )
    split_seed: int = setting(0, help="seed of made splits")
    multi_label: bool = setting(
        False, help="true = a label is any number of classes, run|jump; a column label_seconds may say when: 0-1.5|2-"
    )
    label_columns: tuple[str, ...] = setting(
        (),
        help="with multi_label, a column for each class in the place of label: 1, 0, or nothing = not annotated",
    )


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Your clips in class folders: root/CLASS/*.mp4, or root/train/CLASS/*.mp4 with val and test beside train."""

    name: Literal["folder"] = setting("folder", help="the layout; another: data=NAME")
    root: str = setting(path=True, resume=True, help="the folder of the class folders")
    val_fraction: float = setting(0.15, min=0, max=1, help="share for val where there is no val folder")
    test_fraction: float = setting(0.15, min=0, max=1, help="share for test where there are no split folders at all")
    split_by: Literal["clip", "folder", "source"] | None = setting(
        None,
        help="folder = clips in one sub-folder of a class stay together; source = those of one name, v_Run_g01_c02; "
        "null = each clip stands alone",
    )
    split_seed: int = setting(0, help="seed of made splits")


@dataclass(frozen=True, kw_only=True)
class Motion16:
    """The built-in data set: 16 classes that differ in motion only, rendered to mp4 files on first use and cached."""

    name: Literal["motion16"] = setting("motion16", help="the layout; another: data=NAME")
    variant: Literal["classes", "regression", "ordinal", "multi_head", "multi_label", "untrimmed"] = setting(
        "classes",
        help="classes = the 16 motions; others = 600 clips with other targets, for the task of that name; untrimmed = "
        "136 videos of 24 s for task=localize",
    )
    size: Literal["tiny", "default", "large"] = setting(
        "default", help="tiny (20/5/5 clips a class, 32 px), default (100/25/25, 64 px), large (1000/100/100, 96 px)"
    )
    level: Literal["easy", "default", "hard", "expert"] = setting("default", help="how hard the clips are")
    seed: int = setting(0, min=0, help="seed of the rendering")
    root: str | None = setting(None, path=True, resume=True, help="cache folder; null = videoai's own")


@dataclass(frozen=True, kw_only=True)
class Shards:
    """Videos packed by `videoai data prepare to=shards`, in a folder or behind a URL such as https:// or s3://."""

    name: Literal["shards"] = setting("shards", help="the layout; another: data=NAME")
    path: str = setting(path=True, resume=True, help="the folder or URL")
    verify: bool = setting(True, resume=True, help="compare the sha256 of every video that is read; 0.6 ms a megabyte")


@dataclass(frozen=True, kw_only=True)
class Json:
    """Your clips as JSON: a list of objects, or one a line: path, label[, split, group, start_seconds, end_seconds]."""

    name: Literal["json"] = setting("json", help="the layout; another: data=NAME")
    path: str = setting(path=True, resume=True, help="the JSON file")
    root: str | None = setting(
        None, path=True, resume=True, help="what paths are relative to; null = the file's folder"
    )
    val_fraction: float = setting(0.15, min=0, max=1, help="share for val, made where the annotations name none")
    test_fraction: float = setting(0.15, min=0, max=1, help="share for test, made where no splits are named at all")
    split_seed: int = setting(0, help="seed of made splits")
    multi_label: bool = setting(
        False, help="true = label is a list of classes; label_seconds, [[0, 1.5], null], says when each holds"
    )
    group: str | None = setting(None, help="key whose equal values stay together; null = group")
    max_missing_fraction: float = setting(
        0.25, min=0, max=1, resume=True, help="missing videos are counted and left out; a larger share is an error"
    )


LAYOUTS: dict[str, type] = {
    "activitynet": ActivityNet,
    "aff_wild2": AffWild2,
    "charades": Charades,
    "crema_d": CremaD,
    "csv": Csv,
    "cvat": Cvat,
    "dfew": Dfew,
    "diving48": Diving48,
    "elan": Elan,
    "epic_kitchens": EpicKitchens,
    "ferv39k": Ferv39k,
    "folder": Folder,
    "hmdb51": Hmdb51,
    "jester": Jester,
    "json": Json,
    "kinetics": Kinetics,
    "label_studio": LabelStudio,
    "lerobot": LeRobot,
    "liris_accede": LirisAccede,
    "list": PathList,
    "mafw": Mafw,
    "mds": Mds,
    "meld": Meld,
    "motion16": Motion16,
    "open_sports": OpenSports,
    "parquet": Parquet,
    "ravdess": Ravdess,
    "shards": Shards,
    "ssv2": Ssv2,
    "table": Table,
    "ucf101": Ucf101,
    "via": Via,
    "video_emotion": VideoEmotion,
    "webdataset": WebDataset,
}
