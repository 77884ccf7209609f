import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.core.seeding import generator_for
from videoai.core.types import BatchOp, Clips, ClipSpec, Op
from videoai.data.augment.mix import Mix
from videoai.data.augment.operations import arrange
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.gan.diff_augment import diff_augment
from videoai.tasks.classify import Classify
from videoai.tasks.diff_augment import DiffAugment
from videoai.tasks.losses import ClassificationLoss, TrainingLoss
from videoai.tasks.supervised import SupervisedLearner


class Mean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.head(video.mean((2, 3, 4)))


TO_INPUT = ToModelInput(ClipSpec(num_frames=2, size=4))


def task(*ops: BatchOp, loss: ClassificationLoss = ClassificationLoss(), **penalties) -> SupervisedLearner:  # noqa: B008
    torch.manual_seed(0)
    model = Mean()
    loss = TrainingLoss(criterion=loss, model=model, **penalties)
    return SupervisedLearner(model=model, to_input=TO_INPUT, loss=loss, ops=ops, metrics=Classify().batch_metrics)


CLIPS = Clips(
    torch.randint(0, 256, (6, 2, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)),
    torch.tensor([0, 1, 2, 0, 1, 2]),
    torch.arange(6),
    torch.zeros(6, dtype=torch.int64),
    [""] * 6,
)
FP32 = Precision("fp32", device=torch.device("cpu"))


def loss_of(*ops: BatchOp, **changes) -> float:
    return task(*ops, **changes).train_step(CLIPS, FP32, 0)["loss"].item()


def test_the_loss_is_cross_entropy_and_top1_counts_hits():
    plain = task()
    logits = plain.model(plain.to_input(CLIPS).video)
    stats = plain.train_step(CLIPS, FP32, 0)
    assert stats["loss"].item() == pytest.approx(F.cross_entropy(logits, CLIPS.label).item())
    assert stats["top1"].item() == pytest.approx((logits.argmax(1) == CLIPS.label).float().mean().item())


def test_smoothing_penalties_and_mixing_change_the_loss():
    values = [loss_of(), loss_of(loss=ClassificationLoss(label_smoothing=0.1)), loss_of(l1=0.01), loss_of(l2=0.1)]
    values.append(loss_of(Mix(num_classes=3, mixup=1.0)))
    assert len(set(values)) == len(values)


def test_mixed_clips_are_mixed_by_their_place_in_the_run_and_hit_by_their_heavier_label():
    mixing = task(Mix(num_classes=3, mixup=1.0))
    for position in (0, 7):
        video, label, *_ = Mix(num_classes=3, mixup=1.0)(mixing.to_input(CLIPS), position)
        logits = mixing.model(video)
        stats = mixing.train_step(CLIPS, FP32, position)
        assert stats["loss"].item() == pytest.approx(F.cross_entropy(logits, label).item())
        hits = logits.argmax(1) == label.argmax(1)
        assert stats["top1"].item() == pytest.approx(hits.float().mean().item())
        assert label[0].max() < 1


def test_the_loss_is_in_single_precision_and_the_video_in_the_layout_that_was_chosen():
    inputs_given = []
    half = task()
    half.model.register_forward_pre_hook(lambda model, inputs: inputs_given.append(inputs[0]))
    stats = half.train_step(CLIPS, Precision("bf16", "channels_last_3d", device=torch.device("cpu")), 0)
    assert stats["loss"].dtype == torch.float32
    assert inputs_given[0].is_contiguous(memory_format=torch.channels_last_3d)


def test_a_penalty_adds_its_textbook_sum():
    weight = task().model.head.weight.abs().sum().item()
    assert loss_of(l1=0.01) - loss_of() == pytest.approx(0.01 * weight, rel=1e-4)


def test_the_operations_of_the_clips_are_carried_out_before_the_model_sees_them():
    inputs_given = []
    inverting = task()
    inverting.model.register_forward_pre_hook(lambda model, inputs: inputs_given.append(inputs[0]))
    inverting.train_step(CLIPS, FP32, 0)
    inverting.train_step(CLIPS._replace(ops=arrange([(Op("invert"),)] * 3 + [()] * 3, (4, 4))), FP32, 0)
    grey = inverting.to_input(CLIPS._replace(video=255 - CLIPS.video)).video
    assert torch.equal(inputs_given[1][:3], grey[:3])
    assert torch.equal(inputs_given[1][3:], inputs_given[0][3:])


def test_a_classifier_can_see_clips_as_the_discriminator_of_a_gan_does():
    """In [-1, 1], whatever the mean and deviation of the clip; 1e-5: the order of float32 sums."""
    policy = ["color", "translation", "cutout"]
    op, batch = DiffAugment(policy, to_input=TO_INPUT, seed=3), TO_INPUT(CLIPS)
    augmented = op(batch, 7).video
    pixels = CLIPS.video.transpose(1, 2).float() / 127.5 - 1
    expected = diff_augment(pixels, policy, generator_for(3, "diff_augment", "clips", 7))
    assert torch.allclose(2 * (augmented * TO_INPUT.std + TO_INPUT.mean) - 1, expected, atol=1e-5)
    assert torch.equal(augmented, op(batch, 7).video)
    assert not torch.equal(augmented, op(batch, 8).video)


def test_operations_are_applied_in_their_order_and_told_the_position():
    calls = []

    def op(name):
        def apply(batch, position):
            calls.append((name, position, batch.index.tolist()))
            return batch._replace(video=batch.video + 1, index=batch.index + 10)

        return apply

    task(op("first"), op("second")).train_step(CLIPS, FP32, 5)
    assert calls == [("first", 5, [0, 1, 2, 3, 4, 5]), ("second", 5, [10, 11, 12, 13, 14, 15])]
