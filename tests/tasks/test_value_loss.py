import math

import pytest
import torch

from videoai.report.value_metrics import concordance as ccc_of_a_set
from videoai.tasks.value_loss import MSE_BESIDE_CCC, ValuesLoss, concordance

NAN = math.nan


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_ccc_of_a_batch_is_that_of_a_set():
    outputs, targets = rows(12, 2), rows(12, 4)[:, :2]
    known = torch.ones(12, 2, dtype=torch.bool)
    found = concordance(outputs, targets, known)
    for at in range(2):
        assert float(found[at]) == pytest.approx(ccc_of_a_set(outputs[:, at], targets[:, at]), abs=1e-5)


@pytest.mark.parametrize("kind", ["mse", "smooth_l1", "ccc"])
def test_a_missing_target_changes_neither_loss_nor_gradient(kind):
    outputs, targets = rows(10, 2).requires_grad_(), rows(10, 4)[:, 2:].clone()
    targets[3, 0] = targets[7, 1] = NAN
    loss = ValuesLoss(kind, [0.0, 0.0], [1.0, 1.0])(outputs, targets)
    loss.backward()
    assert loss.isfinite()
    assert outputs.grad is not None
    assert outputs.grad.isfinite().all()
    assert outputs.grad[3, 0] == outputs.grad[7, 1] == 0
    if kind != "ccc":
        only = ValuesLoss(kind, [0.0], [1.0])
        kept = torch.cat([outputs.detach()[~targets[:, at].isnan(), at] for at in range(2)])
        wanted = torch.cat([targets[~targets[:, at].isnan(), at] for at in range(2)])
        assert float(only(kept[:, None], wanted[:, None])) == pytest.approx(loss.item(), abs=1e-6)


def test_a_batch_without_any_target_teaches_nothing():
    for kind in ("mse", "smooth_l1", "ccc"):
        outputs = rows(4, 1).requires_grad_()
        ValuesLoss(kind, [0.0], [1.0])(outputs, torch.full((4, 1), NAN)).backward()
        assert outputs.grad is not None
        assert outputs.grad.abs().sum() == 0


def test_targets_are_standardised_and_ccc_is_the_same_on_either_scale():
    outputs, targets = rows(8, 1), rows(8, 2)[:, 1:] * 40 + 7
    on_scale = ValuesLoss("ccc", [7.0], [40.0])(outputs, targets)
    plain = ValuesLoss("ccc", [0.0], [1.0])(outputs, (targets - 7) / 40)
    assert float(on_scale) == pytest.approx(float(plain), abs=1e-5)
    right = ValuesLoss("ccc", [7.0], [40.0])((targets - 7) / 40, targets)
    assert float(right) == pytest.approx(0, abs=1e-5)
    assert MSE_BESIDE_CCC == 0.1
