import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.core.types import Clips, ClipSpec
from videoai.data.augment.mix import Mix
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.tasks.losses import MultiLabelLoss, TrainingLoss
from videoai.tasks.multi_label import MultiLabel
from videoai.tasks.supervised import SupervisedLearner

FP32 = Precision("fp32", device=torch.device("cpu"))
LABELS = torch.tensor([[1.0, 1, 0], [0, 0, 0], [0, 1, 1], [1, 0, 0]])
CLIPS = Clips(
    torch.randint(0, 256, (4, 2, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)),
    LABELS,
    torch.arange(4),
    torch.zeros(4, dtype=torch.int64),
    [""] * 4,
)


class Constant(nn.Module):
    """The same logits for every clip."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(video), -1)


def task(*logits: float, loss: MultiLabelLoss = MultiLabelLoss(), ops=()) -> SupervisedLearner:  # noqa: B008
    model, to_input = Constant(*logits), ToModelInput(ClipSpec(num_frames=2, size=4))
    loss = TrainingLoss(criterion=loss, model=model)
    return SupervisedLearner(model=model, to_input=to_input, loss=loss, ops=ops, metrics=MultiLabel().batch_metrics)


def test_the_loss_is_binary_cross_entropy_and_a_hit_is_a_best_class_among_the_labels():
    stats = task(0.5, 2.0, -1.0).train_step(CLIPS, FP32, 0)
    expected = F.binary_cross_entropy_with_logits(torch.tensor([0.5, 2.0, -1.0]).expand(4, -1), LABELS)
    assert stats["loss"].item() == pytest.approx(expected.item())
    assert stats["hit1"].item() == 0.5  # class 1 is a label of the first and the third
    assert set(stats) == {"loss", "hit1"}


def test_mixed_clips_have_a_share_of_the_labels_of_both():
    labels = []

    class Keep(MultiLabelLoss):
        def __call__(self, logits, label):
            labels.append(label)
            return super().__call__(logits, label)

    mixed = task(0.5, 2.0, -1.0, ops=[Mix(num_classes=3, mixup=1.0)], loss=Keep())
    stats = mixed.train_step(CLIPS, FP32, 0)
    (label,) = labels
    keep = (label[0, 1]).item()  # the first has class 1, the last it is mixed with has not
    assert 0 < keep < 1
    torch.testing.assert_close(label, keep * LABELS + (1 - keep) * LABELS.flip(0))
    assert label[0, 0].item() == pytest.approx(1.0)  # both have it
    assert stats["hit1"].item() == 1.0
