import itertools
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videoai.core.seeding import generator_for
from videoai.data.augment.transforms import TrainTransform, center_crop, eval_crops, random_box, shifted, three_crops

STILL = torch.randint(0, 255, (1, 3, 40, 56), dtype=torch.uint8, generator=generator_for(0, "still")).expand(
    6, 3, 40, 56
)


@pytest.mark.parametrize("seed", range(5))
def test_every_frame_gets_the_same_draw(seed):
    transform = TrainTransform(size=32, scale=(0.3, 1.0), flip=0.5, color_jitter=0.5)
    video = transform(STILL, generator_for(seed, "t")).video
    assert video.shape == (6, 3, 32, 32)
    assert video.dtype == torch.uint8
    assert (video == video[:1]).all()


def test_two_draws_differ_and_one_draw_repeats():
    transform = TrainTransform(size=32)
    first = transform(STILL, generator_for(0, "t")).video
    assert torch.equal(first, transform(STILL, generator_for(0, "t")).video)
    assert not torch.equal(first, transform(STILL, generator_for(1, "t")).video)


def test_no_flip_means_never_mirrored():
    plain = TrainTransform(size=40, scale=(1.0, 1.0), flip=0.0)
    assert all(torch.equal(plain(STILL, generator_for(s, "f")).video, center_crop(STILL, 40)) for s in range(20))
    always = TrainTransform(size=40, scale=(1.0, 1.0), flip=1.0)
    video, is_mirrored, is_reversed, _ = always(STILL, generator_for(0, "f"))
    assert torch.equal(video, center_crop(STILL, 40).flip(-1))
    assert (is_mirrored, is_reversed) == (True, False)


def test_a_clip_that_was_moved_or_played_backwards_too_is_known_to_be_mirrored():
    everything = {"size": 32, "shift": 0.2, "reverse": 1.0}
    plain, mirrored = (TrainTransform(flip=flip, **everything)(STILL, generator_for(3, "m")) for flip in (0.0, 1.0))
    assert torch.equal(mirrored.video, plain.video.flip(-1))
    assert (mirrored.is_mirrored, mirrored.is_reversed) == (True, True)
    assert (plain.is_mirrored, plain.is_reversed) == (False, True)


def test_a_reversed_clip_shows_the_same_frames_backwards():
    clip = torch.arange(6, dtype=torch.uint8)[:, None, None, None].expand(6, 3, 8, 8)
    video, _, is_reversed, _ = TrainTransform(size=8, scale=(1.0, 1.0), flip=0.0, reverse=1.0)(clip, generator_for(0))
    assert is_reversed
    assert video[:, 0, 0, 0].tolist() == [5, 4, 3, 2, 1, 0]


def test_what_is_off_draws_nothing():
    plain = TrainTransform(size=32, flip=0.5).__call__
    drawn = TrainTransform(size=32, flip=0.5, color_jitter=0.3, policy="trivial", erase=0.5).__call__
    for seed in range(5):
        one, other = plain(STILL, generator_for(seed, "o")), drawn(STILL, generator_for(seed, "o"))
        assert torch.equal(one.video, other.video)  # geometry is drawn first, so it does not depend on the rest
        assert one.ops == ()
        assert [op.name for op in other.ops[:3]] == ["brightness", "contrast", "saturation"]


@given(seed=st.integers(0, 999))
def test_an_erased_box_lies_in_the_picture(seed):
    (op,) = TrainTransform(size=32, flip=0.0, erase=1.0)(STILL, generator_for(seed, "e")).ops
    top, left, height, width, *colour = op.values
    assert 0 <= top <= 32 - height
    assert 0 <= left <= 32 - width
    assert 1 <= height * width <= 0.45 * 32 * 32  # 0.4 of it, rounded to pixels
    assert all(0 <= value <= 255 for value in colour)


@given(height=st.integers(1, 300), width=st.integers(1, 300), seed=st.integers(0, 99))
def test_a_random_box_lies_in_the_frame(height, width, seed):
    top, left, h, w = random_box(height, width, (0.1, 1.0), (0.5, 2.0), generator_for(seed, "box"))
    assert h >= 1
    assert w >= 1
    assert 0 <= top <= height - h
    assert 0 <= left <= width - w


def test_three_crops_cover_the_longer_side():
    crops = three_crops(STILL, 40)
    assert torch.equal(crops[0], STILL[..., :40])
    assert torch.equal(crops[2], STILL[..., 16:])
    tall = STILL.transpose(-1, -2)
    assert torch.equal(three_crops(tall, 40)[2], tall[..., 16:, :])


def test_another_number_of_crops_is_refused():
    with pytest.raises(ValueError, match="2 crops a clip: choose 1"):
        eval_crops(STILL, 32, 2)


def test_a_shift_moves_every_frame_alike_and_lets_black_in():
    moved = shifted(STILL, 5, generator_for(2, "shift"))
    assert moved.shape == STILL.shape
    assert (moved == moved[:1]).all()
    actual = [
        (down, right)
        for down in range(-5, 6)
        for right in range(-5, 6)
        if torch.equal(moved[..., 5:-5, 5:-5], STILL.roll((down, right), (-2, -1))[..., 5:-5, 5:-5])
    ]
    assert len(actual) == 1


def test_clips_are_varied_as_they_were(golden):
    """Everything on at once: what is drawn, in which order, and from which range."""
    transform = TrainTransform(size=24, scale=(0.3, 0.9), shift=0.2, reverse=0.5, color_jitter=0.4, erase=0.7)
    video = torch.randint(0, 255, (4, 3, 40, 56), dtype=torch.uint8, generator=generator_for(0, "moving"))
    places = torch.cos(0.37 * torch.arange(4 * 3 * 24 * 24)).view(4, 3, 24, 24)
    numbers = []
    for seed, policy in itertools.product(range(8), (None, "randaugment", "trivial", "autoaugment")):
        done = replace(transform, policy=policy)(video, generator_for(seed, "all"))
        numbers += [float((done.video * places).mean()), float(done.is_mirrored), float(done.is_reversed)]
        numbers += [float(value) for op in done.ops for value in op.values]
    golden("train_transform", numbers, 0.02)  # grey levels of 255, a mean: kernels may round another way
