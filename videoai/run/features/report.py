"""``features report``: one page of what is known of a table of features."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from videoai.core.device import take_device
from videoai.core.files import write_together
from videoai.core.paths import display_path
from videoai.data.feature_table import FeatureRow, FeatureTable, read_features
from videoai.report.feature_map import map_figure
from videoai.report.feature_report import Skipped, TableFacts, feature_page
from videoai.report.run_pictures import png
from videoai.run.features.columns import columns_of, thinned_rows
from videoai.run.features.labelled import Labelled, open_labelled
from videoai.run.features.nearest import check_one_process, open_filled
from videoai.run.features.neighbors import Comparison, compare, describe
from videoai.run.features.pairs import verdict
from videoai.run.features.probe import folds_of, majority, measured, summary
from videoai.settings.features import FeatureReportSettings, NeighborsSettings, ProbeSettings
from videoai.tabular.embedding import embedded

PAGE, NUMBERS = "report.html", "report.json"
MOST_ROWS = 20_000  # comparing every pair takes minutes beyond
SPLITS = ("train", "val", "test")
MOST_PAIRS = 100  # on the page; features neighbors lists all


@dataclass(frozen=True)
class FeatureReport:
    """What the page says first, and where it is."""

    headline: str
    skipped: list[str]
    files: list[str]


def report_features(settings: FeatureReportSettings) -> FeatureReport:
    """Look at the table in every way that applies, write ``report.html`` and ``report.json``.

    Raises: OSError, ValueError: no table, or none of its rows has features. ImportError: Parquet without pyarrow.
    """
    check_one_process("features report")
    table = read_features(settings.table)
    facts = facts_of(table, settings.table)
    parts = {
        "map": attempt(lambda: drawn(table, settings)),
        "probe": attempt(lambda: probed(table, settings)),
        "neighbors": attempt(lambda: compared(settings)),
        "selection": attempt(lambda: selection_beside(settings.table)),
    }
    page, headline, numbers = feature_page(facts, parts)
    folder = Path(settings.run_dir)
    text = json.dumps(numbers, indent=2, ensure_ascii=False) + "\n"
    write_together({folder / NUMBERS: text.encode("utf-8", "backslashreplace"), folder / PAGE: page})
    skipped = [f"{name}: {part.reason}" for name, part in parts.items() if isinstance(part, Skipped)]
    return FeatureReport(headline, skipped, [display_path(folder / name) for name in (PAGE, NUMBERS)])


def attempt(look: Callable[[], Any]) -> Any:
    """What a look gives, or why it does not apply."""
    try:
        return look()
    except ValueError as error:
        return Skipped(str(error))


def facts_of(table: FeatureTable, path: str) -> TableFacts:
    """Counts and the health of the columns. Raises: ValueError: no row has features."""
    usable = np.array([not row.error for row in table.rows], bool)
    if not usable.any():
        raise ValueError(f"{path}: none of its {len(table)} rows has features, so there is nothing to look at.")
    x, good = table.features[usable], [row for row in table.rows if not row.error]
    return TableFacts(
        path=display_path(path),
        provenance=table.provenance,
        num_rows=len(table),
        num_videos=len({row.video for row in table.rows}),
        num_windows=sum(row.start_seconds is not None for row in table.rows),
        reasons=Counter(reason(row) for row in table.rows if row.error),
        width=x.shape[1],
        missing=int(np.isnan(x).sum()),
        constant=np.flatnonzero(np.nanmax(x, 0) == np.nanmin(x, 0)).tolist(),
        duplicates=duplicate_columns(x),
        norms=np.linalg.norm(np.nan_to_num(x), axis=1).tolist(),
        knows_labels=knows_labels(table),
        splits=[split for split in SPLITS if any(row.split == split for row in good)],
        counts=class_counts(good),
    )


def knows_labels(table: FeatureTable) -> bool:
    """Whether the network was trained to tell these very classes."""
    known = set(table.provenance.get("classes") or ())
    return any(row.split == "train" and row.label in known for row in table.rows)


def reason(row: FeatureRow) -> str:
    """Why a row has no features, without the name of its video."""
    return (row.error or "").removeprefix(f"{row.video}: ")


def duplicate_columns(x: ndarray) -> list[tuple[int, int]]:
    """Columns with the same numbers in each row as an earlier one: (column, earlier one). Constant ones are others."""
    first: dict[bytes, int] = {}
    pairs = []
    for number, column in enumerate(np.ascontiguousarray(x.T)):
        earlier = first.setdefault(column.tobytes(), number)
        if earlier != number and column.min() != column.max():
            pairs.append((number, earlier))
    return pairs


def class_counts(rows: Sequence[FeatureRow]) -> list[tuple[str, list[int]]]:
    """Rows of each class in each split that there is; without splits, in all."""
    splits = [split for split in SPLITS if any(row.split == split for row in rows)] or [None]
    pairs = Counter((name, row.split) for row in rows for name in (row.label or "").split("|") if name)
    names = sorted({name for name, _ in pairs})
    if splits == [None]:
        return [(name, [sum(count for (one, _), count in pairs.items() if one == name)]) for name in names]
    return [(name, [pairs[name, split] for split in splits]) for name in names]


def drawn(table: FeatureTable, settings: FeatureReportSettings) -> dict[str, Any]:
    """A picture of some rows by t-SNE. Raises: ValueError: fewer than three rows."""
    usable = np.flatnonzero([not row.error for row in table.rows])
    if len(usable) < 3:
        raise ValueError(f"{len(usable)} rows with features; a map needs three.")
    rows = thinned_rows(usable, settings.rows)
    names = [table.rows[row].label or "" for row in rows]
    points, _ = embedded(np.nan_to_num(table.features[rows]), "tsne", settings.seed)
    return {"png": png(map_figure(points, names, f"t-SNE of {len(rows)} rows")), "rows": len(rows)}


def probed(table: FeatureTable, settings: FeatureReportSettings) -> dict[str, Any]:
    """Linear and nearest-neighbour accuracy with intervals. Raises: ValueError: no labels, several, or too few."""
    if any("|" in (row.label or "") for row in table.rows):
        raise ValueError("rows have several labels each, and a probe takes one.")
    how = ProbeSettings(
        table=settings.table, shots=(), neighbors=(5,), c=(0.01, 1.0), folds=settings.folds, seed=settings.seed
    )
    labelled = fewer(open_labelled(how), settings.rows)
    rows = [measured(fold, how) for fold in folds_of(labelled, how)]
    tested = f"{len(labelled.test)} rows of split test" if labelled.test else f"{how.folds} folds by group"
    scores = {name: summary([row[name] for row in rows]) for name in rows[0]}
    return {"tested": tested, "learned": len(labelled.learned), "majority": majority(labelled), "probes": scores}


def fewer(labelled: Labelled, most: int) -> Labelled:
    """At most so many rows to learn from, evenly over the table."""
    rows = thinned_rows(np.arange(len(labelled.learned)), most)
    return labelled._replace(learned=labelled.learned.rows(rows))


def compared(settings: FeatureReportSettings) -> dict[str, Any]:
    """Near-duplicates and retrieval. Raises: ValueError: one video alone, or more rows than a page can wait for."""
    index, device = open_filled(settings.table), take_device(settings.device)
    columns = columns_of(index)
    again = f"videoai features neighbors {settings.table}"
    if len(index) > MOST_ROWS:
        raise ValueError(f"{len(index)} rows are compared with each other in minutes, not here: {again}")
    if len(columns.videos.values) < 2:
        raise ValueError("all rows are of one video, and neighbours are rows of another one.")
    how = NeighborsSettings(table=settings.table, threshold=settings.threshold, max_queries=settings.rows)
    done: Comparison = compare(index, columns, how, device)
    said = verdict(done.pairs, settings.threshold, done.about, columns)
    numbers = done.numbers()
    said_of_classes = [describe(one) for one in done.retrieval]
    return {"said": said, "retrieval": said_of_classes, "pairs": done.pairs[:MOST_PAIRS], "numbers": numbers}


def selection_beside(table: str) -> Mapping[str, Any]:
    """The results of ``features select`` of this table, if they lie beside it. Raises: ValueError: there are none."""
    own = Path(table).resolve()
    for folder in (Path("runs/features_select"), own.parent / "features_select", own.parent.parent / "features_select"):
        try:
            results = json.loads((folder / "results.json").read_bytes())
            if Path(results["settings"]["table"]).resolve() == own:
                return {"verdict": results["verdict"], "folder": display_path(folder), "test": results.get("test")}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    raise ValueError(f"no selection of this table lies beside it: videoai features select {display_path(table)}")
