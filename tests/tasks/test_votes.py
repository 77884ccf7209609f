"""Classes as annotators voted for them."""

import pytest
import torch

from videoai.compose.settings import from_keywords
from videoai.core.types import Batch, VideoItem
from videoai.data.augment.mix import Mix
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import TargetColumn
from videoai.settings.training import TrainSettings
from videoai.tasks.classify import Classify
from videoai.tasks.losses import ClassificationLoss, classification_loss

VOTES = ["sad", "happy", "calm"]
ITEMS = [VideoItem("a.mp4", 1, values=(0.25, 0.75, 0.0)), VideoItem("b.mp4", 0, values=(1.0, 0.0, 0.0))]
COLUMNS = tuple(TargetColumn(name, "votes") for name in VOTES)
DATA = Manifest(("sad", "happy"), {"train": ITEMS, "val": ITEMS, "test": []}, "here", columns=COLUMNS)


def settings(**changes: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"task": {"name": "classify", "votes": VOTES}, **changes}).settings()


def test_a_clip_learns_the_shares_and_is_judged_by_the_class_with_the_most():
    task = Classify(votes=VOTES)
    assert task.outputs(DATA) == VOTES
    target = task.target(DATA, VOTES, "here")
    shares = torch.stack([torch.as_tensor(target(item, ())) for item in ITEMS])
    assert shares.tolist() == [[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]]
    assert task.truth(shares).tolist() == [1, 0]
    plain = Manifest(("happy", "sad"), {"train": [VideoItem("a.mp4", 0)], "val": [], "test": []}, "here")
    assert task.target(plain, VOTES, "best.pt")(VideoItem("a.mp4", 0), ()) == 1  # other data may have labels alone


@pytest.mark.parametrize("losses", [{}, {"focal": 2.0}, {"effective_number": 0.9}, {"balanced_softmax": True}])
def test_every_loss_takes_shares_also_mixed_ones(losses):
    shares = torch.tensor([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])
    batch = Batch(torch.rand(2, 3, 2, 8, 8), shares, torch.arange(2))
    mixed = Mix(num_classes=3, mixup=0.5, cutmix=0.5)(batch, 0).label
    assert torch.allclose(mixed.sum(1), torch.ones(2))
    loss = classification_loss(torch.tensor([3.0, 2.0, 0.0]), label_smoothing=0.1, **losses)
    logits = torch.randn(2, 3, requires_grad=True)
    loss(logits, mixed).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    hard, soft = torch.tensor([1, 0]), torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert isinstance(loss, ClassificationLoss)
    assert torch.allclose(loss(logits, hard), loss(logits, soft), atol=1e-6)


def test_what_draws_clips_of_one_class_is_refused():
    Classify(votes=VOTES).validate(DATA, settings())
    with pytest.raises(ValueError, match="synthetic.source=.* draws clips of one class, and task.votes are of several"):
        Classify(votes=VOTES).validate(DATA, settings(synthetic={"source": "made"}))
    with pytest.raises(ValueError, match="task.votes=.happy.: name the column of each class, two or more"):
        Classify(votes=["happy"])
