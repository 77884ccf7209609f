import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from videoai.report.multilabel_metrics import (
    annotated,
    average_precision,
    base_rate,
    hit_at_1,
    macro_label_f1,
    mean_average_precision,
    micro_f1,
    per_label,
)

NAN = math.nan
SCORES = torch.tensor([[0.9, 0.2, 0.6], [0.8, 0.7, 0.1], [0.3, 0.6, 0.2], [0.6, 0.1, 0.0]])
LABELS = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]]).bool()


def test_a_case_worked_out_by_hand():
    # Class 0 ranks 0.9 hit, 0.8, 0.6, 0.3 hit: (1/1 + 2/4) / 2. Class 1: both hits first. Class 2: no video has it.
    assert average_precision(SCORES, LABELS).tolist() == pytest.approx([0.75, 1.0, NAN], nan_ok=True)
    assert mean_average_precision(SCORES, LABELS) == pytest.approx(0.875)
    assert base_rate(LABELS) == 0.5
    # At 0.5: class 0 predicts three, finds one of two; class 1 two of two; class 2 predicts one that is wrong.
    assert micro_f1(SCORES, LABELS) == pytest.approx(2 * 3 / (6 + 4))
    assert macro_label_f1(SCORES, LABELS) == pytest.approx((2 * 1 / 5 + 1 + 0) / 3)
    assert hit_at_1(SCORES, LABELS) == 0.5  # the second is wrong about its best class, the last has no label


def test_a_score_at_the_threshold_is_predicted():
    assert micro_f1(torch.tensor([[0.5]]), torch.tensor([[True]])) == 1.0


def test_a_constant_score_gives_the_base_rate_in_any_order():
    labels = torch.tensor([[True], [False], [False], [True], [False]])
    for order in ([0, 1, 2, 3, 4], [4, 2, 1, 3, 0]):
        assert average_precision(torch.full((5, 1), 0.3), labels[order]).item() == pytest.approx(0.4)


def test_an_unreadable_video_has_score_0_and_stays_in_the_denominator():
    scores = SCORES.clone()
    scores[0] = NAN
    # Class 0 now ranks 0.8, 0.6, 0.3 hit, 0 hit.
    assert average_precision(scores, LABELS)[0].item() == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert hit_at_1(scores, LABELS) == 0.25
    rows = per_label(scores, LABELS, classes=["a", "b", "c"])
    assert (rows[0].num_videos, rows[0].num_predicted, rows[0].recall) == (2, 2, 0.0)
    everything = torch.full_like(SCORES, NAN)
    assert mean_average_precision(everything, LABELS) == pytest.approx(0.5)  # chance
    assert hit_at_1(everything, LABELS) == 0.0


def test_no_labels_at_all_have_no_score():
    nothing = torch.zeros(3, 2, dtype=torch.bool)
    assert math.isnan(mean_average_precision(torch.zeros(3, 2), nothing))
    assert math.isnan(micro_f1(torch.zeros(3, 2), nothing))
    assert math.isnan(base_rate(nothing))


@st.composite
def cases(draw) -> tuple[torch.Tensor, torch.Tensor]:
    videos, classes = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    # Few different scores, so that many are tied.
    score = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1)
    cells = draw(st.lists(st.tuples(score, st.booleans()), min_size=videos * classes, max_size=videos * classes))
    scores, labels = zip(*cells, strict=True)
    return torch.tensor(scores).double().view(videos, classes), torch.tensor(labels).view(videos, classes)


@given(cases())
def test_average_precision_and_f1_are_those_of_scikit_learn(case):
    scores, labels = case
    for label, value in enumerate(average_precision(scores, labels).tolist()):
        if labels[:, label].any():
            assert value == pytest.approx(average_precision_score(labels[:, label], scores[:, label]), abs=1e-12)
        else:
            assert math.isnan(value)
    if (labels | (scores >= 0.5)).any():
        expected = f1_score(labels.flatten(), (scores >= 0.5).flatten(), zero_division=0.0)  # every cell alike: micro
        assert micro_f1(scores, labels) == pytest.approx(expected, abs=1e-12)


@given(cases())
def test_average_precision_does_not_depend_on_the_order_of_the_videos(case):
    scores, labels = case
    turned = average_precision(scores.flip(0), labels.flip(0))
    assert average_precision(scores, labels).tolist() == pytest.approx(turned.tolist(), nan_ok=True, abs=1e-12)


def test_shapes_and_kinds_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"labels: torch.bool \[4, 2\], but bool \[4, 3\] is needed"):
        average_precision(SCORES, LABELS[:, :2])
    with pytest.raises(ValueError, match="labels: torch.float32"):
        micro_f1(SCORES, LABELS.float())
    with pytest.raises(ValueError, match="N >= 1"):
        hit_at_1(SCORES[:0], LABELS[:0])


def test_a_class_is_scored_over_the_videos_that_were_annotated_for_it():
    targets = LABELS.float()
    targets[1, 0] = targets[2, 1] = NAN
    scores, labels = annotated(SCORES, targets)
    for k, kept in ((0, [0, 2, 3]), (1, [0, 1, 3])):
        alone = SCORES[kept][:, k : k + 1], LABELS[kept][:, k : k + 1]
        assert average_precision(scores, labels)[k] == average_precision(*alone)[0]
        row, other = per_label(scores, labels, classes=["a", "b", "c"])[k], per_label(*alone, classes=["x"])[0]
        assert row._replace(name="x") == other
    cells = [(SCORES[n, k], LABELS[n, k]) for n in range(4) for k in range(3) if not targets[n, k].isnan()]
    one = [torch.stack(part)[:, None] for part in zip(*cells, strict=True)]
    assert micro_f1(scores, labels) == micro_f1(*one)
    assert base_rate(labels, scores) == pytest.approx((2 / 3 + 1 / 3) / 2)


def test_a_hit_is_the_best_of_the_annotated_classes_and_a_video_without_any_does_not_count():
    targets = torch.tensor([[NAN, 0.0, 1.0], [NAN, NAN, NAN], [1.0, 0.0, NAN]])
    scores = torch.tensor([[0.9, 0.1, 0.6], [0.9, 0.9, 0.9], [NAN, NAN, NAN]])
    assert hit_at_1(*annotated(scores, targets)) == 0.5  # the last is unreadable


def test_an_unreadable_video_counts_as_score_0_where_it_was_annotated():
    targets = torch.tensor([[1.0, NAN], [0.0, 1.0], [1.0, 0.0]])
    scores = torch.tensor([[NAN, NAN], [0.2, 0.3], [0.4, 0.1]])
    assert average_precision(*annotated(scores, targets)).tolist() == pytest.approx([(1 + 2 / 3) / 2, 1.0])
