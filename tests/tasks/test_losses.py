from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from videoai.tasks.losses import (
    ClassificationLoss,
    MultiLabelLoss,
    classification_loss,
    effective_number_weights,
    multi_label_loss,
)

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(6, 4, generator=GENERATOR, dtype=torch.float64)
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])
COUNTS = torch.tensor([1000, 100, 10, 1])


def test_everything_off_is_cross_entropy():
    plain = classification_loss(COUNTS)(LOGITS, LABELS)
    assert torch.equal(plain, F.cross_entropy(LOGITS, LABELS))
    smooth = classification_loss(COUNTS, label_smoothing=0.1)(LOGITS, LABELS)
    assert torch.equal(smooth, F.cross_entropy(LOGITS, LABELS, label_smoothing=0.1))


def test_focal_loss_is_the_formula_of_the_paper():
    p = LOGITS.softmax(1)[range(6), LABELS]
    expected = -((1 - p) ** 2 * p.log()).mean()
    assert ClassificationLoss(focal=2.0)(LOGITS, LABELS).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("settings", [{}, {"focal": 2.0}, {"effective_number": 0.99}, {"balanced_softmax": True}])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_hard_label_is_the_soft_label_with_all_its_weight(settings, smoothing):
    loss = classification_loss(COUNTS, label_smoothing=smoothing, **settings)
    soft = F.one_hot(LABELS, 4).double()
    assert loss(LOGITS, LABELS).item() == pytest.approx(loss(LOGITS, soft).item())


def test_label_smoothing_is_the_same_in_every_branch():
    tiny = ClassificationLoss(label_smoothing=0.2, weight=torch.ones(4, dtype=torch.float64))
    assert tiny(LOGITS, LABELS).item() == pytest.approx(F.cross_entropy(LOGITS, LABELS, label_smoothing=0.2).item())


def test_effective_number_weights_are_the_formula_of_the_paper():
    weights = effective_number_weights(COUNTS, 0.99)
    ratio = ((1 - 0.99) / (1 - 0.99**1)) / ((1 - 0.99) / (1 - 0.99**100))
    assert (weights[3] / weights[1]).item() == pytest.approx(ratio)
    assert weights.sum().item() == pytest.approx(4)
    assert effective_number_weights(COUNTS, 0.0).tolist() == [1, 1, 1, 1]
    inverse = effective_number_weights(COUNTS, 0.999999)  # towards 1 / n
    assert (inverse[3] / inverse[2]).item() == pytest.approx(10, rel=1e-3)


def test_a_weighted_clip_weighs_the_same_in_any_batch():
    loss = classification_loss(COUNTS, effective_number=0.999)
    alone = torch.stack([loss(LOGITS[i : i + 1], LABELS[i : i + 1]) for i in range(6)])
    assert loss(LOGITS, LABELS).item() == pytest.approx(alone.mean().item())


def test_balanced_softmax_is_the_formula_of_the_paper():
    weighted = COUNTS * LOGITS.exp()
    expected = -(weighted / weighted.sum(1, keepdim=True)).log()[range(6), LABELS].mean()
    loss = classification_loss(COUNTS, balanced_softmax=True)(LOGITS, LABELS)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)  # the prior is kept in single precision


def test_equal_classes_need_no_balancing():
    even = torch.full((4,), 25)
    for settings in ({"effective_number": 0.999}, {"balanced_softmax": True}):
        balanced = classification_loss(even, **settings)(LOGITS, LABELS)
        assert balanced.item() == pytest.approx(F.cross_entropy(LOGITS, LABELS).item(), rel=1e-6)


def test_a_class_that_never_comes_leaves_the_loss_finite():
    counts = torch.tensor([50, 0, 3, 7])
    loss = classification_loss(counts, label_smoothing=0.1, effective_number=0.99, balanced_softmax=True, focal=1.0)
    assert loss(LOGITS, LABELS).isfinite()


SEVERAL = torch.tensor([[1.0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0.3, 1]], dtype=torch.float64)


def test_several_labels_cost_binary_cross_entropy():
    logits = LOGITS[:3]
    expected = -(SEVERAL * logits.sigmoid().log() + (1 - SEVERAL) * (1 - logits.sigmoid()).log()).mean()
    assert MultiLabelLoss()(logits, SEVERAL).item() == pytest.approx(expected.item())


def test_focal_loss_of_several_labels_is_the_formula_of_the_paper():
    logits, target = LOGITS[:3], SEVERAL.round()
    p_true = torch.where(target == 1, logits.sigmoid(), 1 - logits.sigmoid())
    expected = -((1 - p_true) ** 2 * p_true.log()).mean()
    assert MultiLabelLoss(gamma_pos=2.0, gamma_neg=2.0)(logits, target).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("weight", [None, torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)])
