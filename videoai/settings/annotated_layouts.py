"""Layouts whose labels are in annotation files beside the videos."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """Videos below a folder, and annotations that name them."""

    root: str = setting(path=True, resume=True, help="the folder of the videos; annotations may lie there too")
    annotations: str | None = setting(
        None, path=True, resume=True, help="the annotation file or its folder; null = below root"
    )
    val_fraction: float = setting(0.15, min=0, max=1, help="share for val, made where the annotations name none")
    split_seed: int = setting(0, help="seed of made splits")
    max_missing_fraction: float = setting(
        0.25, min=0, max=1, resume=True, help="missing videos are counted and left out; a larger share is an error"
    )


@dataclass(frozen=True, kw_only=True)
class Unsplit(Annotated):
    """Annotations that need not name any split."""

    test_fraction: float = setting(0.15, min=0, max=1, help="share for test, made where no splits are named at all")


@dataclass(frozen=True, kw_only=True)
class ActivityNet(Unsplit):
    """ActivityNet's JSON of segments of untrimmed videos; also HACS and THUMOS14 in that form."""

    name: Literal["activitynet"] = setting("activitynet", help="the layout; another: data=NAME")


@dataclass(frozen=True, kw_only=True)
class Charades(Annotated):
    """Charades: Charades_v1_train.csv, Charades_v1_test.csv. A video has several labels; the score is mAP."""

    name: Literal["charades"] = setting("charades", help="the layout; another: data=NAME")
    codes: bool = setting(False, help="true = classes are called c000 .. c156, as published weights call them")
    multi_label: bool = setting(True, help="false = every annotated stretch is a clip with its one label")


@dataclass(frozen=True, kw_only=True)
class Diving48(Annotated):
    """Diving48: Diving48_V2_train.json, Diving48_V2_test.json, Diving48_vocab.json."""

    name: Literal["diving48"] = setting("diving48", help="the layout; another: data=NAME")


@dataclass(frozen=True, kw_only=True)
class EpicKitchens(Unsplit):
    """EPIC-KITCHENS-100: EPIC_100_train.csv, EPIC_100_validation.csv and the long videos P01_01.MP4."""

    name: Literal["epic_kitchens"] = setting("epic_kitchens", help="the layout; another: data=NAME")
    target: Literal["verb", "noun", "action"] = setting("verb", help="what is learned; action = pairs of verb and noun")


@dataclass(frozen=True, kw_only=True)
class Hmdb51(Annotated):
    """HMDB51 in its official splits: CLASS_test_split1.txt with 0, 1, 2."""

    name: Literal["hmdb51"] = setting("hmdb51", help="the layout; another: data=NAME")
    fold: int = setting(1, min=1, max=3, help="which of the three official splits")


@dataclass(frozen=True, kw_only=True)
class Jester(Unsplit):
    """Jester, or Something-Something v1: lists of ID;LABEL and a folder of frames for each ID."""

    name: Literal["jester"] = setting("jester", help="the layout; another: data=NAME")


@dataclass(frozen=True, kw_only=True)
class Kinetics(Unsplit):
    """Kinetics 400, 600 or 700: the publishers' csv and files ID_000001_000011.mp4 or ID.mp4."""

    name: Literal["kinetics"] = setting("kinetics", help="the layout; another: data=NAME")
    trimmed: bool = setting(
        True, help="ID.mp4 holds the ten seconds alone; false = the whole video, cut by the csv's times"
    )


@dataclass(frozen=True, kw_only=True)
class Stretches(Unsplit):
    """What annotation tools write: labels of whole videos, or of stretches of them."""

    multi_label: bool = setting(
        False, help="true = a video has any number of labels, each at its times; false = every stretch is a clip"
    )


@dataclass(frozen=True, kw_only=True)
class Cvat(Stretches):
    """CVAT's XML 1.1 for video or for images: tracks, tags or attributes of the frames of videos."""

    name: Literal["cvat"] = setting("cvat", help="the layout; another: data=NAME")
    labels: str | None = setting(
        None,
        help="tag, track, or an attribute whose values are the classes; null = tags or tracks, whichever there are",
    )


@dataclass(frozen=True, kw_only=True)
class Elan(Stretches):
    """ELAN's .eaf files: the annotations of a tier."""

    name: Literal["elan"] = setting("elan", help="the layout; another: data=NAME")
    tier: str | None = setting(None, help="the tier whose values are the classes; null = the only one with annotations")


@dataclass(frozen=True, kw_only=True)
class LabelStudio(Stretches):
    """Label Studio's export JSON or JSON-MIN: choices, timeline labels, labels in seconds, boxes."""

    name: Literal["label_studio"] = setting("label_studio", help="the layout; another: data=NAME")
    control: str | None = setting(None, help="name of the control that holds the labels; null = the only one")
    fps: float | None = setting(
        None, above=0, help="frames that timelines count in a second; null = what the task says, else 24"
    )


@dataclass(frozen=True, kw_only=True)
class OpenSports(Stretches):
    """OSL JSON of OpenSportsLib and SoccerNet: labels of clips, or events of matches."""

    name: Literal["open_sports"] = setting("open_sports", help="the layout; another: data=NAME")
    head: str | None = setting(None, help="the head whose labels are the classes; null = the only one")
    event_seconds: float = setting(2.0, above=0, help="length of the clip around an event, which is a moment")


@dataclass(frozen=True, kw_only=True)
class Via(Stretches):
    """Projects of the VGG Image Annotator 3 (VIA): temporal segments and attributes of videos."""

    name: Literal["via"] = setting("via", help="the layout; another: data=NAME")
    attribute: str | None = setting(None, help="the attribute whose values are the classes; null = the only one")


@dataclass(frozen=True, kw_only=True)
class PathList(Unsplit):
    """Lists of "path label" (VideoMAE, SlowFast, MMAction2) or "folder num_frames label" (frames)."""

    name: Literal["list"] = setting("list", help="the layout; another: data=NAME")
    class_names: str | None = setting(
        None, path=True, help="a text file, one class a line; null = label_map.txt beside the lists, else numbers"
    )


@dataclass(frozen=True, kw_only=True)
class Ssv2(Unsplit):
    """Something-Something v2: train.json and validation.json with templates, files ID.webm."""

    name: Literal["ssv2"] = setting("ssv2", help="the layout; another: data=NAME")


@dataclass(frozen=True, kw_only=True)
class Table(Unsplit):
    """A CSV of clips with columns under any names; with a start and an end, parts of untrimmed videos."""

    name: Literal["table"] = setting("table", help="the layout; another: data=NAME")
    video: str | None = setting(
        None, help="column of the file name; null = a usual one: video, video_id, clip_name, ..."
    )
    label: str | None = setting(None, help="column of the class; null = a usual one")
    start: str | None = setting(None, help="column of the first second; null = a usual one")
    end: str | None = setting(None, help="column of the last second; null = a usual one")
    split: str | None = setting(None, help="column of the split; null = a usual one")
    group: str | None = setting(None, help="column whose equal values stay together; null = a usual one")


@dataclass(frozen=True, kw_only=True)
class Ucf101(Annotated):
    """UCF101 in its official splits: trainlist01.txt, testlist01.txt."""

    name: Literal["ucf101"] = setting("ucf101", help="the layout; another: data=NAME")
    fold: int = setting(1, min=1, max=3, help="which of the three official splits")
