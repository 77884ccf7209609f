import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.gan.feature_space import Drawn
from videoai.tasks.drawn_features import DrawnFeatures, class_chances
from videoai.tasks.losses import ClassificationLoss


class Echo:
    """Draws the one-hot vector of each label, and keeps what it was asked for."""

    def draw(self, labels, generator):
        self.labels = labels
        return Drawn(F.one_hot(labels, 3).float(), F.one_hot(labels, 3).float())


def drawing(ratio: float = 0.5, chance=(0.0, 0.5, 0.5), seed: int = 0) -> DrawnFeatures:
    torch.manual_seed(0)
    return DrawnFeatures(head=nn.Linear(3, 3), augmenter=Echo(), chance=torch.tensor(chance), ratio=ratio, seed=seed)


def test_the_loss_is_the_mean_over_clips_and_drawn_features():
    drawn = drawing(ratio=0.5)
    mixed = drawn.mixed(torch.tensor(2.0), 7, 8, ClassificationLoss())
    labels = drawn.augmenter.labels  # pyright: ignore[reportAttributeAccessIssue]
    assert len(labels) == 4
    own = F.cross_entropy(drawn.head(F.one_hot(labels, 3).float()), labels, reduction="sum")
    assert mixed.item() == pytest.approx((8 * 2.0 + own.item()) / 12, rel=1e-6)


def test_what_is_drawn_depends_on_the_seed_and_the_position_alone():
    def labels(position: int, seed: int = 0) -> list[int]:
        drawn = drawing(4.0, seed=seed)
        drawn.mixed(torch.tensor(0.0), position, 8, ClassificationLoss())
        return drawn.augmenter.labels.tolist()  # pyright: ignore[reportAttributeAccessIssue]

    assert labels(3) == labels(3)
    assert labels(4) != labels(3) != labels(3, seed=1)


def test_classes_without_a_chance_are_never_drawn():
    drawn = drawing(ratio=50.0)
    drawn.mixed(torch.tensor(0.0), 0, 8, ClassificationLoss())
    assert set(drawn.augmenter.labels.tolist()) == {1, 2}  # pyright: ignore[reportAttributeAccessIssue]


def test_chances_follow_the_data_or_even_them_out_or_serve_rare_classes_only():
    counts = torch.tensor([60, 29, 11])
    assert torch.allclose(class_chances(counts, "all"), torch.tensor([0.6, 0.29, 0.11]))
    assert torch.allclose(class_chances(counts, "balanced"), torch.full((3,), 1 / 3))
    assert torch.allclose(class_chances(counts, "rare"), torch.tensor([0.0, 0.5, 0.5]))


def test_rare_where_no_class_is_rare_is_refused():
    with pytest.raises(ValueError, match="smallest class has 30 clips, half of the largest's 60 or more"):
        class_chances(torch.tensor([60, 30]), "rare")
