"""The manifest that settings of data name, for every verb."""

import logging
from collections.abc import Sequence
from typing import Any

from videoai.core import process_group
from videoai.core.build import build
from videoai.core.messages import pluralize, same_command, truncated_list, whole_percent
from videoai.core.paths import display_path
from videoai.data.background import with_background
from videoai.data.featured import with_features
from videoai.data.lists import folds
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.lists.quarantine import without_quarantined
from videoai.report.tables import as_text, class_balance_table
from videoai.settings.data import DataSettings

logger = logging.getLogger(__name__)

# Judgement.
IMBALANCE = 10  # train clips of the largest class for each of the smallest
FEW_TRAIN = 10  # train clips of a class
FEW_VAL = 5  # validation clips a class

MANIFESTS = {
    "csv": "videoai.data.lists.from_files:from_csv",
    "folder": "videoai.data.lists.from_files:from_folder",
    "motion16": "videoai.data.motion16.dataset:motion16",
    "shards": "videoai.data.shards.manifest:from_shards",
    "activitynet": "videoai.data.layouts.activitynet:from_activitynet",
    "aff_wild2": "videoai.data.layouts.aff_wild2:from_aff_wild2",
    "charades": "videoai.data.layouts.charades:from_charades",
    "crema_d": "videoai.data.layouts.crema_d:from_crema_d",
    "cvat": "videoai.data.layouts.cvat:from_cvat",
    "dfew": "videoai.data.layouts.dfew:from_dfew",
    "diving48": "videoai.data.layouts.diving48:from_diving48",
    "elan": "videoai.data.layouts.elan:from_elan",
    "epic_kitchens": "videoai.data.layouts.epic_kitchens:from_epic_kitchens",
    "ferv39k": "videoai.data.layouts.ferv39k:from_ferv39k",
    "hmdb51": "videoai.data.layouts.hmdb51:from_hmdb51",
    "jester": "videoai.data.layouts.jester:from_jester",
    "json": "videoai.data.layouts.json_clips:from_json",
    "kinetics": "videoai.data.layouts.kinetics:from_kinetics",
    "label_studio": "videoai.data.layouts.label_studio:from_label_studio",
    "lerobot": "videoai.data.layouts.lerobot:from_lerobot",
    "liris_accede": "videoai.data.layouts.liris_accede:from_liris_accede",
    "list": "videoai.data.layouts.path_list:from_list",
    "mafw": "videoai.data.layouts.mafw:from_mafw",
    "meld": "videoai.data.layouts.meld:from_meld",
    "open_sports": "videoai.data.layouts.open_sports:from_open_sports",
    "parquet": "videoai.data.layouts.parquet:from_parquet",
    "ravdess": "videoai.data.layouts.ravdess:from_ravdess",
    "ssv2": "videoai.data.layouts.ssv2:from_ssv2",
    "table": "videoai.data.layouts.table:from_table",
    "ucf101": "videoai.data.layouts.ucf101:from_ucf101",
    "via": "videoai.data.layouts.via:from_via",
    "video_emotion": "videoai.data.layouts.video_emotion:from_video_emotion",
    "mds": "videoai.data.layouts.mds:from_mds",
    "webdataset": "videoai.data.layouts.webdataset:from_webdataset",
}

# Layouts that take targets.
WITH_COLUMNS = ("csv", "crema_d", "dfew", "epic_kitchens", "json", "liris_accede", "meld", "motion16", "parquet")
WITH_COLUMNS += ("aff_wild2", "ravdess", "shards", "table")


def build_manifest(data: DataSettings, *, trust: Sequence[str]) -> Manifest:
    """Raises: ValueError or FileNotFoundError, naming the file and what to do."""
    with process_group.first_on_node():  # it may render or unpack something
        manifest = build(with_columns(data), MANIFESTS, where="data", trust=trust)
    if not isinstance(manifest, Manifest):
        target = data.source.get("_target_") or data.name
        raise ValueError(
            f"data: {target} returned a {type(manifest).__name__}; return a Manifest of videoai.data.lists.manifest."
        )
    if lacking := [name for name in data.columns or {} if name not in [column.name for column in manifest.columns]]:
        raise ValueError(f"{manifest.source}: the manifest has no column {lacking[0]!r} of targets.")
    manifest.check_labels()
    if data.source.get("_target_"):  # readers of layouts check each line, and data check counts what is wrong
        manifest.check_times()
    if data.only is not None:
        manifest = manifest.only(data.only)
    if data.background:
        manifest = with_background(manifest)
    if data.quarantine:
        manifest = without_quarantined(manifest, data.quarantine)
    if data.features:
        manifest = with_features(manifest, data.features)
    return with_fold(manifest, data) if data.folds is not None and data.test_fold is not None else manifest


