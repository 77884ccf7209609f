"""Frames by number or by the clock, in files whose pictures do not come at one rate."""

import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec, LabelSpan, VideoItem
from videoai.data.check.examine import examine
from videoai.data.decode import open_video
from videoai.data.media import BadVideo
from videoai.data.reading import read_timed_views, read_views
from videoai.data.timeline import frame_range

# Milliseconds at which the pictures of three files are shown: a screen that stands still for 5 s, a motion camera that
# sleeps twice, a telephone that drops to 5 pictures a second and hurries.
STILL_SCREEN = [*range(0, 2000, 40), *range(7000, 9000, 40)]
MOTION_CAMERA = [*range(0, 500, 40), *range(3000, 3500, 40), *range(9000, 9500, 40)]
UNEVEN = [0, 20, 40, 60, 80, 1000, 2000, 3000, 3020, 3040, 3060, 5000, 6000, 7000, 7020, 8000]


@pytest.fixture
def recorded(make_video):
    """A file whose pictures are shown at these milliseconds and what it shows."""

    def record(milliseconds, name="clip.mp4") -> VideoItem:
        ticks = list(milliseconds)
        return VideoItem(str(make_video(name, len(ticks), ticks=ticks)), 0)

    return record


def shown_at(milliseconds, seconds):
    """Numbers of the pictures that a player shows then."""
    return [sum(each <= 1000 * second + 0.5 for each in milliseconds) - 1 for second in seconds]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
@pytest.mark.parametrize(
    ("milliseconds", "stretch", "number"),
    [(STILL_SCREEN, (3.0, 4.5), 49), (MOTION_CAMERA, (4.0, 8.0), 25), (UNEVEN, (4.1, 4.2), 10)],
)
def test_a_stretch_without_a_new_picture_shows_the_last_one_before(
    recorded, numbers_in, name, milliseconds, stretch, number
):
    item = recorded(milliseconds, name)._replace(start_seconds=stretch[0], end_seconds=stretch[1])
    for fps in (None, 10.0):
        (view,) = read_timed_views(item, ClipSpec(num_frames=4, size=64, fps=fps), generators=[generator_for(0, "x")])
        assert numbers_in(view.video) == [number] * 4
        assert stretch[0] <= view.first_seconds <= view.last_seconds <= stretch[1]


def test_a_stretch_that_begins_in_a_hole_begins_with_what_is_shown_then(recorded, numbers_in):
    item = recorded(STILL_SCREEN)._replace(start_seconds=6.0, end_seconds=7.1)
    (video,) = read_views(item, ClipSpec(num_frames=4, size=64))
    assert numbers_in(video) == [49, 50, 51, 52]


@pytest.mark.parametrize("milliseconds", [STILL_SCREEN, MOTION_CAMERA, UNEVEN])
def test_a_rate_that_is_asked_for_chooses_by_time(recorded, numbers_in, milliseconds):
    item = recorded(milliseconds)
    clip = ClipSpec(num_frames=12, size=64, fps=4.0)  # 2.75 s
    with open_video(item.path) as video:
        duration = video.duration_seconds
    for number, view in enumerate(read_timed_views(item, clip, num_views=3)):
        start = (duration - 2.75) * number / 2
        assert view.first_seconds == pytest.approx(start, abs=0.01)
        assert view.last_seconds == pytest.approx(start + 2.75, abs=0.01)
        assert numbers_in(view.video) == shown_at(milliseconds, [view.first_seconds + i / 4 for i in range(12)])
    (drawn,) = read_timed_views(item, clip, generators=[generator_for(3, "x")])
    assert numbers_in(drawn.video) == shown_at(milliseconds, [drawn.first_seconds + i / 4 for i in range(12)])


def test_a_clip_longer_than_an_uneven_video_says_by_how_much(recorded):
    clip = ClipSpec(num_frames=64, size=64, fps=4.0, past_end="error")
    with pytest.raises(BadVideo, match=r"64 x stride 1 at clip.fps=4, is 1.\d times as long as the video"):
        read_views(recorded(UNEVEN), clip)


def test_labels_hold_while_the_picture_stands_still(recorded):
    spans = (LabelSpan(0, 0.0, 1.0), LabelSpan(1, 4.0, 4.2))
    item = recorded(STILL_SCREEN)._replace(start_seconds=3.9, end_seconds=4.3, spans=spans)
    (view,) = read_timed_views(item, ClipSpec(num_frames=4, size=64, fps=10.0))
    assert item.labels_between(view.first_seconds, view.last_seconds) == (1,)


@pytest.mark.parametrize(
    ("milliseconds", "gap"), [(STILL_SCREEN, (1.96, 7.0)), (MOTION_CAMERA, (3.48, 9.0)), (UNEVEN[:6], (0.0, 0.0))]
)
def test_a_check_finds_where_no_picture_comes(recorded, milliseconds, gap):
    found = examine(recorded(milliseconds).path)
    assert not found.reason and found.gap == pytest.approx(gap)


EVEN = torch.arange(10).double() / 5.0


def test_seconds_select_the_frames_that_begin_in_them():
    assert frame_range(EVEN, 0.4, 1.0, fps=5) == (2, 5)
    assert frame_range(EVEN, 0.45, 1.0, fps=5) == (3, 5)
    assert frame_range(EVEN, 0.0, None, fps=5) == (0, 10)
    assert frame_range(EVEN, 0.45, 0.55, fps=5) == (2, 3)
    assert frame_range(EVEN, 1.9, None, fps=5) == (9, 10)


@pytest.mark.parametrize("stretch", [(9.0, None), (2.0, 3.0), (1.0, 1.0)])
def test_seconds_beyond_the_video_are_refused(stretch):
    with pytest.raises(ValueError, match=r"no frame between \d s and .*; the last is at 1.80 s"):
        frame_range(EVEN, *stretch, fps=5)
