from itertools import islice

import pytest
import torch

from videoai.core import process_group
from videoai.core.types import Clips, ClipSpec, VideoItem
from videoai.data.augment.operations import apply_ops
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import TrainClips
from videoai.data.repeats import spread_batches

ACCUMULATE, REPEATS, VIDEOS = 3, 2, 4


@pytest.fixture(scope="module")
def dataset(clip_folder) -> TrainClips:
    items = [VideoItem(str(path), i % 3) for i, path in enumerate(sorted(clip_folder.rglob("*.mp4")))]
    transform = TrainTransform(size=16, policy="randaugment", erase=0.5)
    return TrainClips(items, ClipSpec(num_frames=4, size=16), transform, seed=0, repeats=REPEATS)


def take(dataset: TrainClips, count: int, start: int = 0, workers: int = 0) -> list[Clips]:
    settings = {"batch_size": VIDEOS, "seed": 0, "accumulate": ACCUMULATE}
    return list(islice(spread_batches(dataset, start=start, num_workers=workers, **settings), count))


def same(one: Clips, other: Clips) -> bool:
    return torch.equal(apply_ops(one).video, apply_ops(other).video) and torch.equal(one.index, other.index)


def test_a_batch_has_distinct_videos_and_the_next_step_their_other_clips(dataset):
    batches = take(dataset, 4 * ACCUMULATE)
    for first, second in zip(batches[:ACCUMULATE], batches[ACCUMULATE : 2 * ACCUMULATE], strict=True):
        assert len(set(first.index.tolist())) == VIDEOS
        assert torch.equal(first.index, second.index)
        for place, index in enumerate(first.index.tolist()):
            clips = dataset[0, index]  # what one decoding pass gives
            assert torch.equal(first.video[place], clips[0].video) and torch.equal(second.video[place], clips[1].video)
    assert not torch.equal(batches[0].index, batches[2 * ACCUMULATE].index)


@pytest.mark.parametrize(("step", "workers"), [(1, 0), (2, 0), (3, 2)])
def test_a_stream_that_starts_at_any_step_gives_the_same_batches_whatever_the_workers(dataset, step, workers):
    whole = take(dataset, 5 * ACCUMULATE)[step * ACCUMULATE :]
    rest = take(dataset, len(whole), step * ACCUMULATE, workers)
    assert all(same(one, other) for one, other in zip(whole, rest, strict=True))


def test_the_batches_of_two_processes_are_those_of_one(dataset, monkeypatch):
    alone = take(dataset, 3 * ACCUMULATE, start=ACCUMULATE)
    monkeypatch.setattr(process_group, "world_size", lambda: 2)
    for rank, places in ((0, (0, 2)), (1, (1,))):
        monkeypatch.setattr(process_group, "rank", lambda rank=rank: rank)
        own = [alone[step * ACCUMULATE + place] for step in range(3) for place in places]
        assert all(same(*pair) for pair in zip(own, take(dataset, len(own), start=ACCUMULATE), strict=True))
