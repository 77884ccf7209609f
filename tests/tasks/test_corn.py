import pytest
import torch
from torch.nn import functional as F

from videoai.tasks.corn import CornLoss, class_probabilities


def as_published(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """arXiv:2111.08851, section 3.3: question k is asked of clips above k - 1; the mean over all questions asked."""
    total, asked = 0.0, 0
    for question in range(logits.shape[1]):
        chosen = labels > question - 1
        wanted = (labels[chosen] > question).float()
        total += float(F.binary_cross_entropy_with_logits(logits[chosen, question], wanted, reduction="sum"))
        asked += int(chosen.sum())
    return total / asked


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_is_the_published_one(seed):
    rng = torch.Generator().manual_seed(seed)
    outputs, labels = torch.randn(20, 5, generator=rng), torch.randint(5, (20,), generator=rng)
    assert float(CornLoss()(outputs, labels)) == pytest.approx(as_published(outputs[:, :-1], labels), abs=1e-5)


def test_a_class_as_a_distribution_costs_as_much_and_the_last_output_nothing():
    outputs, labels = torch.randn(6, 4, requires_grad=True), torch.tensor([0, 1, 2, 3, 0, 2])
    hard, soft = CornLoss()(outputs, labels), CornLoss()(outputs, F.one_hot(labels, 4).float())
    assert torch.allclose(hard, soft)
    hard.backward()
    assert outputs.grad is not None
    assert outputs.grad[:, -1].abs().sum() == 0


def test_probabilities_are_a_distribution_and_follow_the_questions():
    outputs = torch.tensor([[9.0, 9.0, 5.0], [-9.0, 9.0, 5.0], [9.0, -9.0, 5.0]])
    found = class_probabilities(outputs)
    assert torch.allclose(found.sum(1), torch.ones(3))
    assert found.argmax(1).tolist() == [2, 0, 1]
    assert (found >= 0).all()
