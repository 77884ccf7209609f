"""Tables of features as sequences over time, on real files of windows."""

from pathlib import Path

import numpy as np
import pytest

from videoai.data.decode import open_video
from videoai.data.feature_sequences import file_of, gaps_note, interpolated, open_sequences, sequence_of
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.data.media import BadVideo

WINDOW, STRIDE = 1.0, 0.25


def rows_of(video: str, count: int = 8, first: int = 0) -> list[FeatureRow]:
    times = [(STRIDE * at, STRIDE * at + WINDOW) for at in range(first, first + count)]
    return [FeatureRow(video, *span, None, None, None, None) for span in times]


def written(folder: Path, rows: list[FeatureRow], **facts: object) -> Path:
    """A table whose first feature is the middle of its window in seconds, the second twice that."""
    middles = np.array([((row.start_seconds or 0) + (row.end_seconds or 0)) / 2 for row in rows], np.float32)
    features = np.stack([middles, 2 * middles], 1)
    features[[row.error is not None for row in rows]] = np.nan
    facts = {"window_seconds": WINDOW, "stride_seconds": STRIDE, "root": "/films", **facts}
    write_table(folder / "t.npz", iter([Block(rows, features)]), 2, facts)
    return folder / "t.npz"


def test_a_step_has_the_features_of_its_time_and_the_ends_hold(tmp_path: Path):
    sequence = open_sequences(written(tmp_path, rows_of("a.mp4"))).sequence("a.mp4")
    assert (sequence.rate, sequence.duration_seconds, sequence.file) == (4.0, 2.75, "/films/a.mp4")
    # Steps at 0, 0.25, ..., 2.5; the first window is centred on 0.5, the last on 2.25.
    assert sequence.features[:, 0].tolist() == [0.5, 0.5, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.25]
    assert (sequence.features[:, 1] == 2 * sequence.features[:, 0]).all()


def test_a_video_of_a_table_opens_as_one_whose_frames_are_vectors(tmp_path: Path):
    path = f"{written(tmp_path, rows_of('sub/a.mp4'))}#/sub/a.mp4"
    with open_video(path) as video:
        assert (video.num_frames, video.fps, video.duration_seconds) == (11, 4.0, 2.75)
        frames = video.frames([4, 4, 0], size=1)
        assert list(frames.shape) == [3, 2, 1, 1]
        assert frames[:, 0, 0, 0].tolist() == [1.0, 1.0, 0.5]
        with pytest.raises(ValueError, match="features and no pictures, which a clip of 32 px asks for"):
            video.frames([0], size=32)
    assert file_of(path) == "/films/sub/a.mp4"
    with pytest.raises(BadVideo, match="the table has no such video"):
        open_video(path.replace("a.mp4", "b.mp4"))


def test_windows_without_features_take_those_of_their_neighbours_and_are_counted(tmp_path: Path):
    rows = rows_of("a.mp4")
    rows[3] = rows[3]._replace(error="broken")
    del rows[5]
    sequences = open_sequences(written(tmp_path, [*rows, *rows_of("whole.mp4")]))
    assert sequences.missing("a.mp4") == (2, 8)
    assert (
        sequences.sequence("a.mp4").features[:, 0].tolist() == sequences.sequence("whole.mp4").features[:, 0].tolist()
    )
    assert gaps_note(sequences, ["a.mp4", "whole.mp4"]).startswith("2 windows of 1 video have no features")
    assert gaps_note(sequences, ["whole.mp4"]) == ""


@pytest.mark.parametrize("broken", [5, 8])
def test_a_video_that_lacks_more_than_half_is_unreadable_and_says_why(tmp_path: Path, broken: int):
    rows = [row._replace(error="corrupt at 3 s") if at < broken else row for at, row in enumerate(rows_of("a.mp4"))]
    with pytest.raises(BadVideo, match=rf"{broken} of 8 windows have no features: corrupt at 3 s"):
        open_sequences(written(tmp_path, rows)).sequence("a.mp4")


def test_windows_of_stretches_lack_what_lies_before_and_between(tmp_path: Path):
    rows = [*rows_of("a.mp4", count=2, first=8), *rows_of("a.mp4", count=2, first=20)]
    assert open_sequences(written(tmp_path, rows)).missing("a.mp4") == (18, 22)


def test_a_table_of_whole_videos_is_refused(tmp_path: Path):
    rows = [FeatureRow("a.mp4", None, None, None, None, None, None)]
    with pytest.raises(ValueError, match=r"a row a video, .*Extract again: videoai features extract checkpoint="):
        open_sequences(written(tmp_path, rows, window_seconds=None, stride_seconds=None))


@pytest.mark.parametrize("shift", [0.1, -STRIDE])
def test_windows_of_another_stride_are_refused_with_their_video(tmp_path: Path, shift: float):
    rows = rows_of("a.mp4")
    rows[4] = rows[4]._replace(start_seconds=rows[4].start_seconds + shift)  # pyright: ignore[reportOptionalOperand]
    with pytest.raises(ValueError, match=r"the windows of a\.mp4 begin at .*0\.25 s from one to the next"):
        open_sequences(written(tmp_path, rows))


def test_a_last_window_ends_with_its_video(tmp_path: Path):
    rows = [*rows_of("a.mp4"), FeatureRow("a.mp4", 1.9, 2.9, None, None, None, None)]
    sequence = open_sequences(written(tmp_path, rows)).sequence("a.mp4")
    assert sequence.duration_seconds == 2.9
    assert sequence.features[-1, 0] == pytest.approx(2.4)  # the middle of the last window, before the last step


def test_a_table_that_changed_is_read_again(tmp_path: Path):
    import os

    path = written(tmp_path, rows_of("a.mp4"))
    assert list(open_sequences(path).rows) == ["a.mp4"]
    written(tmp_path, rows_of("b.mp4"))
    os.utime(path, ns=(1, 1))
    assert list(open_sequences(path).rows) == ["b.mp4"]


def test_between_two_windows_features_lie_on_a_line():
    features, middles = np.array([[0.0], [4.0], [0.0]], np.float32), np.array([1.0, 3.0, 4.0])
    assert interpolated(features, middles, np.array([0, 1.5, 3, 3.25, 9]))[:, 0].tolist() == [0, 1, 4, 3, 0]
    alone = sequence_of(features[:1], np.array([[0.0, 0.4]]), 1.0, "a.mp4")
    assert alone.features.tolist() == [[0.0]]
