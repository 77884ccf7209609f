from itertools import permutations
from math import comb, isnan

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torchmetrics.functional.retrieval import retrieval_average_precision, retrieval_hit_rate

from videoai.report.retrieval import (
    RECALL_AT,
    QueryScores,
    chance_average_precision,
    chance_recall,
    per_class,
    score_queries,
    sentence,
    summarize,
)


def drawn(seed: int, queries: int = 30, rows: int = 50) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    similarity = torch.rand(queries, rows, generator=generator) * 2 - 1
    relevant, barred = (torch.rand(queries, rows, generator=generator) < share for share in (0.1, 0.2))
    relevant[:, 0], barred[:, 0] = True, False
    return similarity, relevant, barred


@pytest.mark.parametrize("seed", range(5))
def test_the_measures_are_those_of_torchmetrics_and_scikit_learn(seed: int):
    similarity, relevant, barred = drawn(seed)
    values = score_queries(similarity, relevant, barred).values
    for query, row in enumerate(values):
        kept = ~barred[query]
        asked = (similarity[query, kept] + 2, relevant[query, kept])  # torchmetrics forgets what scores 0 or less
        hits = [float(retrieval_hit_rate(*asked, top_k=k)) for k in RECALL_AT]
        assert row[:3].tolist() == hits
        assert float(row[3]) == pytest.approx(float(retrieval_average_precision(*asked)), abs=1e-6)
        assert float(row[3]) == pytest.approx(average_precision_score(asked[1], asked[0]), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_equal_similarities_are_taken_together(seed: int):
    similarity, relevant, barred = drawn(seed)
    similarity = (similarity * 3).round()
    values = score_queries(similarity, relevant, barred).values
    for query, row in enumerate(values):
        kept = ~barred[query]
        expected = average_precision_score(relevant[query, kept], similarity[query, kept])
        assert float(row[3]) == pytest.approx(expected, abs=1e-9)


def test_features_that_are_all_equal_find_nothing():
    _, relevant, barred = drawn(0)
    values, chance = score_queries(torch.ones(30, 50), relevant, torch.zeros_like(barred))
    assert values[:, :3].sum() == 0
    assert values[:, 3].numpy() == pytest.approx(relevant.double().mean(1).numpy())
    assert chance[:, 3].mean() > values[:, 3].mean()


@pytest.mark.parametrize(("relevant", "candidates"), [(1, 1), (1, 6), (2, 6), (3, 6), (6, 6), (4, 7)])
def test_chance_is_the_mean_over_all_rankings(relevant: int, candidates: int):
    counts = torch.tensor([relevant, candidates], dtype=torch.float64)[:, None]
    labels = np.array([1] * relevant + [0] * (candidates - relevant))
    rankings = np.array([*permutations(range(candidates))])
    hits = labels[rankings]
    precision = hits.cumsum(1) / np.arange(1, candidates + 1)
    expected = ((hits * precision).sum(1) / relevant).mean()
    assert float(chance_average_precision(*counts)) == pytest.approx(expected)
    for k in RECALL_AT:
        assert float(chance_recall(*counts, k)) == pytest.approx(hits[:, :k].any(1).mean())
        if k <= candidates:
            assert float(chance_recall(*counts, k)) == pytest.approx(
                1 - comb(candidates - relevant, k) / comb(candidates, k)
            )


def test_a_random_ranking_is_at_chance():
    scores = score_queries(*drawn(1, queries=4000))
    score = summarize("all", scores)
    assert score.values == pytest.approx(score.chance, abs=0.02)


def test_a_query_with_nothing_to_find_counts_nowhere():
    similarity, relevant, barred = drawn(0, queries=4)
    relevant[1], barred[2] = False, True
    scores = score_queries(similarity, relevant, barred)
    assert scores.values.isnan().all(1).tolist() == scores.chance.isnan().all(1).tolist() == [False, True, True, False]
    assert summarize("all", scores).num_queries == 2


def test_a_class_is_the_mean_of_its_own_queries_also_of_those_with_several_labels():
    values = torch.tensor([[1.0, 1, 1, 0.8], [0, 1, 1, 0.4], [0, 0, 0, 0.1], [torch.nan] * 4]).double()
    scores = QueryScores(values, values * 0)
    found = {score.name: score for score in per_class(scores, ["run", "run|jump", "jump", "walk"])}
    assert sorted(found) == ["jump", "run"]
    assert found["run"].values == pytest.approx([0.5, 1, 1, 0.6])
    assert found["jump"].values == pytest.approx([0, 0.5, 0.5, 0.25])
    assert found["jump"].num_queries == 2


def test_nothing_at_all_has_no_score():
    assert all(isnan(value) for value in summarize("all", QueryScores(*torch.empty(2, 0, 4).double())).values)


def test_the_sentence_has_each_measure_beside_chance():
    scores = score_queries(*drawn(0))
    said = sentence(summarize("all", scores))
    assert said.startswith("Recall@1 ")
    assert said.count("(chance ") == 4
    assert said.endswith(")")
