import numpy as np
import pytest

from videoai.data.decode import open_video
from videoai.data.faces.table import boxes_csv, check_names, read_boxes
from videoai.data.faces.track import Box, Track


def read(tmp_path, text):
    (tmp_path / "boxes.csv").write_text(text)
    return read_boxes(str(tmp_path / "boxes.csv"), str(tmp_path))


def test_what_is_written_is_read_again(tmp_path, write_square):
    track = Track((0.0, 0.1, 1 / 3), (Box(1.25, 2, 30, 40, 0.9), Box(2, 2, 30, 41, 0.8), Box(3, 2, 30, 42, 0.7)), True)
    boxes = read(tmp_path, boxes_csv([("square.mp4", track)]).decode())
    with open_video(write_square()) as video:
        assert boxes.track(video, "square.mp4") == track
        assert boxes.track(video, "other.mp4") is None


@pytest.mark.parametrize("path", ["square.mp4", "./square.mp4", "{root}/square.mp4"])
@pytest.mark.parametrize("time", ["seconds", "frame"])
def test_times_are_seconds_or_frames_and_paths_relative_or_absolute(tmp_path, write_square, path, time):
    video = open_video(write_square(fps=10))
    at = path.format(root=tmp_path)
    moments = (0, 10, 20) if time == "frame" else (0, 1, 2)
    boxes = read(tmp_path, f"h,w,y,x,{time},path\n" + "".join(f"20,20,4,{n},{n},{at}\n" for n in moments))
    track = boxes.track(video, "square.mp4")
    assert track is not None
    assert track.seconds == pytest.approx((0, 1, 2))
    assert [box.x for box in track.boxes] == list(moments)
    video.close()


def test_of_several_faces_at_a_time_the_main_one_is_taken(tmp_path, write_square):
    lines = [f"square.mp4,{n},{x},20,{side},{side}\n" for n in range(9) for x, side in ((5, 8), (40, 20))]
    boxes = read(tmp_path, "path,frame,x,y,w,h\n" + "".join(lines))
    with open_video(write_square()) as video:
        track = boxes.track(video, "square.mp4")
    assert track is not None
    assert {box.x for box in track.boxes} == {40}
    assert not track.is_alone


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,seconds,x,y,w\n", "boxes.csv:1: a table of boxes needs the column 'h'"),
        ("path,x,y,w,h\na.mp4,1,1,9,9\n", "boxes.csv:1: a table of boxes needs the column 'seconds'"),
        ("path,seconds,x,y,w,h\n", "boxes.csv:2: there is no box below the header"),
        ("path,seconds,x,y,w,h\na.mp4,0,1,1,9,9\na.mp4,1,left,1,9,9\n", "boxes.csv:3: x='left' is no number"),
        ("path,seconds,x,y,w,h\na.mp4,0,1,1,9,9\na.mp4,1,1,1,0,9\n", "boxes.csv:3: w=0; it must be above 0"),
        ("path,seconds,x,y,w,h\na.mp4,-1,1,1,9,9\n", "boxes.csv:2: seconds=-1; it must be 0 or above"),
        ("path,seconds,x,y,w,h\na.mp4,nan,1,1,9,9\n", "boxes.csv:2: seconds=nan"),
        ("path,frame,x,y,w,h\na.mp4,0.5,1,1,9,9\n", "boxes.csv:2: frame=0.5; it must be a whole number from 0 on"),
        ("path,seconds,x,y,w,h\na.mp4,0,0.1,0.1,0.3,0.3\n", "multiply fractions by width and height"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(ValueError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("square.mp4,99,1,1,9,9", "a box of square.mp4 at 99 s, but the video ends at 2 s"),
        ("square.mp4,0,500,1,9,9", "x=500 y=1 w=9 h=9 of square.mp4 lies outside its pictures of 96 x 64 px"),
    ],
)
def test_boxes_of_another_video_are_refused(tmp_path, write_square, line, message):
    boxes = read(tmp_path, f"path,seconds,x,y,w,h\n{line}\n")
    with open_video(write_square()) as video, pytest.raises(ValueError) as caught:
        boxes.track(video, "square.mp4")
    assert message in str(caught.value)


def test_a_table_of_other_videos_is_refused_and_one_of_more_is_noted(tmp_path):
    boxes = read(tmp_path, "path,seconds,x,y,w,h\na.mp4,0,1,1,9,9\nb.mp4,0,1,1,9,9\n")
    assert check_names(boxes, ["a.mp4", "b.mp4", "c.mp4"]) == ""
    assert "boxes of 1 video that the data lack" in check_names(boxes, ["a.mp4"])
    with pytest.raises(ValueError, match=r"none of its videos, such as a\.mp4, is in the data"):
        check_names(boxes, ["c.mp4"])


def test_lines_may_come_in_any_order(tmp_path):
    boxes = read(tmp_path, "path,seconds,x,y,w,h\na.mp4,2,1,1,9,9\nb.mp4,0,1,1,9,9\na.mp4,1,1,1,9,9\n")
    assert np.array_equal(boxes.by_path["a.mp4"][:, 0], [1, 2])
