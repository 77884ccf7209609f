"""How well videos find others of their class: Recall@k and mAP, each beside what a random ranking would give.

Recall@k is the share of queries with at least one relevant row among the k nearest (arXiv:1511.06452, and for videos
arXiv:2010.09709), not the share of relevant rows that were found. The average precision of a query is the mean of the
precision at the rank of each of its R relevant rows, over the whole ranking of G rows (Manning et al., Introduction to
Information Retrieval, 2008, section 8.4); mAP is its mean over queries. Chance is exact: a random ranking has Recall@k
1 - C(G-R, k) / C(G, k) (hypergeometric), and the average precision (H + (R-1)/(G-1) (G - H)) / G on average, with
H = 1 + 1/2 + ... + 1/G (Bestgen, 2015; arXiv:2511.02571).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from videoai.report.multilabel_metrics import average_precision

RECALL_AT = (1, 5, 10)
MEASURES = (*(f"recall@{k}" for k in RECALL_AT), "mAP")


class QueryScores(NamedTuple):
    """The measures of each query and what chance gives, float64 [Q, 4] in the order of MEASURES; NaN where nothing is
    relevant."""

    values: Tensor
    chance: Tensor


class RetrievalScore(NamedTuple):
    """Means over the queries of a class, or over all."""

    name: str
    num_queries: int
    values: list[float]  # in the order of MEASURES
    chance: list[float]


def score_queries(similarity: Tensor, relevant: Tensor, barred: Tensor) -> QueryScores:
    """The measures of some queries. An irrelevant row that is as similar as the best relevant one counts as nearer, so
    that features which are all equal find nothing; average precision takes equal ones together.

    Args:
        similarity: float [Q, G].
        relevant: bool [Q, G], of the query's class.
        barred: bool [Q, G], no candidates: the query itself, its video, its group.
    """
    relevant = relevant & ~barred
    similarity = similarity.masked_fill(barred, -torch.inf)
    nearest = similarity.masked_fill(~relevant, -torch.inf).amax(1, keepdim=True)
    ahead = ((similarity >= nearest) & ~relevant & ~barred).sum(1)
    counts, candidates = relevant.sum(1).double(), (~barred).sum(1).double()
    recall = [(ahead < k).double() for k in RECALL_AT]
    values = torch.stack([*recall, average_precision(similarity.T, relevant.T)], 1)
    by_chance = [chance_recall(counts, candidates, k) for k in RECALL_AT]
    chance = torch.stack([*by_chance, chance_average_precision(counts, candidates)], 1)
    nothing = (counts == 0)[:, None]
    return QueryScores(values.masked_fill(nothing, torch.nan), chance.masked_fill(nothing, torch.nan))


def chance_recall(relevant: Tensor, candidates: Tensor, k: int) -> Tensor:
    """The probability that k rows drawn at random hold a relevant one; of R relevant ones among G, each [Q]."""
    missed = torch.ones_like(candidates)
    for drawn in range(k):
        missed = missed * (candidates - relevant - drawn).clamp(min=0) / (candidates - drawn).clamp(min=1)
    return 1 - missed


def chance_average_precision(relevant: Tensor, candidates: Tensor) -> Tensor:
    """The average precision that a random ranking has on average; of R relevant rows among G, each [Q]."""
    harmonic = torch.digamma(candidates + 1) - torch.digamma(torch.ones_like(candidates))
    others = (relevant - 1) / (candidates - 1).clamp(min=1)
    return (harmonic + others * (candidates - harmonic)) / candidates


def summarize(name: str, scores: QueryScores, chosen: Tensor | None = None) -> RetrievalScore:
    """Means over the queries, or the ``chosen`` ones (bool [Q]), that have something to find."""
    has_answer = ~scores.values[:, 0].isnan()
    taken = has_answer if chosen is None else has_answer & chosen
    means = [part[taken].mean(0).tolist() for part in scores]
    return RetrievalScore(name, int(taken.sum()), *means)


def per_class(scores: QueryScores, labels: Sequence[str]) -> list[RetrievalScore]:
    """One score a class that has queries, by name. ``labels``: of each query, several as run|jump."""
    sets = [frozenset(label.split("|")) for label in labels]
    names = sorted(frozenset().union(*sets))
    found = [summarize(name, scores, torch.tensor([name in one for one in sets])) for name in names]
    return [score for score in found if score.num_queries]


def sentence(score: RetrievalScore) -> str:
    """``Recall@1 93.2 % (chance 6.1 %), ... mAP 0.712 (chance 0.083)``."""
    pairs = [*zip(RECALL_AT, score.values, score.chance, strict=False)]  # mAP is the fourth
    recall = [f"Recall@{k} {100 * value:.1f} % (chance {100 * chance:.1f} %)" for k, value, chance in pairs]
    return f"{', '.join(recall)}, mAP {score.values[-1]:.3f} (chance {score.chance[-1]:.3f})"
