import pytest
import torch
from torch.nn import functional as F

from videoai.tasks.localize.loss import SMOOTH, TRUNCATED, PerFrameLoss, truncated_change
from videoai.tasks.losses import MultiLabelLoss


def test_the_loss_is_cross_entropy_of_frames_and_a_truncated_change():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 3, 4, 10), (torch.rand(2, 4, 10) < 0.3).float()
    wanted = torch.stack([F.binary_cross_entropy_with_logits(guess, target) for guess in logits.unbind(1)]).mean()
    found = PerFrameLoss(classes=MultiLabelLoss())(logits, target)
    assert float(found) == pytest.approx(float(wanted + SMOOTH * truncated_change(logits)), abs=1e-6)


def test_a_change_counts_its_limit_at_most_and_teaches_the_later_frame_alone():
    logits = torch.tensor([[[[-50.0, 50.0, 50.0]]]], requires_grad=True)
    change = truncated_change(logits)
    assert float(change.detach()) == pytest.approx(TRUNCATED**2 / 2)
    small = torch.tensor([[[[0.0, 1.0]]]], requires_grad=True)
    (gradient,) = torch.autograd.grad(truncated_change(small), small)
    assert gradient[0, 0, 0, 0] == 0
    assert gradient[0, 0, 0, 1] > 0


def test_a_clip_whose_labels_hold_all_along_needs_one_column():
    logits = torch.randn(2, 1, 4, 10)
    classes = PerFrameLoss(classes=MultiLabelLoss())
    assert classes(logits, torch.ones(2, 4, 1)) == classes(logits, torch.ones(2, 4, 10))
