"""From a table of features to rows that can be learned from, and those that wait for a last test."""

import csv
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.messages import did_you_mean, pluralize, truncated_list
from videoai.data.feature_table import FeatureTable, read_features, read_provenance
from videoai.settings.features import TableSettings
from videoai.tabular.matrix import Matrix, as_column, group_scaled
from videoai.tasks.selected_features import read_selection

logger = logging.getLogger(__name__)


class Labelled(NamedTuple):
    """Rows with a label."""

    learned: Matrix  # splits train and val, and rows without a split
    test: Matrix | None  # split test
    width: int  # D of the network's features, which come first


def open_labelled(settings: TableSettings) -> Labelled:
    """Raises: OSError, ValueError: no rows, no labels, a column that is not there."""
    table = read_features(settings.table)
    columns = all_columns(table, settings.add)
    labels = np.array([value or "" for value in chosen(columns, settings.label, "label", settings.table)], str)
    usable = np.array([not row.error for row in table.rows], bool) & (labels != "")
    say_left_out(table, labels, settings)
    if not usable.any():
        raise ValueError(f"{settings.table}: no row has both features and a value in {settings.label}.")
    matrix = as_matrix(table, columns, labels, settings).rows(usable)
    classes, y = np.unique(labels[usable], return_inverse=True)
    matrix = replace(matrix, y=y, classes=[str(name) for name in classes])
    if settings.scale == "group":
        matrix = replace(matrix, x=group_scaled(matrix.x, matrix.groups, matrix.categorical))
    is_test = np.array([row.split == "test" for row in table.rows])[usable]
    warn_of_training_clips(table, settings)
    if is_test.all() or not is_test.any():
        return Labelled(matrix, None, table.features.shape[1])
    return Labelled(matrix.rows(~is_test), matrix.rows(is_test), table.features.shape[1])


def as_matrix(table: FeatureTable, columns: dict[str, list[Any]], labels: ndarray, settings: TableSettings) -> Matrix:
    """All rows, without their labels."""
    names = [f"f{number}" for number in range(table.features.shape[1])]
    parts, categorical = [table.features], [False] * len(names)
    for name in settings.columns:
        column, is_categorical = as_column(chosen(columns, name, "columns", settings.table))
        parts.append(column[:, None])
        categorical.append(is_categorical)
    x = np.concatenate(parts, axis=1)
    groups = group_numbers(table, columns, settings)
    return Matrix(x, [*names, *settings.columns], np.array(categorical), np.zeros(len(labels), int), [], groups)


def with_selected(labelled: Labelled, path: str, table: str) -> Labelled:
    """The rows with those features alone that a selection kept; columns of other kinds stay.

    Raises: OSError, ValueError: no such file, or a list of the features of another network.
    """
    selection, about = read_selection(path), read_provenance(Path(table))
    network = selection["network"]
    if (network["body"], network["layer"]) != (about.get("body"), about.get("layer")):
        raise ValueError(
            f"selected={path}: of features of {network['checkpoint']}, layer {network['layer']} (weights "
            f"{network['body']}); {table} has those of {about.get('checkpoint')}, layer {about.get('layer')} "
            f"({about.get('body')}). Give the selection that was made of this network."
        )
    keep = [*selection["features"], *range(labelled.width, len(labelled.learned.names))]
    test = labelled.test and labelled.test.columns(keep)
    return Labelled(labelled.learned.columns(keep), test, len(selection["features"]))


def group_numbers(table: FeatureTable, columns: dict[str, list[Any]], settings: TableSettings) -> ndarray:
    """int64 [N]: rows of a video always belong together, and with them those of its group."""
    if settings.group:
        values = chosen(columns, settings.group, "group", settings.table)
    else:
        values = [row.group or row.video for row in table.rows]
    return np.unique([str(value) for value in values], return_inverse=True)[1]


def all_columns(table: FeatureTable, add: str | None = None) -> dict[str, list[Any]]:
    """Everything but the features, by name. Raises: ValueError: ``add`` fits no row."""
    own = {name: [getattr(row, name) for row in table.rows] for name in ("label", "group", "split", "video")}
    own |= {"start_seconds": [row.start_seconds for row in table.rows]} | table.columns
    return own | added_columns(table, add) if add else own


def added_columns(table: FeatureTable, path: str) -> dict[str, list[Any]]:
    """The columns of a CSV file, by the column ``video``. Raises: OSError, ValueError."""
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or "video" not in rows[0]:
        raise ValueError(
            f"add={path}: needs a column video, with the paths of the table, such as {table.rows[0].video}"
        )
    by_video = {row["video"]: row for row in rows}
    known = [by_video.get(row.video) for row in table.rows]
    if not any(known):
        raise ValueError(
            f"add={path}: none of its videos is in the table. It begins with {rows[0]['video']}, the table with "
            f"{table.rows[0].video}"
        )
    if unknown := known.count(None):
        logger.warning(
            "add=%s: %d of %s are not in it; their values are missing", path, unknown, pluralize(len(known), "row")
        )
    names = [name for name in rows[0] if name not in ("video", None)]
    return {name: [row and row[name] for row in known] for name in names}


def chosen(columns: dict[str, list[Any]], name: str, key: str, path: str) -> Sequence[Any]:
    """A column by name, of the table at ``path``. Raises: ValueError: there is none."""
    if name in columns:
        return columns[name]
    hint = did_you_mean(name, columns)
    raise ValueError(f"{key}={name}: {path} has no such column.{hint} There are {truncated_list(list(columns))}.")


def say_left_out(table: FeatureTable, labels: ndarray, settings: TableSettings) -> None:
    """How many rows cannot be used."""
    failed = sum(row.error is not None for row in table.rows)
    unlabelled = sum(not label and not row.error for label, row in zip(labels, table.rows, strict=True))
    if failed or unlabelled:
        about = (settings.table, failed, unlabelled, settings.label)
        logger.warning("%s: %d rows without features and %d without a value in %s are left out", *about)


def warn_of_training_clips(table: FeatureTable, settings: TableSettings) -> None:
    """A network knows the labels of the clips that it was trained on."""
    known = set(table.provenance.get("classes") or ())
    if settings.label == "label" and any(row.split == "train" and row.label in known for row in table.rows):
        logger.warning(
            "%s: the network was trained to tell these classes, so its features may know the labels of rows of split "
            "train, and accuracy on them flatters. Rows of split test are honest; so are classes that it never saw",
            settings.table,
        )
