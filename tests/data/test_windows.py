from pathlib import Path

import pytest
import torch

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.dataset import EvalClips
from videoai.data.windows import Segment, WindowClips, packed, segments_of, sliding_windows

CLIP = ClipSpec(num_frames=4, size=16, stride=2)


@pytest.mark.parametrize(
    ("start", "end", "length", "hop", "expected"),
    [
        (0.0, 0.5, 1.0, 1.0, [(0.0, 0.5)]),  # shorter than a window
        (0.0, 2.0, 1.0, 1.0, [(0.0, 1.0), (1.0, 2.0)]),
        (1.0, 3.0, 1.0, 0.5, [(1.0, 2.0), (1.5, 2.5), (2.0, 3.0)]),
        (0.0, 2.4, 1.0, 1.0, [(0.0, 1.0), (1.0, 2.0)]),  # less than half a window is left
        (0.0, 2.5, 1.0, 1.0, [(0.0, 1.0), (1.0, 2.0), (1.5, 2.5)]),
    ],
)
def test_windows_cover_a_video_to_its_end(
    start: float, end: float, length: float, hop: float, expected: list[tuple[float, float]]
):
    assert sliding_windows(start, end, length, hop) == expected


def test_segments_hold_neighbouring_windows_in_order():
    spans = [(float(second), second + 1.0) for second in range(5)]
    segments = list(segments_of(7, spans, 2))
    assert [len(segment.spans) for segment in segments] == [2, 2, 1]
    assert {segment.item for segment in segments} == {7}
    assert [span for segment in segments for span in segment.spans] == spans


def test_batches_hold_as_many_windows_as_fit():
    segments = [Segment(0, ((0.0, 1.0),) * count) for count in (2, 2, 1, 4, 9, 1)]
    assert packed(segments, range(6), 5) == [[0, 1, 2], [3], [4], [5]]
    assert packed(segments, range(3, 6), 5) == [[3], [4], [5]]
    assert packed(segments, [], 5) == []


def test_a_window_over_a_whole_video_is_the_clip_of_an_evaluation(clip_folder: Path):
    items = [VideoItem(str(path), 0) for path in sorted((clip_folder / "left").iterdir())]
    windows = WindowClips(items, [Segment(place, ((0.0, None),)) for place in range(len(items))], CLIP)
    evaluated = EvalClips(items, CLIP)
    for place in range(len(items)):
        assert torch.equal(windows[place][0].video, evaluated[place][0].video)


def test_windows_read_together_are_those_read_alone(clip_folder: Path):
    item = VideoItem(str(clip_folder / "up" / "up_0.mp4"), 0)
    spans = ((0.0, 0.3), (0.2, 0.5), (0.1, 0.9))
    together = WindowClips([item], [Segment(0, spans)], CLIP)[0]
    alone = [EvalClips([item._replace(start_seconds=start, end_seconds=end)], CLIP)[0][0] for start, end in spans]
    assert [clip.view for clip in together] == [0, 1, 2]
    for window, clip in zip(together, alone, strict=True):
        assert torch.equal(window.video, clip.video)
    isolated = WindowClips([item], [Segment(0, spans)], CLIP, reading={"isolated": True})[0]
    assert all(torch.equal(one.video, other.video) for one, other in zip(together, isolated, strict=True))


@pytest.mark.parametrize("bad", [(50.0, 51.0), (0.5, 0.2), (1e6, None)])
def test_a_window_that_cannot_be_read_costs_itself_alone(clip_folder: Path, bad: tuple[float, float | None]):
    item = VideoItem(str(clip_folder / "up" / "up_0.mp4"), 0)
    clips = WindowClips([item], [Segment(0, ((0.0, 0.3), bad, (0.2, 0.5)))], CLIP)[0]
    assert [bool(clip.error) for clip in clips] == [False, True, False]
    assert "no frame between" in clips[1].error
    assert not clips[1].video.any()
    assert clips[2].video.any()
