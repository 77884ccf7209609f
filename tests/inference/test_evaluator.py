"""One way of looking for real and generated clips."""

import pytest
import torch
from torch import nn

from videoai.core.seeding import generator_for
from videoai.core.types import Clips, ClipSpec
from videoai.inference.evaluator import Evaluator, resample_clip
from videoai.models import create_model

CLIP = ClipSpec(num_frames=8, size=32)


def video(count=3, frames=8, size=32):
    return torch.randint(0, 256, (count, frames, 3, size, size), dtype=torch.uint8, generator=generator_for(0, "video"))


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    return Evaluator(create_model("tiny_r3d", num_classes=4), clip=CLIP, classes=list("abcd"), name="judge")


def test_probabilities_are_those_of_the_classifier_and_features_what_it_reads(judge):
    features, probability = judge.extract(video())
    assert features.shape == (3, 64) and probability.shape == (3, 4)
    torch.testing.assert_close(probability, judge.network.head(features).softmax(1))
    assert not features.requires_grad and not probability.requires_grad  # nothing is kept for a backward pass


def test_a_network_without_classes_gives_features_alone():
    encoder = Evaluator(create_model("tiny_r3d", num_classes=0), clip=CLIP, classes=[], name="encoder")
    features, probability = encoder.extract(video())
    assert features.shape == (3, 64) and probability.shape == (3, 0)


def test_unreadable_clips_are_missing_and_the_others_keep_their_numbers(judge):
    number = torch.arange(3)
    clips = Clips(video(), number, number + 10, 0 * number, ["", "broken", ""])
    extracted = judge.extract_batches([clips])
    assert extracted.index.tolist() == [10, 12] and extracted.label.tolist() == [0, 2]
    torch.testing.assert_close(extracted.features, judge.extract(video())[0][[0, 2]], atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="none of the clips could be read"):
        judge.extract_batches([clips._replace(error=["broken"] * 3)])


def test_features_are_those_of_the_corrupted_clips(judge):
    number = torch.arange(3)
    clips = Clips(video(), number, number, 0 * number, [""] * 3)
    corrupted = judge.extract_batches([clips], lambda clip: clip.flip(1))
    torch.testing.assert_close(corrupted.features, judge.extract(video().flip(1))[0])


def test_clips_of_another_length_and_size_are_fitted_whole():
    fitted = resample_clip(video(frames=4, size=16), CLIP)
    assert fitted.shape == (3, 8, 3, 32, 32) and fitted.dtype == torch.uint8
    assert torch.equal(fitted[:, 0], fitted[:, 1]) and not torch.equal(fitted[:, 1], fitted[:, 2])
    assert torch.equal(resample_clip(video(frames=16), CLIP), video(frames=16)[:, 1::2])
    assert torch.equal(resample_clip(video(), CLIP), video())
    assert abs(float(fitted.float().mean()) - float(video(frames=4, size=16).float().mean())) < 1


def test_the_hash_is_of_the_weights_and_not_of_the_file(judge):
    same = create_model("tiny_r3d", num_classes=4)
    same.load_state_dict(judge.network.state_dict())
    assert Evaluator(same, clip=CLIP, classes=list("abcd"), name="other").hash == judge.hash
    with torch.no_grad():
        same.head.bias[0] += 1e-6
    assert Evaluator(same, clip=CLIP, classes=list("abcd"), name="other").hash != judge.hash


def test_a_network_that_hides_its_features_is_refused():
    with pytest.raises(ValueError, match="judge=mine.pt: Linear has no forward_features"):
        Evaluator(nn.Linear(3, 3), clip=CLIP, classes=["a"], name="judge=mine.pt")
