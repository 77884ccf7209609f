"""What people call the columns of a table of clips. Names count without case, spaces, "-" and "_"."""

import re
from collections.abc import Iterable
from functools import cache

# The first that is there counts.
VIDEO = ("path", "video_path", "video", "video_name", "vid_name", "video_id", "clip_name", "clip", "filename")
VIDEO += ("file_name", "file", "youtube_id", "id", "name")
LABEL = ("label", "class", "class_name", "action", "activity", "category", "emotion", "tag")
START = ("start_seconds", "start", "start_time", "start_sec", "start_s", "time_start", "t_start", "start_timestamp")
START += ("begin", "begin_time")
END = ("end_seconds", "end", "end_time", "end_sec", "end_s", "time_end", "t_end", "stop_timestamp", "stop", "stop_time")
SPLIT = ("split", "subset", "set", "partition")
GROUP = ("group",)

OURS = ("path", "label", "split", "group", "label_seconds", "unknown_labels")  # read by these names alone
FRAME_NUMBERS = ("start_frame", "end_frame", "stop_frame", "begin_frame", "frame_start", "frame_end", "first_frame")
SPLIT_LIKE = (*SPLIT[1:], "phase", "usage", "fold", "data_split")
# Who or what is on several clips, the surest first.
GROUP_LIKE = (
    *("subject", "person", "actor", "speaker", "signer", "performer", "participant", "player", "patient", "user"),
    *("source", "session", "recording", "scene", "camera", "youtube", "video"),
)


def plain(name: str) -> str:
    """As names are compared: ``Start Time`` is ``starttime``."""
    return re.sub(r"[\s_\-]", "", name.casefold())


def like(header: Iterable[str], names: Iterable[str]) -> list[str]:
    """The columns of a header that are called so, in the order of ``names``."""
    return [column for name in names for column in header if plain(column) == plain(name)]


@cache
def ours(header: tuple[str, ...]) -> dict[str, str]:
    """Columns of a header of our own layouts that are written otherwise -> our names.

    Raises: ValueError: two columns for one name, or times that are numbers of frames.
    """
    frames = like(header, FRAME_NUMBERS)
    if frames and not like(header, (*START, *END)):
        raise ValueError(
            f"the column {frames[0]} counts frames, and a clip of a longer video is given in seconds: divide by the "
            "frame rate, and call the columns start_seconds and end_seconds; or delete them, for whole videos"
        )
    renamed: dict[str, str] = {}
    for name, usual in {**{one: (one,) for one in OURS}, START[0]: START, END[0]: END}.items():
        if name in header:
            continue
        found = like(header, usual)
        if len(found) > 1:
            raise ValueError(f"the columns {' and '.join(found)} could both be {name}; rename one of them to {name}")
        renamed |= dict.fromkeys(found, name)
    return renamed


def split_like(header: Iterable[str]) -> list[str]:
    """Columns that may say which clips are for testing."""
    return like(header, SPLIT_LIKE)


def group_like(header: Iterable[str]) -> list[str]:
    """Columns that may say who or what is on a clip, the surest first."""
    return like(header, (form for name in GROUP_LIKE for form in (name, f"{name}_id", f"{name}s")))
