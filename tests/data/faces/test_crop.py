import numpy as np
import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.faces.crop import CroppedVideo, FaceCropping, open_shown, smooth, squares_at
from videoai.data.faces.table import Boxes
from videoai.data.faces.track import Box, Track

SECONDS = np.arange(30) / 15


def track_of(at, every=1, side=16):
    frames = range(0, 30, every)
    return Track(tuple(number / 15 for number in frames), tuple(Box(*at(n), side, side) for n in frames), True)


def moving(frame):
    return 10 + 2 * frame, 24


@pytest.mark.parametrize("every", [1, 3, 7])
def test_the_square_follows_the_face_through_gaps(every):
    squares = squares_at(SECONDS, track_of(moving, every), 1.5, height=64, width=96)
    assert set(squares[:, 2].tolist()) == {24}
    last = 28 // every * every  # the last box; from there on the square waits
    middle = squares[: last - 5, 0] + 12
    assert middle == pytest.approx([10 + 2 * frame + 8 for frame in range(last - 5)], abs=1.5)


@pytest.mark.parametrize(
    ("at", "margin", "corner"),
    [((0, 0), 1.5, (0, 0, 24)), ((80, 48), 1.5, (72, 40, 24)), ((40, 24), 5.0, (16, 0, 64)), ((40, 24), 0.5, None)],
)
def test_the_square_stays_inside_the_picture(at, margin, corner):
    squares = squares_at(SECONDS, track_of(lambda frame: at), margin, height=64, width=96)
    expected = corner or (40, 24, 16)  # no smaller than 16 px
    assert np.unique(squares, axis=0).tolist() == [list(expected)]


def test_one_wrong_box_moves_nothing():
    track = track_of(moving)
    wrong = track._replace(boxes=(*track.boxes[:9], Box(0, 0, 60, 60), *track.boxes[10:]))
    given = {"margin": 1.3, "height": 64, "width": 96}
    assert squares_at(SECONDS, wrong, **given) == pytest.approx(squares_at(SECONDS, track, **given), abs=1)


def test_trembling_is_smoothed():
    rng = np.random.default_rng(0)
    boxes = tuple(Box(40 + shake, 24, 16, 16) for shake in rng.uniform(-3, 3, 30).tolist())
    squares = squares_at(SECONDS, Track(tuple(SECONDS.tolist()), boxes, True), 1.3, height=64, width=96)
    assert np.abs(np.diff(squares[:, 0])).max() <= 1


@pytest.mark.parametrize("values", [np.full(40, 7.0), np.arange(40) * 3.0, np.array([1.0, 5.0])])
def test_smoothing_keeps_what_stands_still_or_moves_evenly(values):
    assert smooth(values)[2:-2] == pytest.approx(values[2:-2], abs=0.7)


@pytest.mark.parametrize("size", [None, 20, (18, 30)])
def test_frames_show_the_face_alone(write_square, size):
    with CroppedVideo(open_video(write_square(moving)), track_of(moving), 1.0) as video:
        frames = video.frames([0, 15, 29, 3, 3], size=size)
        shape = (video.height, video.width) if size is None else (size, size) if isinstance(size, int) else size
        assert frames.dtype == torch.uint8
        assert tuple(frames.shape) == (5, 3, *shape)
        assert frames.float().mean() > 200  # grey is 90
        assert torch.equal(frames[3], frames[4])
        assert video.num_frames == 30
        assert video.duration_seconds == pytest.approx(2)


def test_a_video_without_a_face_is_shown_whole_and_named(write_square, caplog):
    none = Boxes(file="boxes.csv", by_path={}, counts_frames=False)
    with open_shown(write_square(), faces=FaceCropping(finder=none)) as video:
        assert (video.height, video.width) == (64, 96)
    assert "square.mp4: no face found, so the whole picture is read" in caplog.text


def test_a_video_is_closed_when_its_face_cannot_be_looked_for(write_square):
    wrong = Boxes(file="boxes.csv", by_path={"": np.array([[99.0, 1, 1, 9, 9, 1]])}, counts_frames=False)
    with pytest.raises(ValueError, match="at 99 s, but the video ends at 2 s"):
        open_shown(write_square(), faces=FaceCropping(finder=wrong))
