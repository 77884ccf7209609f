import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.dataset import EvalClips, TrainClips
from videoai.data.loader import PositionSampler, eval_batches, resolve_workers, train_batches
from videoai.data.transforms import TrainTransform

CLIP = ClipSpec(num_frames=4, size=16)


def keys(num_items: int, batch_size: int, start: int, count: int) -> list[tuple[int, int]]:
    sampler = PositionSampler(num_items, batch_size=batch_size, seed=0, start=start)
    return list(itertools.chain.from_iterable(itertools.islice(sampler, count)))


@given(num_items=st.integers(1, 40), batch_size=st.integers(1, 17), start=st.integers(0, 30))
def test_starting_at_batch_b_is_having_run_to_batch_b(num_items, batch_size, start):
    assert keys(num_items, batch_size, start, 5) == keys(num_items, batch_size, 0, start + 5)[start * batch_size :]


@given(num_items=st.integers(1, 40), batch_size=st.integers(1, 17))
def test_every_video_comes_once_an_epoch(num_items, batch_size):
    stream = keys(num_items, batch_size, 0, 3 * num_items)
    for epoch in range(2):
        assert sorted(index for e, index in stream if e == epoch) == list(range(num_items))


def test_epochs_are_shuffled_differently():
    stream = keys(20, 20, 0, 2)
    assert [i for e, i in stream if e == 0] != [i for e, i in stream if e == 1]


def test_pixels_do_not_depend_on_the_number_of_workers(clip_folder):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))]
    dataset = TrainClips(items, CLIP, TrainTransform(size=16), seed=0)
    streams = [train_batches(dataset, batch_size=5, seed=0, start=2, num_workers=workers) for workers in (0, 2)]
    for plain, worked in itertools.islice(zip(*streams, strict=True), 4):
        assert torch.equal(plain.video, worked.video)
        assert torch.equal(plain.index, worked.index)


def test_evaluation_batches_hold_every_video_once_with_all_its_views(clip_folder):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))][:5]
    batches = list(eval_batches(EvalClips(items, CLIP, num_clips=2), videos_per_batch=2))
    assert [int(i) for clips in batches for i in clips.index] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert batches[0].video.shape == (4, 4, 3, 16, 16)


def test_a_wrong_number_of_workers_is_refused():
    with pytest.raises(ValueError, match="data.num_workers=many"):
        resolve_workers("many", "cpu")
    with pytest.raises(ValueError, match="data.num_workers=-1"):
        resolve_workers(-1, "cpu")
    assert resolve_workers("auto", "cpu") <= 2
