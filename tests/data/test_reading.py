"""Views are those of the file, and another process reads the same ones."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec, VideoItem
from videoai.data import reading
from videoai.data.decode import open_video
from videoai.data.isolation import Worker
from videoai.data.media import BadVideo
from videoai.data.reading import Answer, Request, answer, read_timed_views, read_views, reader
from videoai.data.sampling import clip_indices

CLIP = ClipSpec(num_frames=4, size=24, stride=2)
ISOLATED = {"isolated": True}


@pytest.fixture(autouse=True)
def no_worker_stays():
    yield
    reader().end()


@pytest.fixture
def items(clip_folder) -> list[VideoItem]:
    return [VideoItem(str(clip_folder / "left" / f"left_{number}.mp4"), 0) for number in range(2)]


def test_only_the_labelled_seconds_are_read(items):
    item = items[0]._replace(start_seconds=0.8, end_seconds=1.6)
    (frames,) = read_views(item, ClipSpec(num_frames=12, size=24, stride=1))
    with open_video(item.path) as video:
        expected = video.frames(range(12, 24), size=24)
    assert torch.equal(frames, expected)


def test_seconds_beyond_the_end_are_a_bad_video(items):
    with pytest.raises(BadVideo, match="short while sampling: no frame between 9 s"):
        read_views(items[0]._replace(start_seconds=9.0), CLIP)


def test_a_file_of_fewer_frames_than_announced_gives_the_clips_of_the_true_number(
    make_video, no_picture_from_15_on, numbers_in
):
    item = VideoItem(str(make_video(num_frames=20, codec="mpeg4", edit_packet=no_picture_from_15_on)), 0)
    clip = ClipSpec(num_frames=10, size=64)

    def drawn(seed: int, num_frames: int) -> list[list[int]]:
        draws = [generator_for(seed, "short", view) for view in range(2)]
        return [clip_indices(num_frames, 25, clip, generator=rng).tolist() for rng in draws]

    beyond = [seed for seed in range(6) if any(max(view) >= 16 for view in drawn(seed, 20))]
    assert len(beyond) >= 3
    for seed in beyond:  # 16 decode: 15 pictures, and the last one once more when the decoder is emptied
        views = read_views(item, clip, generators=[generator_for(seed, "short", view) for view in range(2)])
        assert [numbers_in(view) for view in views] == [[min(n, 14) for n in view] for view in drawn(seed, 16)]


def test_another_process_reads_the_same_frames_and_draws_as_often(items):
    here, there = [generator_for(0, "draw")], [generator_for(0, "draw")]
    for item in items:
        (mine,) = read_timed_views(item, CLIP, generators=here)
        (theirs,) = read_timed_views(item, CLIP, generators=there, reading=ISOLATED)
        assert torch.equal(mine.video, theirs.video) and mine[1:] == theirs[1:]
        assert mine.video.stride() == theirs.video.stride()  # channels last
    assert torch.equal(here[0].get_state(), there[0].get_state())
    many = read_views(items[0], CLIP, num_views=3, reading=ISOLATED)
    assert all(map(torch.equal, many, read_views(items[0], CLIP, num_views=3)))


@pytest.mark.slow
def test_what_is_bad_here_is_bad_there(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.raises(BadVideo, match="a.mp4: empty while opening: 0 bytes"):
        read_views(VideoItem(str(tmp_path / "a.mp4"), 0), CLIP, reading=ISOLATED)


def hostile(request: Request) -> Answer:
    """What a decoder may do to its process, by the name of the file."""
    if request.item.path == "crash.mp4":
        os.kill(os.getpid(), signal.SIGSEGV)
    if request.item.path == "hang.mp4":
        time.sleep(600)
    return answer(request)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("crash.mp4", "crash while decoding: its process ended with code -11"),
        ("hang.mp4", "timeout while decoding"),
    ],
)
def test_a_crash_or_a_hang_costs_one_video(items, monkeypatch, path, message):
    monkeypatch.setattr(reading, "answer", hostile)
    read_views(items[0], CLIP, reading=ISOLATED)  # starts the process, which takes seconds
    with monkeypatch.context() as patch:
        patch.setattr(reading, "ISOLATED_SECONDS", 2)
        with pytest.raises(BadVideo, match=f"{path}: {message}"):
            read_views(VideoItem(path, 0), CLIP, reading=ISOLATED)
    assert read_views(items[0], CLIP, reading=ISOLATED)[0].any()


@pytest.mark.slow
def test_a_reader_that_was_killed_between_two_videos_is_replaced(items):
    read_views(items[0], CLIP, reading=ISOLATED)
    worker = reader().worker
    assert worker
    worker.process.kill()
    worker.process.wait()
    assert read_views(items[0], CLIP, reading=ISOLATED)[0].any()


class Interrupted(Exception):
    pass


@pytest.mark.slow
def test_after_an_interrupted_read_no_video_gets_the_frames_of_another(items, monkeypatch):
    expected = [read_views(item, CLIP)[0] for item in items]

    def interrupted(worker):
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(Worker, "result", interrupted)  # the answer comes, and nobody takes it
        with pytest.raises(Interrupted):
            read_views(items[0], CLIP, reading=ISOLATED)
    assert torch.equal(read_views(items[1], CLIP, reading=ISOLATED)[0], expected[1])


def test_threads_take_turns(items):
    expected = [read_views(item, CLIP)[0] for item in items]
    with ThreadPoolExecutor(4) as pool:
        actual = list(pool.map(lambda item: read_views(item, CLIP, reading=ISOLATED)[0], items * 10))
    assert all(map(torch.equal, actual, expected * 10))