def test_focal_loss_of_several_labels_without_gamma_is_binary_cross_entropy(weight):
    near, plain = MultiLabelLoss(gamma_neg=1e-9, pos_weight=weight), MultiLabelLoss(pos_weight=weight)
    assert near(LOGITS[:3], SEVERAL).item() == pytest.approx(plain(LOGITS[:3], SEVERAL).item(), rel=1e-6)


@pytest.mark.parametrize(("gamma_neg", "gamma_pos", "margin"), [(4.0, 1.0, 0.05), (4.0, 0.0, 0.0), (0.0, 0.0, 0.3)])
def test_asymmetric_loss_is_the_formula_of_the_paper(gamma_neg, gamma_pos, margin):
    logits, target = LOGITS[:3], SEVERAL.round()
    p = logits.sigmoid()
    shifted = (p - margin).clamp(min=0)
    terms = target * (1 - p) ** gamma_pos * p.log() + (1 - target) * shifted**gamma_neg * (1 - shifted).log()
    loss = multi_label_loss(COUNTS, 1000, gamma_neg=gamma_neg, gamma_pos=gamma_pos, margin=margin)
    assert loss(logits, target).item() == pytest.approx(-terms.mean().item())


@pytest.mark.parametrize("gamma", [0.0, 0.5, 4.0])
def test_a_negative_below_the_margin_costs_nothing_and_has_a_slope_of_zero(gamma):
    logits = torch.tensor([[-8.0, 3.0, 60.0, -60.0]], requires_grad=True)
    loss = MultiLabelLoss(gamma_neg=gamma, margin=0.05)(logits, torch.tensor([[0.0, 1.0, 0.0, 1.0]]))
    loss.backward()
    assert loss.isfinite() and logits.grad is not None and logits.grad.isfinite().all()
    assert logits.grad[0, 0] == 0 and logits.grad[0, 1] < 0


def test_focal_loss_is_the_asymmetric_one_with_one_gamma():
    focal = multi_label_loss(COUNTS, 1000, focal=2.0)
    assert torch.equal(
        focal(LOGITS, torch.ones(6, 4)), MultiLabelLoss(gamma_pos=2.0, gamma_neg=2.0)(LOGITS, torch.ones(6, 4))
    )


def test_smoothing_of_several_labels_goes_half_way():
    smooth = MultiLabelLoss(label_smoothing=0.2)(LOGITS[:3], SEVERAL)
    assert smooth.item() == pytest.approx(MultiLabelLoss()(LOGITS[:3], SEVERAL * 0.8 + 0.1).item())


def test_positives_weigh_a_power_of_the_negatives_for_each():
    counts = torch.tensor([10, 50, 100, 0])
    assert multi_label_loss(counts, 100).pos_weight is None
    full, root = (multi_label_loss(counts, 100, pos_weight=power).pos_weight for power in (1.0, 0.5))
    assert full is not None and root is not None
    assert full.tolist() == pytest.approx([9.0, 1.0, 0.01, 99.0])  # one that all have, one that none has: finite
    assert root.tolist() == pytest.approx([value**0.5 for value in full.tolist()])


@pytest.mark.parametrize("settings", [{}, {"focal": 2.0}, {"gamma_neg": 4.0, "margin": 0.05}, {"pos_weight": 1.0}])
def test_what_was_not_annotated_costs_nothing_and_teaches_nothing(settings):
    logits = LOGITS[:3].clone().requires_grad_()
    label = SEVERAL.clone()
    label[0, 0] = label[2, 3] = torch.nan
    loss = multi_label_loss(COUNTS, 1000, has_unknown=True, label_smoothing=0.1, **settings)(logits, label)
    loss.backward()
    known = ~label.isnan()
    filled = multi_label_loss(COUNTS, 1000, label_smoothing=0.1, **settings)
    everything = filled(LOGITS[:3], SEVERAL) * 12
    for n, k in ((0, 0), (2, 3)):
        one = LOGITS[n : n + 1].clone()
        cell = filled(one, SEVERAL[n : n + 1]) * 4 - sum_of_others(filled, one, SEVERAL[n : n + 1], k)
        everything = everything - cell
    assert loss.item() == pytest.approx((everything / known.sum()).item())
    assert logits.grad is not None and (logits.grad[~known] == 0).all() and (logits.grad[known] != 0).any()


def sum_of_others(loss: MultiLabelLoss, logits: torch.Tensor, label: torch.Tensor, left_out: int) -> torch.Tensor:
    """The cost of all classes of one clip but one."""
    other = label.clone()
    other[0, left_out] = torch.nan
    return replace(loss, has_unknown=True)(logits, other) * 3


def test_a_batch_of_which_nothing_is_known_costs_nothing():
    loss = MultiLabelLoss(has_unknown=True)(LOGITS[:2], torch.full((2, 4), torch.nan))
    assert loss.item() == 0


def test_positives_are_weighed_against_the_negatives_that_are_known():
    full = multi_label_loss(torch.tensor([10, 10]), torch.tensor([100, 20]), pos_weight=1.0).pos_weight
    assert full is not None and full.tolist() == [9.0, 1.0]
