"""Are planted wrong labels found, and are none claimed where there are none?"""

import numpy as np
import pytest

from videoai.report.label_noise import (
    disagreements,
    expected_by_chance,
    find_suspects,
    fit_noise,
    probable,
    verdict,
)


def answers(accuracy: float, *, clips: int = 600, classes: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [N, K] of a calibrated classifier, and true labels drawn with them. Half of the clips are easier
    than the other, as classifiers have it."""
    rng = np.random.default_rng(seed)
    sure = np.clip(accuracy + np.where(np.arange(clips) % 2, 0.08, -0.08), 1 / classes, 0.995)
    probabilities = np.repeat(((1 - sure) / (classes - 1))[:, None], classes, 1)
    probabilities[np.arange(clips), rng.integers(classes, size=clips)] = sure
    truth = np.array([rng.choice(classes, p=row) for row in probabilities])
    return probabilities, truth


def flipped(labels: np.ndarray, share: float, classes: int = 5, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Labels, ``share`` of them another class; and which."""
    rng = np.random.default_rng(seed)
    which = rng.permutation(len(labels))[: round(share * len(labels))]
    wrong = labels.copy()
    wrong[which] = (labels[which] + rng.integers(1, classes, size=len(which))) % classes
    return wrong, which


def test_most_planted_labels_are_found_and_most_suspects_are_planted():
    probabilities, truth = answers(0.92)
    labels, planted = flipped(truth, 0.1)
    noise = fit_noise(probabilities, labels)
    suspects = {one.index for one in probable(find_suspects(probabilities, labels, noise))}
    recall = len(suspects & set(planted)) / len(planted)
    precision = len(suspects & set(planted)) / len(suspects)
    assert noise.is_seen and noise.low <= 0.1 <= noise.high
    assert recall > 0.6 and precision > 0.6  # 0.75 and 0.75 with this seed; an unsure clip cannot be told


@pytest.mark.parametrize("accuracy", [0.6, 0.8, 0.92])
def test_a_model_that_errs_on_right_labels_claims_none(accuracy):
    false = 0
    for seed in range(20):
        probabilities, truth = answers(accuracy, seed=seed)
        noise = fit_noise(probabilities, truth)
        false += noise.is_seen
        assert noise.is_seen or not probable(find_suspects(probabilities, truth, noise))
    assert false <= 3  # 5 % of 20 by the test's own level; three or fewer with probability 0.98


def test_probabilities_that_know_nothing_claim_none_though_they_contradict_most_labels():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(5), 600), rng.integers(5, size=600)
    noise = fit_noise(probabilities, labels)
    suspects = find_suspects(probabilities, labels, noise)
    assert len(suspects) > 300 and len(probable(suspects)) == 0
    assert "No wrong labels show beyond these" in verdict(probabilities, labels, suspects, noise)


def test_an_overconfident_model_is_cooled_before_it_accuses():
    probabilities, truth = answers(0.8)
    sharp = probabilities**3 / (probabilities**3).sum(1, keepdims=True)
    noise = fit_noise(sharp, truth)
    assert not noise.is_seen and 2 < noise.temperature < 4.5


def test_the_number_by_chance_is_that_of_the_models_own_mistakes():
    counts, chance = [], []
    for seed in range(10):
        probabilities, truth = answers(0.8, seed=seed)
        counts.append(len(disagreements(probabilities, truth)))
        chance.append(expected_by_chance(probabilities, truth, fit_noise(probabilities, truth)))
    assert np.mean(chance) == pytest.approx(np.mean(counts), rel=0.1)  # 2 standard errors of ten counts of about 60


def test_clips_that_could_not_be_read_are_no_suspects():
    probabilities, truth = answers(0.92)
    labels, planted = flipped(truth, 0.1)
    probabilities[planted] = np.nan
    noise = fit_noise(probabilities, labels)
    assert not {one.index for one in find_suspects(probabilities, labels, noise)} & set(planted)


def test_the_verdict_says_the_share_its_interval_and_how_many_suspects_will_be_right():
    probabilities, truth = answers(0.92)
    labels, _ = flipped(truth, 0.1)
    noise = fit_noise(probabilities, labels)
    said = verdict(probabilities, labels, find_suspects(probabilities, labels, noise), noise)
    assert "of 600 labels" in said and "of the labels are wrong (90 %" in said and "look before you change" in said
