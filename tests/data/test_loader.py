import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from videoai.core import process_group
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.augment.balance import ClassBalance, class_quotas
from videoai.data.augment.operations import apply_ops
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import EvalClips, TrainClips
from videoai.data.loader import PositionSampler, collate, eval_batches, loader_settings, resolve_workers, train_batches
from videoai.data.sampling import TemporalJitter

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


def test_workers_stack_clips_straight_into_shared_memory(clip_folder):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))][:2]
    for workers, is_shared in ((0, False), (1, True)):
        settings = loader_settings(EvalClips(items, CLIP), workers, pin=False, batch_bytes=1)
        settings["collate_fn"] = lambda clips: collate(clips).video.is_shared()
        assert next(iter(DataLoader(EvalClips(items, CLIP), **settings))) is is_shared


def test_a_batch_is_channels_last_in_memory_even_beside_a_video_that_could_not_be_read(clip_folder, tmp_path):
    items = [VideoItem(str(min(clip_folder.rglob("*.mp4"))), 0), VideoItem(str(tmp_path / "broken.mp4"), 0)]
    (clips,) = eval_batches(EvalClips(items, CLIP), videos_per_batch=2)
    assert clips.error[1]
    assert clips.video.movedim(2, -1).is_contiguous()


def everything(clip_folder, **changes) -> TrainClips:
    """All that can be drawn at once."""
    items = [VideoItem(str(path), i % 3 // 2) for i, path in enumerate(sorted(clip_folder.rglob("*.mp4")))]
    transform = TrainTransform(size=16, color_jitter=0.3, policy="randaugment", erase=0.5, reverse=0.5)
    return TrainClips(
        items,
        CLIP,
        transform,
        seed=0,
        jitter=TemporalJitter(speed=2.0, jitter=1.0, drop=0.2),
        **{"repeats": 2, **changes},
    )


def test_nothing_that_is_drawn_depends_on_the_workers_or_on_where_the_stream_starts(clip_folder):
    dataset = everything(clip_folder)
    labels = np.array([item.label for item in dataset.items])
    balance = ClassBalance(labels, class_quotas(np.bincount(labels), "balanced"), seed=0)
    settings = {"batch_size": 6, "seed": 0, "balance": balance}
    plain = list(itertools.islice(train_batches(dataset, **settings), 5))
    for start, workers in ((0, 2), (3, 0), (3, 2)):
        stream = train_batches(dataset, start=start, num_workers=workers, **settings)
        for one, other in zip(plain[start:], stream, strict=False):
            assert torch.equal(apply_ops(one).video, apply_ops(other).video)
            assert torch.equal(one.label, other.label)
            assert [turn.kernels for turn in one.ops] == [turn.kernels for turn in other.ops]
            assert all(torch.equal(a.values, b.values) for a, b in zip(one.ops, other.ops, strict=True))


@pytest.mark.slow
def test_spawned_workers_get_everything_that_is_drawn(clip_folder):
    """With nvdec they are spawned; videos as small as these are PyAV's also there."""
    reading = {"decoder": "nvdec", "device": "cpu"}
    streams = [
        train_batches(everything(clip_folder, reading=how), batch_size=6, seed=0, num_workers=workers)
        for how, workers in (({}, 0), (reading, 1))
    ]
    for plain, spawned in itertools.islice(zip(*streams, strict=True), 2):
        assert torch.equal(apply_ops(plain).video, apply_ops(spawned).video)
        assert torch.equal(plain.label, spawned.label)


def test_a_batch_holds_as_many_clips_with_repeats_as_without(clip_folder):
    for repeats in (1, 2, 3):
        clips = next(train_batches(everything(clip_folder, repeats=repeats), batch_size=6, seed=0))
        assert len(clips.video) == len(clips.label) == 6
        assert clips.index.tolist() == clips.index[::repeats].repeat_interleave(repeats).tolist()


@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4), batch_size=st.integers(1, 9), start=st.integers(0, 20)
)
def test_a_balanced_stream_starts_anywhere(sizes, batch_size, start):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    settings = {"batch_size": batch_size, "seed": 0}
    settings["balance"] = ClassBalance(labels, class_quotas(np.array(sizes), "sqrt"), seed=0)
    late = itertools.islice(PositionSampler(len(labels), start=start, **settings), 4)
    assert list(late) == list(itertools.islice(PositionSampler(len(labels), **settings), start, start + 4))


