"""``features map``: the rows of a table as points."""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.files import csv_bytes, write_together
from videoai.core.messages import pluralize
from videoai.data.feature_table import FeatureTable, read_features
from videoai.report.feature_map import map_figure
from videoai.report.run_pictures import png
from videoai.run.features.labelled import all_columns, chosen
from videoai.settings.features import MapSettings
from videoai.tabular.embedding import alike_neighbors, embedded

logger = logging.getLogger(__name__)


class Drawn(NamedTuple):
    """What a map says, and where it is."""

    sentence: str
    folder: str


def map_features(settings: MapSettings) -> Drawn:
    """Raises: OSError, ValueError: naming what is wrong."""
    table = read_features(settings.table)
    values = [str(value or "") for value in chosen(all_columns(table), settings.color, "color", settings.table)]
    rows = drawn_rows(table, settings)
    names = [values[row] for row in rows]
    points, kept = embedded(table.features[rows], settings.method, settings.seed)
    share, chance = alike_neighbors(table.features[rows], np.unique(names, return_inverse=True)[1])
    axes = f"t-SNE of {pluralize(len(rows), 'row')}" if kept is None else f"PCA: {kept:.0%} of the variance"
    sentence = (
        f"{share:.0%} of the rows have the {settings.color} of their nearest row, by cosine over all columns; "
        f"{chance:.0%} would by chance. Rows of one video are not left out."
    )
    folder = Path(settings.run_dir)
    cells = zip([table.rows[row].video for row in rows], names, *points.T.tolist(), strict=True)
    table_bytes = csv_bytes(("video", settings.color, "x", "y"), cells, errors="backslashreplace")
    figure = map_figure(points, names, axes)
    write_together({folder / "map.png": png(figure), folder / "map.csv": table_bytes})
    return Drawn(sentence, str(folder))


def drawn_rows(table: FeatureTable, settings: MapSettings) -> ndarray:
    """Rows with features, in their order. Raises: ValueError: fewer than three."""
    usable = np.flatnonzero([not row.error for row in table.rows])
    if len(usable) < 3:
        raise ValueError(f"{settings.table}: {pluralize(len(usable), 'row')} with features; a map needs three.")
    if len(usable) <= settings.rows:
        return usable
    logger.info("%d of %d rows are drawn; rows=%d draws all", settings.rows, len(usable), len(usable))
    return np.sort(np.random.default_rng(settings.seed).choice(usable, settings.rows, replace=False))
