"""Which layouts fit a folder: every one of them is asked, the most particular first."""

import os
from collections.abc import Callable

from videoai.core.messages import truncated_list
from videoai.data.layouts import (
    activitynet,
    aff_wild2,
    charades,
    crema_d,
    cvat,
    dfew,
    diving48,
    elan,
    epic_kitchens,
    ferv39k,
    hmdb51,
    jester,
    json_clips,
    kinetics,
    label_studio,
    lerobot,
    liris_accede,
    mafw,
    mds,
    meld,
    open_sports,
    parquet,
    path_list,
    ravdess,
    ssv2,
    table,
    ucf101,
    via,
    video_emotion,
    webdataset,
)
from videoai.data.layouts.path_list import split_of_list
from videoai.data.layouts.survey import Candidate, Survey, first_values, header
from videoai.data.lists.label_texts import SECONDS_COLUMN, SEPARATOR
from videoai.data.lists.split_folders import splits_named

OWN_COLUMNS = {
    "path",
    "label",
    "split",
    "group",
    "start_seconds",
    "end_seconds",
    SECONDS_COLUMN,
}  # columns of the csv layout


def detect_csv(tree: Survey) -> Candidate | None:
    """A CSV with the columns path and label, see from_files.from_csv."""
    files = tree.with_columns("path", "label")
    if not files or len({split_of_list(path, tree.root) for path in files}) > 1:  # one a split: table reads them all
        return None
    why = f"{os.path.basename(files[0])} with the columns path and label"
    others = [name for name in header(files[0]) if name not in OWN_COLUMNS]
    why += f"; also {truncated_list(others)}, see data.where, test_where and split_by" if others else ""
    why += f"; the first of {len(files)} such files, name another one as PATH" if len(files) > 1 else ""
    cut = [label for label in first_values(files[0], "label") if SEPARATOR in label]
    why += f"; labels such as {cut[0]} are read as several, data.multi_label=false keeps them whole" if cut else ""
    return Candidate("csv", {"path": files[0], **({"multi_label": True} if cut else {})}, why)


def detect_folder(tree: Survey) -> Candidate | None:
    """Class folders, see manifest.from_folder: two classes with videos or folders of frames."""
    folders = [path.split(os.sep)[:-1] for path in (*tree.videos, *tree.frame_folders)]
    splits = splits_named(sorted({parts[0] for parts in folders if parts})).keys()
    inside = [parts[1:] if len(splits) > 1 and parts and parts[0] in splits else parts for parts in folders]
    classes = sorted({parts[0] for parts in inside if parts})
    if len(classes) < 2:
        return None
    above = f", below {', '.join(sorted(splits))}" if len(splits) > 1 else ""
    return Candidate("folder", {"root": tree.root}, f"videos in folders such as {classes[0]} and {classes[1]}{above}")


# Whoever publishes names of columns and files comes before the layouts that fit many things.
DETECTORS: tuple[Callable[[Survey], Candidate | None], ...] = (
    video_emotion.detect,  # its lists are called as UCF101's
    ucf101.detect,
    hmdb51.detect,
    ssv2.detect,
    jester.detect,
    diving48.detect,
    charades.detect,
    epic_kitchens.detect,
    activitynet.detect,
    kinetics.detect,
    dfew.detect,
    ferv39k.detect,
    mafw.detect,
    meld.detect,
    liris_accede.detect,
    aff_wild2.detect,
    ravdess.detect,
    crema_d.detect,
    cvat.detect,
    elan.detect,
    label_studio.detect,
    via.detect,
    open_sports.detect,
    lerobot.detect,
    mds.detect,
    webdataset.detect,
    parquet.detect,
    detect_csv,
    json_clips.detect,
    path_list.detect,
    table.detect,
    detect_folder,
)


FIT_MANY = ("list", "table")  # would read the files of other layouts too, and miss what these know


def candidates(tree: Survey) -> list[Candidate]:
    """Every layout that fits, the most particular first; FIT_MANY and class folders come last."""
    fits = [candidate for detect in DETECTORS if (candidate := detect(tree))]
    if not fits:
        misnamed = table.detect_misnamed(tree)
        return [misnamed] if misnamed else []
    particular = [candidate for candidate in fits if candidate.name not in (*FIT_MANY, "folder")]
    return [candidate for candidate in fits if candidate.name not in FIT_MANY or not particular]
