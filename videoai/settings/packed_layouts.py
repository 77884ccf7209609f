"""Layouts that hold the bytes of many videos in one file."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Files that hold many videos each, made by other programs."""

    root: str = setting(path=True, resume=True, help="the folder of the files, or one of them")
    val_fraction: float = setting(0.15, min=0, max=1, help="share for val, made where no name of a file says val")
    test_fraction: float = setting(0.15, min=0, max=1, help="share for test, made where no name says any split")
    split_seed: int = setting(0, help="seed of made splits")


@dataclass(frozen=True, kw_only=True)
class Parquet(Packed):
    """Parquet files with a column of videos, as Hugging Face's datasets write them."""

    name: Literal["parquet"] = setting("parquet", help="the layout; another: data=NAME")
    video: str | None = setting(None, help="the column of the videos; null = the only one")
    label: str | None = setting(None, help="the column of the classes; null = the only one of a usual name")


@dataclass(frozen=True, kw_only=True)
class LeRobot(Packed):
    """LeRobotDataset v3: episodes of long videos; the task is the class."""

    name: Literal["lerobot"] = setting("lerobot", help="the layout; another: data=NAME")
    camera: str | None = setting(None, help="a feature of dtype video; null = the only one")


@dataclass(frozen=True, kw_only=True)
class Mds(Packed):
    """MDS shards of MosaicML Streaming: index.json and shard.00000.mds."""

    name: Literal["mds"] = setting("mds", help="the layout; another: data=NAME")
    video: str | None = setting(None, help="the column of the videos, of the encoding bytes; null = the only one")
    label: str | None = setting(None, help="the column of the classes; null = the only one of a usual name")
    class_names: str | None = setting(
        None,
        path=True,
        help="a text file, one class a line, where labels are numbers; null = they name themselves",
    )


@dataclass(frozen=True, kw_only=True)
class WebDataset(Packed):
    """WebDataset: tar files with 0001.mp4 and 0001.cls, .txt or .json beside it."""

    name: Literal["webdataset"] = setting("webdataset", help="the layout; another: data=NAME")
    label: str | None = setting(
        None,
        help="extension of the members that hold the label, cls, or a key of their JSON, json.act; null = the only one",
    )
    class_names: str | None = setting(
        None,
        path=True,
        help="a text file, one class a line, where labels are numbers; null = they name themselves",
    )
