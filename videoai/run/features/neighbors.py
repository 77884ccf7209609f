"""``features neighbors``: near-duplicates, leaks between splits and retrieval, from a table of features alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videoai.core.device import take_device
from videoai.core.files import write_together
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.core.progress import counting
from videoai.data.feature_index import FeatureIndex
from videoai.report.result_files import csv_for_people
from videoai.report.retrieval import (
    MEASURES,
    QueryScores,
    RetrievalScore,
    per_class,
    score_queries,
    sentence,
    summarize,
)
from videoai.run.features.columns import Columns, columns_of, thinned
from videoai.run.features.nearest import PRODUCTS, check_one_process, open_filled, similarities
from videoai.run.features.pairs import COLUMNS, Background, Pair, background, find_pairs, verdict
from videoai.run.features.parts import read_facts
from videoai.run.results_folder import choose_folder
from videoai.settings.features import NeighborsSettings

RESULTS = "neighbors.json"  # beside the tables: what they are of, and the numbers
ASKED = ("table", "threshold", "max_queries")


@dataclass(frozen=True)
class Neighbors:
    """What the neighbours in a table say."""

    sentences: list[str]
    files: list[str]


@dataclass(frozen=True)
class Retrieval:
    """Scores of one way to ask."""

    name: str
    total: RetrievalScore
    classes: list[RetrievalScore]
    asked: int  # queries, also those with nothing to find
    of: int  # rows that could have asked


@dataclass(frozen=True)
class Comparison:
    """What comparing all rows gave."""

    pairs: list[Pair]
    about: Background
    retrieval: list[Retrieval]  # [] = the table has no labels
    left_out: int  # rows without features

    def numbers(self) -> dict[str, Any]:
        """The content of neighbors.json."""
        asked = {one.name: scores_of(one.total) | {"asked": one.asked, "of": one.of} for one in self.retrieval}
        return {
            "pairs": len(self.pairs),
            "leaks": sum(pair.leaks for pair in self.pairs),
            "random_pairs_above_threshold": self.about.share,
            "retrieval": asked,
            "without_features": self.left_out,
        }

    def tables(self) -> dict[str, bytes]:
        """The CSV files by name."""
        files = {"pairs.csv": csv_for_people(COLUMNS, [pair.line() for pair in self.pairs])}
        if self.retrieval:
            files["retrieval.csv"] = csv_for_people(HEADER, [line for one in self.retrieval for line in lines(one)])
        return files


def neighbors(settings: NeighborsSettings) -> Neighbors:
    """Compare all rows, write ``pairs.csv``, ``retrieval.csv`` and ``neighbors.json``.

    Raises: OSError, ValueError: naming what is wrong. ImportError: Parquet without pyarrow.
    """
    check_one_process("features neighbors")
    index, device = open_filled(settings.table), take_device(settings.device)
    columns = columns_of(index)
    if len(columns.videos.values) < 2:
        raise ValueError(f"table={settings.table}: all rows are of one video, and neighbours are rows of another one")
    facts = {key: getattr(settings, key) for key in ASKED}
    folder = choose_folder(settings.run_dir, Path("runs/neighbors"), facts, read_results)
    done = compare(index, columns, settings, device)
    said = [*verdict(done.pairs, settings.threshold, done.about, columns), *map(describe, done.retrieval)]
    numbers = json.dumps({**facts, **done.numbers(), "said": said}, indent=2, ensure_ascii=False) + "\n"
    files = {**done.tables(), RESULTS: numbers.encode("utf-8", "backslashreplace")}
    write_together({folder / name: data for name, data in files.items()})
    return Neighbors(said, [display_path(folder / name) for name in files])


def compare(index: FeatureIndex, columns: Columns, settings: NeighborsSettings, device: torch.device) -> Comparison:
    """Pairs, what random pairs are like, and each way to ask for a class."""
    pairs = find_pairs(index, columns, settings.threshold, device)
    about = background(index, pairs, settings.threshold)
    asked = [ask(name, index, columns, *rows, settings.max_queries, device) for name, rows in ways(columns).items()]
    return Comparison(pairs, about, asked, index.left_out)


def read_results(folder: Path) -> dict[str, Any] | None:
    """What the results in a folder are of; None = there are none."""
    held = read_facts(folder, RESULTS)
    return held and {key: held.get(key) for key in ASKED}


def ways(columns: Columns) -> dict[str, tuple[Tensor, Tensor]]:
    """Who asks and who answers, bool [N] each: every labelled row all others, and where there are splits those of test
    (or val) those of train. {} = there are no labels."""
    labelled = columns.labels.numbers >= 0
    found = {"leave-one-out": (labelled, labelled)}
    for split in ("test", "val"):
        asked, held = (labelled & columns.splits.is_value(name) for name in (split, "train"))
        if asked.any() and held.any():
            found[f"{split} against train"] = (asked, held)
            break
    return found if labelled.any() else {}


def ask(
    name: str, index: FeatureIndex, columns: Columns, asked: Tensor, held: Tensor, most: int, device: torch.device
) -> Retrieval:
    """The scores of the rows that ask, at most so many of them."""
    rows = thinned(asked.nonzero()[:, 0], most)
    overlap = columns.labels.overlap().to(device)
    found: list[QueryScores] = []
    with counting(name, len(rows), "rows") as add:
        for queries in rows.split(max(1, PRODUCTS // len(index))):
            found.append(scores_among(queries, index, columns, held, overlap))
            add(len(queries))
    scores = QueryScores(*(torch.cat(parts) for parts in zip(*found, strict=True)))
    own = [columns.labels.values[number] for number in columns.labels.numbers[rows].tolist()]
    return Retrieval(name, summarize("all", scores), per_class(scores, own), len(rows), int(asked.sum()))


@torch.inference_mode()
def scores_among(queries: Tensor, index: FeatureIndex, columns: Columns, held: Tensor, overlap: Tensor) -> QueryScores:
    """The scores of some rows. Rows of the same video or the same group are no candidates.

    Args:
        held: bool [N], the rows that may be found.
        overlap: bool [K, K], which label sets have a label in common; where it lies, products are computed.
    """
    device, every = overlap.device, slice(None)
    vectors = torch.from_numpy(index.vectors[queries.numpy()]).to(device)
    products = torch.cat([part for _, part in similarities(vectors, index.vectors)], 1)
    barred = columns.videos.same(queries, every, device) | columns.groups.same(queries, every, device)
    labels = columns.labels.numbers.to(device)
    relevant = overlap[labels[queries.to(device)][:, None], labels.clamp(min=0)[None]]
    scores = score_queries(products, relevant, barred | ~held.to(device))
    return QueryScores(*(part.cpu() for part in scores))


HEADER = ("asked", "class", "queries", *MEASURES, *(f"chance_{measure}" for measure in MEASURES))


def lines(one: Retrieval) -> list[list[object]]:
    """Lines of retrieval.csv: all queries, then those of each class."""
    scores = [one.total, *one.classes]
    return [
        [one.name, score.name, score.num_queries, *(f"{value:.6f}" for value in (*score.values, *score.chance))]
        for score in scores
    ]


def scores_of(score: RetrievalScore) -> dict[str, Any]:
    """The numbers of a score by their names; {} where nothing was to be found."""
    if not score.num_queries:
        return {"queries": 0}
    named = dict(zip(MEASURES, score.values, strict=True))
    chance = {f"chance_{name}": value for name, value in zip(MEASURES, score.chance, strict=True)}
    return {"queries": score.num_queries, **named, **chance}


def describe(one: Retrieval) -> str:
    """One way to ask, in a sentence."""
    count = pluralize(one.total.num_queries, "row")
    if not one.total.num_queries:
        return f"{one.name}: no row has another of its class in another video and group, so there is nothing to find."
    some = f", drawn evenly from {one.of}" if one.asked < one.of else ""
    alone = one.asked - one.total.num_queries
    more = f"; {pluralize(alone, 'row')} more with none of their class to find" if alone else ""
    return f"{one.name}: {sentence(one.total)}, over {count}{some}{more}."
