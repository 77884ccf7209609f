"""The nearest rows of an index, exactly: every product is computed, in blocks that are read from the memory map."""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from numpy import ndarray
from torch import Tensor

from videoai.core.launcher import launched_processes
from videoai.core.messages import pluralize
from videoai.data.feature_index import FeatureIndex, open_index

logger = logging.getLogger(__name__)

QUERIES = 256  # in one pass over the index
PRODUCTS = 2**22  # at a time: 16 MB of float32
ROWS = 2**14  # the most that are read of the index at a time

Barred = Callable[[slice, slice], Tensor | None]  # bool [q, n]: which rows are no matches of which queries


def check_one_process(verb: str) -> None:
    """Raises: ValueError: torchrun started several."""
    if launched_processes() > 1:
        raise ValueError(f"{verb} runs in one process: start it without torchrun. features extract shares its videos")


def open_filled(path: str) -> FeatureIndex:
    """A table to compare with; says how many rows of it cannot be found. Raises: ValueError: no row has features;
    OSError, ImportError: as ``open_index``."""
    index = open_index(path)
    if not len(index):
        raise ValueError(f"{path}: no row has features{''.join(f' ({reason})' for reason in index.reasons[:1])}")
    if index.left_out:
        rows = pluralize(index.left_out, "row")
        logger.warning("%s: %s without features left out, such as %s", path, rows, index.reasons[0])
    return index


class Nearest(NamedTuple):
    """What some queries found, the most similar first; -inf where there was nothing more."""

    queries: slice
    similarity: Tensor  # float32 [q, k]
    rows: Tensor  # int64 [q, k]


@torch.inference_mode()
def nearest(queries: ndarray, index: ndarray, k: int, device: torch.device, barred: Barred) -> Iterator[Nearest]:
    """The k most similar rows for each query. Both are float32 of unit length, [Q, D] and [N, D]."""
    k = min(k, len(index))
    for first in range(0, len(queries), QUERIES):
        chosen = slice(first, min(first + QUERIES, len(queries)))
        asked = torch.from_numpy(queries[chosen]).to(device)
        found = _Best(asked.new_empty(len(asked), 0), torch.empty(len(asked), 0, dtype=torch.int64, device=device))
        for rows, products in similarities(asked, index):
            bar = barred(chosen, rows)
            if bar is not None:
                products.masked_fill_(bar.to(device), -torch.inf)
            found = found.joined(products, rows.start, k)
        yield Nearest(chosen, found.similarity.clamp(max=1).cpu(), found.rows.cpu())


def similarities(asked: Tensor, index: ndarray) -> Iterator[tuple[slice, Tensor]]:
    """The products of all queries with some rows of the index at a time, [q, n]."""
    size = max(1, min(ROWS, PRODUCTS // len(asked)))
    for first in range(0, len(index), size):
        rows = slice(first, min(first + size, len(index)))
        block = torch.from_numpy(index[rows]).to(asked.device)
        yield rows, asked @ block.T


class _Best(NamedTuple):
    """The best so far, in order; of equal ones the first row."""

    similarity: Tensor
    rows: Tensor

    def joined(self, products: Tensor, first: int, k: int) -> "_Best":
        """With the products of the rows from ``first`` on."""
        values, places = top_of(products, min(k, products.shape[1]))
        values, rows = torch.cat([self.similarity, values], 1), torch.cat([self.rows, places + first], 1)
        rows, order = rows.sort()
        values, best = values.gather(1, order).sort(descending=True, stable=True)
        return _Best(values[:, :k], rows.gather(1, best)[:, :k])


def top_of(products: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """As ``torch.topk``, which takes any of equal values; here the first ones are taken."""
    values, places = products.topk(k)
    last = values[:, -1:]
    if ((products >= last) & (last > -torch.inf)).sum(1).max() <= k:
        return values, places
    values, places = products.sort(descending=True, stable=True)
    return values[:, :k], places[:, :k]