def test_evaluation_batches_hold_every_video_once_with_all_its_views(clip_folder):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))][:5]
    batches = list(eval_batches(EvalClips(items, CLIP, num_clips=2), videos_per_batch=2))
    assert [int(i) for clips in batches for i in clips.index] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert batches[0].video.shape == (4, 4, 3, 16, 16)


@pytest.fixture
def as_each_of_three(monkeypatch):
    """Does something as each of three processes would."""

    def each(do):
        monkeypatch.setattr(process_group, "world_size", lambda: 3)
        for rank in range(3):
            monkeypatch.setattr(process_group, "rank", lambda rank=rank: rank)
            yield do()
        monkeypatch.undo()

    return each


def numbers(batches) -> list[list[int]]:
    return [clips.index.tolist() for clips in batches]


def test_the_batches_of_all_processes_in_turn_are_those_of_one(clip_folder, as_each_of_three):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))]
    dataset = TrainClips(items, CLIP, TrainTransform(size=16), seed=0)

    def some(count: int, accumulate: int) -> list[list[int]]:
        batches = train_batches(dataset, batch_size=4, seed=0, start=2 * accumulate, accumulate=accumulate)
        return numbers(itertools.islice(batches, count))

    shares = list(as_each_of_three(lambda: some(2, 3)))
    assert [batch for turn in zip(*shares, strict=True) for batch in turn] == some(6, 3)
    (a, d, e, h), (b, f), (c, g) = as_each_of_three(lambda: some(4 if process_group.rank() == 0 else 2, 4))
    assert [a, b, c, d, e, f, g, h] == some(8, 4)  # the first process has two of the four of a step


@pytest.mark.parametrize("count", [2, 7])
def test_processes_that_evaluate_together_share_the_videos(clip_folder, as_each_of_three, count):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))][:count]
    dataset = EvalClips(items, CLIP, num_clips=2)
    shares = list(as_each_of_three(lambda: numbers(eval_batches(dataset, videos_per_batch=2, shared=True))))
    indices = sorted(index for share in shares for batch in share for index in batch)
    assert indices == sorted([*range(count)] * 2)
    alone = list(as_each_of_three(lambda: numbers(eval_batches(dataset, videos_per_batch=2))))
    assert alone == [numbers(eval_batches(dataset, videos_per_batch=2))] * 3


def test_a_wrong_number_of_workers_is_refused():
    with pytest.raises(ValueError, match="num_workers=many"):
        resolve_workers("many", "cpu")
    with pytest.raises(ValueError, match="num_workers=-1"):
        resolve_workers(-1, "cpu")
    assert resolve_workers(5, "cpu") == 5


@pytest.mark.parametrize(
    ("cores", "processes", "gpu", "cpu"), [(1, 1, 1, 1), (6, 1, 6, 2), (64, 1, 16, 2), (64, 8, 8, 2), (2, 8, 1, 1)]
)
def test_workers_are_as_many_as_the_cores_of_a_process(cores, processes, gpu, cpu, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(cores), raising=False)
    monkeypatch.setattr("videoai.core.process_group.local_world_size", lambda: processes)
    assert (resolve_workers("auto", "cuda"), resolve_workers("auto", "cpu")) == (gpu, cpu)
    assert resolve_workers("auto", "cuda", "nvdec") == min(gpu, 4)


@pytest.mark.slow
def test_a_program_that_still_holds_its_workers_ends(clip_folder):
    """They are deaf to SIGTERM, by which Python asks daemons to end before it waits for them."""
    script = f"""
from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.loader import eval_batches
from videoai.data.lists.from_files import from_folder

if __name__ == "__main__":
    items = from_folder({str(clip_folder)!r}).splits["train"]
    held = iter(eval_batches(EvalClips(items, ClipSpec(num_frames=8, size=32)), videos_per_batch=2, num_workers=2))
    print(len(next(held).label))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
