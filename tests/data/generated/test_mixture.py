"""A batch with generated clips is as large as one without, and what is real in it is a function of its number."""

from itertools import islice

import pytest
import torch

from videoai.core.types import ClipSpec
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import TrainClips
from videoai.data.generated.mixture import Share, mixed_batches
from videoai.data.lists.from_files import from_folder
from videoai.data.loader import train_batches

CLIP = ClipSpec(num_frames=4, size=32)
SETTINGS = {"batch_size": 6, "seed": 3}


def clips_of(clip_folder, items=slice(None), *, repeats=1, seed=3):
    everything = from_folder(clip_folder, val_fraction=0, test_fraction=0).splits["train"]
    off = {"scale": [1, 1], "ratio": [1, 1], "color_jitter": 0, "flip": 0, "policy": None, "num_ops": 1, "erase": 0}
    transform = TrainTransform(size=32, shift=0.1, magnitude=0, reverse=0, **off)
    return TrainClips(everything[items], CLIP, transform, seed=seed, repeats=repeats)


@pytest.fixture(scope="module")
def real(clip_folder):
    return clips_of(clip_folder, slice(0, 18))


@pytest.fixture(scope="module")
def generated(clip_folder):
    return clips_of(clip_folder, slice(18, 24), seed=4)


def take(stream, count=7):
    return list(islice(stream, count))


def test_batches_keep_their_size_and_hold_the_share_up_to_the_batch_that_is_said(real, generated):
    batches = take(mixed_batches(real, generated, Share(clips=2, until=4), **SETTINGS))
    assert {len(clips.label) for clips in batches} == {6}
    assert [int((clips.index >= 18).sum()) for clips in batches] == [2, 2, 2, 2, 0, 0, 0]


def test_afterwards_the_stream_is_the_one_without_generated_clips(real, generated):
    mixed = take(mixed_batches(real, generated, Share(clips=2, until=4), **SETTINGS))
    plain = take(train_batches(real, **SETTINGS))
    for one, other in zip(mixed[4:], plain[4:], strict=True):
        assert torch.equal(one.video, other.video) and torch.equal(one.index, other.index)


@pytest.mark.parametrize(("start", "workers"), [(2, 0), (4, 0), (5, 0), (2, 2)])
def test_a_stream_that_starts_later_gives_bitwise_the_same_batches(real, generated, start, workers):
    share = Share(clips=3, until=4)
    whole = take(mixed_batches(real, generated, share, **SETTINGS))
    rest = take(mixed_batches(real, generated, share, start=start, num_workers=workers, **SETTINGS), 7 - start)
    for one, other in zip(whole[start:], rest, strict=True):
        assert torch.equal(one.video, other.video)
        assert torch.equal(one.index, other.index) and torch.equal(one.label, other.label)


def test_generated_classes_come_equally_often_whatever_their_number(clip_folder, real):
    unequal = clips_of(
        clip_folder, torch.tensor([0, 6, 7, 8, 9, 10, 11]).numpy()
    )  # one of the first class, six of another
    batches = take(mixed_batches(real, unequal, Share(clips=3, until=99), **SETTINGS), 14)
    labels = torch.cat([clips.label[clips.index >= 18] for clips in batches])
    first, second = labels.bincount()[:2].tolist()
    assert abs(first - second) <= 7  # seven places an epoch: four and three


def test_places_for_the_device_to_fill_stay_empty(real):
    batches = take(mixed_batches(real, None, Share(clips=2, until=1), **SETTINGS), 2)
    assert [len(clips.label) for clips in batches] == [4, 6]


def test_repeated_clips_of_real_videos_stay_together(clip_folder, generated):
    twice = clips_of(clip_folder, slice(0, 18), repeats=2)
    batch = take(mixed_batches(twice, generated, Share(clips=2, until=1), **SETTINGS), 1)[0]
    assert len(batch.label) == 6
    assert batch.index[:4].tolist() == [batch.index[0]] * 2 + [batch.index[2]] * 2