def with_columns(data: DataSettings) -> dict[str, Any]:
    """The node of the data, with the columns that are targets. Raises: ValueError: a layout without columns."""
    if not data.columns:
        return data.source
    if data.name is not None and data.name not in WITH_COLUMNS:
        given = ", ".join(data.columns)
        raise ValueError(
            f"data={data.name} has no columns, and the task wants {given}. Write a table, "
            f"path,{','.join(data.columns)}: data=csv "
            "data.path=FILE"
        )
    return {**data.source, "columns": data.columns}


def with_fold(manifest: Manifest, data: DataSettings) -> Manifest:
    """As ``data.folds`` and ``data.test_fold`` say. Raises: ValueError: no such fold, or too few groups of a class."""
    of_layout = {"seed": data.source.get("split_seed", 0), "val_fraction": data.source.get("val_fraction")}
    return folds.with_fold(manifest, folds=data.folds or 0, fold=data.test_fold or 0, **of_layout)


def keep_together(manifest: Manifest) -> dict[str, str]:
    """The setting that made splits lack where clips seem to be of the same people or sources; else none."""
    together = manifest.together
    return {f"data.{together.setting}": together.value} if together else {}


def warn_of_parted_sources(manifest: Manifest) -> None:
    """Say with which command a random split would not part the clips of one person or source."""
    for key, value in keep_together(manifest).items():
        how = same_command(f"{key}={value}") or f"set {key}={value}"
        logger.warning("clips of one person or source seem to be in several splits, which flatters the score: %s", how)


def class_warnings(manifest: Manifest, data: DataSettings) -> list[str]:
    """Sentences on classes of very different sizes, or with so few clips that a score says little."""
    if not manifest.classes:
        return []
    table = manifest.table()
    train, val = ({name: counts[at] for name, *counts in table} for at in (0, 1))
    most, least = max(train, key=lambda name: train[name]), min(train, key=lambda name: train[name])
    said = []
    if train[most] >= IMBALANCE * train[least]:
        said.append(
            f"imbalance: {train[most]} train clips of {most}, {train[least]} of {least}. Read mean class accuracy "
            "beside top-1; with several labels a clip, mAP counts all classes alike."
        )
    if few := [name for name, count in train.items() if count < FEW_TRAIN]:
        said.append(
            f"fewer than {FEW_TRAIN} train clips of {truncated_list(few, 4)}: little can be learned from so few."
        )
    num_val = len(manifest.splits["val"])
    if 0 < num_val < FEW_VAL * len(val):
        more = "" if data.folds else " data.folds=5 tests every clip once."
        said.append(
            f"{pluralize(num_val, 'validation clip')} for {len(val)} classes: accuracy is uncertain by up to "
            f"{whole_percent(1 / num_val**0.5)} to either side.{more}"
        )
    return said


def announce_data(manifest: Manifest) -> None:
    """Where the videos come from, how they are split, how the classes are balanced."""
    counts = {split: len(items) for split, items in manifest.splits.items()}
    is_labelled = len(manifest.classes) > 1 or not manifest.columns
    classes = f"{len(manifest.classes)} classes, " if is_labelled else ""
    logger.info("data %s: %s%s", display_path(manifest.source), classes, counts)
    for note in manifest.notes:
        logger.info("  %s", note)
    if not is_labelled:
        return
    columns = list(zip(*manifest.table(), strict=True))
    table = class_balance_table(dict(zip(SPLITS, columns[1:], strict=True)), classes=columns[0])
    logger.info("%s", as_text(table))
