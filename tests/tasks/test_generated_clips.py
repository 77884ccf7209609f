"""What a generated clip teaches, by the arithmetic that the loss then does."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.core.seeding import generator_for
from videoai.core.types import Batch, Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.tasks.generated_clips import GeneratedClips, GeneratedTargets
from videoai.tasks.losses import ClassificationLoss

INDEX = torch.tensor([0, 7, 10, 11])  # ten real clips: the last two are generated
LABEL = torch.tensor([0, 1, 2, 1])
LOGITS = torch.randn(4, 3, generator=generator_for(0, "logits"))


def batch() -> Batch:
    return Batch(torch.zeros(4, 3, 2, 4, 4), LABEL, INDEX)


def test_a_batch_of_real_clips_is_left_as_it_is():
    targets = GeneratedTargets(num_real=100, num_classes=3, confidence=torch.ones(2), weight=0.1)
    given = batch()
    assert targets(given, 0) is given


def test_the_weight_is_the_share_of_a_clips_term_in_the_loss():
    targets = GeneratedTargets(num_real=10, num_classes=3, confidence=torch.ones(2), weight=0.25)
    terms = F.cross_entropy(LOGITS, LABEL, reduction="none")
    expected = (terms * torch.tensor([1, 1, 0.25, 0.25])).mean()
    for loss in (ClassificationLoss(), ClassificationLoss(weight=torch.ones(3))):
        assert loss(LOGITS, targets(batch(), 0).label) == pytest.approx(float(expected), abs=1e-6)


def test_a_clip_is_smoothed_by_how_unsure_the_judge_was_of_it():
    targets = GeneratedTargets(num_real=10, num_classes=3, confidence=torch.tensor([0.4, 1.0]))
    label = targets(batch(), 0).label
    torch.testing.assert_close(label[:2], F.one_hot(LABEL[:2], 3).float())
    torch.testing.assert_close(label[2], torch.tensor([0.2, 0.2, 0.6]))  # (1 - 0.4) / 3, and 0.4 more for the label
    torch.testing.assert_close(label[3], torch.tensor([0.0, 1.0, 0.0]))


class Plain(nn.Module):
    """A generator of clips whose grey says their class; the first column of pixels shows the latent."""

    num_classes, latent_size = 2, 3

    def forward(self, latent, label):
        video = (label.float() - 0.5)[:, None, None, None, None].expand(-1, 3, 2, 4, 4).clone()
        video[..., 0] = latent[:, :1, None, None].clamp(-1, 1)
        return video


TO_INPUT = ToModelInput(ClipSpec(num_frames=2, size=4))


def real(count: int) -> Batch:
    number = torch.arange(count)
    video = torch.zeros(count, 2, 3, 4, 4, dtype=torch.uint8)
    return TO_INPUT(Clips(video, number % 2, number, 0 * number, [""] * count))


def generate(**changes) -> GeneratedClips:
    given = {"label_of": [4, 9], "wanted": [0, 1], "batch_size": 6, "num_real": 10, "until": 5, "seed": 0}
    return GeneratedClips(Plain(), to_input=TO_INPUT, **{**given, **changes})


def test_free_places_are_filled_under_the_datas_labels():
    batch = generate()(real(4), position=0)
    assert len(batch.label) == len(batch.index) == len(batch.video) == 6
    assert set(batch.label[4:].tolist()) <= {4, 9}
    grey = ((batch.video * TO_INPUT.std + TO_INPUT.mean) * 255)[4:, 0, 0, 0, 1]
    assert [{64: 4, 191: 9}[round(float(value), 3)] for value in grey] == batch.label[4:].tolist()  # -0.5, 0.5 as bytes
    assert (batch.index[4:] == 10).all()


def test_a_filled_batch_lies_in_memory_as_any_other_does():
    """Sums over a clip then round alike."""
    assert generate()(real(4), position=0).video.stride() == real(6).video.stride()


def test_what_is_generated_is_a_function_of_the_seed_and_the_batchs_number():
    first, again, other = (generate()(real(2), position=position).video for position in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, generate(seed=1)(real(2), position=1).video)
    latents = first[2:, 0, 0, 0, 0]
    assert len(latents.unique()) == len(latents)  # each clip has noise of its own


def test_nothing_is_generated_for_full_batches_or_late_ones():
    assert len(generate()(real(6), position=0).label) == 6
    assert len(generate()(real(4), position=5).label) == 4


def test_a_class_that_is_not_wanted_is_not_generated():
    assert set(generate(wanted=[1], batch_size=40)(real(4), position=0).label[4:].tolist()) == {9}
