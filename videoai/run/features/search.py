"""``search``: the videos or windows of a table of features that are most like others."""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from videoai.core.device import take_device
from videoai.core.files import open_atomic
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.data.feature_index import FeatureIndex
from videoai.data.feature_table import FeatureRow
from videoai.run.features.changed import warn_of_changes
from videoai.run.features.nearest import Nearest, check_one_process, nearest, open_filled
from videoai.run.features.parts import read_facts, write_facts
from videoai.run.features.query import prepare_query
from videoai.run.features.text_query import prepare_text
from videoai.run.results_folder import choose_folder
from videoai.settings.features import VideoSearchSettings

logger = logging.getLogger(__name__)
ASKED = ("index", "query", "text", "checkpoint", "top_k", "exclude_same_video", "frame_fps")  # other answers otherwise
FACTS = "search.json"  # beside matches.jsonl: what the answers are to
MANY = 10_000  # videos; of more, only those of the matches are compared with their files, unless asked


@dataclass(frozen=True)
class Search:
    """The answers as they are found, and what was left out."""

    records: Iterator[dict[str, Any]]  # query, start_seconds, end_seconds, matches
    num_queries: int  # rows with features
    left_out: int  # rows of the query without features
    reasons: list[str]  # why the first of these have none
    path: str  # matches.jsonl, which is there when all are answered


def search(settings: VideoSearchSettings) -> Search:
    """Look for each query in the index. Answers to something else are not replaced, as in ``predict``.

    Raises: OSError, ValueError: before the first answer, naming what is wrong. ImportError: Parquet without pyarrow.
    """
    check_one_process("search")
    index, device = open_filled(settings.index), take_device(settings.device)
    made_in = prepare_text(settings, index) if settings.text else prepare_query(settings, index)
    asked = {key: getattr(settings, key) for key in ASKED}
    folder = choose_folder(settings.run_dir, Path("runs/search"), asked, partial(read_facts, name=FACTS))
    queries = made_in(folder / "query")
    write_facts(folder, asked, FACTS)
    path = folder / "matches.jsonl"
    records = saved(answers(settings, index, queries, device), path)
    return Search(records, len(queries), queries.left_out, queries.reasons, display_path(path))


def saved(records: Iterator[dict[str, Any]], path: Path) -> Iterator[dict[str, Any]]:
    """The records, also as lines of a file that appears after the last one."""
    with open_atomic(path) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            yield record
    logger.info("the answers are also in %s", display_path(path))


def answers(
    settings: VideoSearchSettings, index: FeatureIndex, queries: FeatureIndex, device: torch.device
) -> Iterator[dict[str, Any]]:
    """A record a query. Says at the end which of the index's videos are other ones now."""
    own = own_videos(queries, index, settings.root) if settings.exclude_same_video else np.full(len(queries), -1)
    found: dict[int, FeatureRow] = {}  # by the number of the video
    for part in nearest(queries.vectors, index.vectors, settings.top_k, device, barred_by(own, index.videos)):
        for place, query in enumerate(range(part.queries.start, part.queries.stop)):
            rows = [(index.rows[row], score) for row, score in matches_of(part, place)]
            found |= {int(index.videos[row]): index.rows[row] for row, _ in matches_of(part, place)}
            yield record_of(queries.rows[query], rows)
    warn_of_changes(index, rows_to_check(settings.check_files, index, found), settings.root)


def rows_to_check(which: str, index: FeatureIndex, found: dict[int, FeatureRow]) -> list[FeatureRow]:
    """A row of each video whose file is compared with the index. ``found``: those of the matches."""
    if which == "all" or (which == "auto" and index.num_videos <= MANY):
        return index.first_rows()
    if which == "auto":
        videos = pluralize(index.num_videos, "video")
        logger.info(
            "%s: %s, so only the files of the matches are looked at; check_files=all takes all", index.path, videos
        )
    return [*found.values()]


def matches_of(part: Nearest, place: int) -> list[tuple[int, float]]:
    """(row, similarity) of one query, the best first."""
    pairs = zip(part.rows[place].tolist(), part.similarity[place].tolist(), strict=True)
    return [(row, score) for row, score in pairs if score > -torch.inf]


def record_of(query: FeatureRow, rows: list[tuple[FeatureRow, float]]) -> dict[str, Any]:
    """What is answered to one query."""
    matches = [
        {
            "video": row.video,
            "start_seconds": row.start_seconds,
            "end_seconds": row.end_seconds,
            "label": row.label,
            "similarity": round(score, 6),
        }
        for row, score in rows
    ]
    return {
        "query": query.video,
        "start_seconds": query.start_seconds,
        "end_seconds": query.end_seconds,
        "matches": matches,
    }


def own_videos(queries: FeatureIndex, index: FeatureIndex, root: str | None) -> ndarray:
    """int32 [Q]: the number of the query's own video in the index, by its path, or its name and content; -1 = it is
    not in it."""
    by_path, by_content = {}, {}
    for number, row in enumerate(index.first_rows()):
        path = index.file_of(row.video, root)
        by_path[path] = by_content[os.path.basename(path), row.fingerprint] = number
    numbers = []
    for row in queries.first_rows():
        path = queries.file_of(row.video)
        same = by_content.get((os.path.basename(path), row.fingerprint), -1)
        numbers.append(by_path.get(path, same))
    return np.array(numbers, np.int32)[queries.videos]


def barred_by(own: ndarray, videos: ndarray) -> Any:
    """Rows of the query's own video are no matches."""
    asked, held = torch.from_numpy(own), torch.from_numpy(videos)
    is_there = bool((asked >= 0).any())

    def barred(queries: slice, rows: slice) -> Tensor | None:
        return asked[queries, None] == held[None, rows] if is_there else None

    return barred
