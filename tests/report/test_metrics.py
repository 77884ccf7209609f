import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_confusion_matrix

from videoai.report.metrics import (
    UNREADABLE,
    confidence_interval,
    confusion_matrix,
    label_ranks,
    macro_f1,
    mean_class_accuracy,
    per_class,
    predicted_labels,
    top_k_accuracy,
)

NUM_CLASSES = 7


@pytest.fixture
def scored() -> tuple[torch.Tensor, torch.Tensor]:
    """Scores float [200, 7] without ties, labels that never use class 3."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, NUM_CLASSES - 1, (200,), generator=generator)
    labels = torch.where(labels == 3, NUM_CLASSES - 1, labels)
    return torch.rand(200, NUM_CLASSES, generator=generator), labels


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_top_k_agrees_with_torchmetrics(scored, k):
    scores, labels = scored
    expected = multiclass_accuracy(scores, labels, num_classes=NUM_CLASSES, top_k=k, average="micro").item()
    assert top_k_accuracy(scores, labels, k=k) == pytest.approx(expected, abs=1e-6)  # torchmetrics averages in float32


def test_k_beyond_the_number_of_classes_is_clipped(scored):
    scores, labels = scored
    assert top_k_accuracy(scores, labels, k=50) == 1.0


def test_a_constant_score_is_correct_only_for_the_first_class():
    labels = torch.tensor([0, 1, 2, 3])
    assert top_k_accuracy(torch.zeros(4, 4), labels, k=1) == 0.25
    assert top_k_accuracy(torch.zeros(4, 4), labels, k=2) == 0.5


def test_a_row_with_a_nan_is_wrong_even_among_all_classes():
    scores = torch.tensor([[1.0, 0.0], [float("nan"), 0.0], [float("nan")] * 2, [0.0, 1.0]])
    labels = torch.tensor([0, 1, 0, 1])
    assert top_k_accuracy(scores, labels, k=1) == 0.5
    assert top_k_accuracy(scores, labels, k=2) == 0.5
    assert predicted_labels(scores).tolist() == [0, UNREADABLE, UNREADABLE, 1]


@given(st.lists(st.lists(st.integers(-2, 2), min_size=4, max_size=4), min_size=1, max_size=20), st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_a_label_has_rank_zero_exactly_when_it_is_predicted(rows, label):
    scores = torch.tensor(rows, dtype=torch.float32)
    labels = torch.full((len(rows),), label)
    assert torch.equal(label_ranks(scores, labels) == 0, predicted_labels(scores) == labels)


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=6))
@settings(deadline=None, max_examples=50)
def test_the_ranks_of_one_row_are_a_permutation(row):
    scores = torch.tensor([row] * len(row), dtype=torch.float32)
    assert sorted(label_ranks(scores, torch.arange(len(row))).tolist()) == list(range(len(row)))


def test_the_confusion_matrix_agrees_with_sklearn_and_torchmetrics(scored):
    scores, labels = scored
    predicted = predicted_labels(scores)
    matrix = confusion_matrix(predicted, labels, num_classes=NUM_CLASSES)
    assert matrix.tolist() == sklearn_confusion_matrix(labels, predicted, labels=range(NUM_CLASSES)).tolist()
    assert torch.equal(matrix, multiclass_confusion_matrix(predicted, labels, num_classes=NUM_CLASSES))


def test_unreadable_videos_are_left_out_of_the_confusion_matrix_but_lower_the_accuracy():
    labels = torch.tensor([0, 0, 1, 1])
    predicted = torch.tensor([0, UNREADABLE, 1, 1])
    assert confusion_matrix(predicted, labels, num_classes=2).tolist() == [[1, 0], [0, 2]]
    assert mean_class_accuracy(predicted, labels, num_classes=2) == 0.75


def test_a_split_of_unreadable_videos_has_accuracy_zero():
    labels, predicted = torch.tensor([0, 1]), torch.tensor([UNREADABLE, UNREADABLE])
    assert confusion_matrix(predicted, labels, num_classes=2).sum() == 0
    assert mean_class_accuracy(predicted, labels, num_classes=2) == 0.0


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")  # class 3, on purpose
def test_mean_class_accuracy_agrees_with_sklearn(scored):
    scores, labels = scored
    predicted = predicted_labels(scores)
    expected = balanced_accuracy_score(labels, predicted)
    assert mean_class_accuracy(predicted, labels, num_classes=NUM_CLASSES) == pytest.approx(expected, abs=1e-12)


def test_macro_f1_agrees_with_sklearn(scored):
    scores, labels = scored
    predicted = predicted_labels(scores)
    expected = f1_score(labels, predicted, average="macro")
    assert macro_f1(predicted, labels, num_classes=NUM_CLASSES) == pytest.approx(expected)
    always_one = torch.ones_like(labels)
    assert macro_f1(always_one, labels, num_classes=NUM_CLASSES) == pytest.approx(
        f1_score(labels, always_one, average="macro")
    )


def test_macro_f1_counts_an_unreadable_video_as_missed():
    labels = torch.tensor([0, 0, 1])
    predicted = torch.tensor([0, UNREADABLE, 1])
    assert macro_f1(predicted, labels, num_classes=2) == pytest.approx((2 / 3 + 1) / 2)
    with pytest.raises(ValueError, match="macro_f1: no videos"):
        macro_f1(labels[:0], labels[:0], num_classes=2)


def test_per_class_scores_agree_with_sklearn_also_for_unreadable_and_absent_classes(scored):
    scores, labels = scored
    predicted = predicted_labels(scores)
    predicted[:5] = UNREADABLE
    predicted[predicted == 4] = 5  # class 4 is never predicted, class 3 never occurs
    classes = [f"class {label}" for label in range(NUM_CLASSES)]
    ours = per_class(predicted, labels, classes=classes)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=range(NUM_CLASSES), zero_division=math.nan
    )
    assert [score.num_videos for score in ours] == support.tolist()
    assert [score.precision for score in ours] == pytest.approx(precision.tolist(), abs=1e-12, nan_ok=True)
    assert [score.recall for score in ours] == pytest.approx(recall.tolist(), abs=1e-12, nan_ok=True)
    assert [score.f1 for score in ours] == pytest.approx(f1.tolist(), abs=1e-12, nan_ok=True)


def test_the_most_frequent_mistake_is_named_and_the_first_class_wins_a_tie():
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2])
    predicted = torch.tensor([0, 2, 2, 1, 2, 0, 1, 2])
    scores = per_class(predicted, labels, classes=["run", "walk", "sit"])
    assert [score.most_confused_with for score in scores] == ["sit", "run", ""]
    assert [score.num_correct for score in scores] == [1, 1, 1]


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (10, 10), (1, 1), (7, 9), (333, 1000)])
def test_the_interval_agrees_with_scipy(correct, total):
    expected = binomtest(correct, total).proportion_ci(confidence_level=0.95, method="wilson")
    assert confidence_interval(correct, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(1, 10_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
@settings(deadline=None, max_examples=100)
def test_the_interval_holds_the_accuracy_and_stays_inside_zero_and_one(counts):
    correct, total = counts
    low, high = confidence_interval(correct, total)
    assert 0 <= low <= correct / total <= high <= 1


@pytest.mark.parametrize(("correct", "total"), [(0, 0), (3, 2), (-1, 2)])
def test_an_impossible_count_has_no_interval(correct, total):
    with pytest.raises(ValueError, match="needs 0 <= correct <= total"):
        confidence_interval(correct, total)


def test_k_of_zero_is_refused(scored):
    with pytest.raises(ValueError, match="k is 0, but it must be at least 1"):
        top_k_accuracy(*scored, k=0)


def test_no_videos_have_no_accuracy():
    nothing = torch.zeros(0, dtype=torch.int64)
    with pytest.raises(ValueError, match="top_k_accuracy: no videos"):
        top_k_accuracy(torch.zeros(0, 3), nothing)
    with pytest.raises(ValueError, match="mean_class_accuracy: no videos"):
        mean_class_accuracy(nothing, nothing, num_classes=3)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_the_classes_is_refused(label):
    labels = torch.tensor([0, label])
    with pytest.raises(ValueError, match=r"labels: values .* 3 classes allow 0 \.\. 2"):
        label_ranks(torch.zeros(2, 3), labels)
    with pytest.raises(ValueError, match=r"labels: values .* 3 classes allow 0 \.\. 2"):
        per_class(torch.zeros(2, dtype=torch.int64), labels, classes=["a", "b", "c"])


@pytest.mark.parametrize("prediction", [-2, 3])
def test_a_prediction_outside_the_classes_is_refused(prediction):
    with pytest.raises(ValueError, match="predicted: values"):
        confusion_matrix(torch.tensor([0, prediction]), torch.tensor([0, 1]), num_classes=3)


def test_shapes_that_do_not_match_are_named():
    with pytest.raises(ValueError, match=r"int64 \[3\], but int64 \[2\] is needed"):
        top_k_accuracy(torch.zeros(2, 4), torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match=r"scores: torch.int64 \[2\], but a float \[N, K\]"):
        predicted_labels(torch.tensor([0, 1]))
