"""Which file and which frames FiftyOne is told."""

from unittest.mock import Mock

import pytest

from videoai.core.types import VideoItem
from videoai.report.fiftyone import Media
from videoai.run.fiftyone import check_fiftyone, media_of
from videoai.tasks.supervised import SupervisedTask


@pytest.mark.parametrize(
    ("stretch", "support"),
    [
        ((0.0, None), (1, 32)),
        ((0.0, 1.0), (1, 15)),
        ((1.0, 2.0), (16, 30)),
        ((1.0, None), (16, 32)),
        ((9.0, 9.5), None),
    ],
)
def test_seconds_become_frames_that_count_from_one(stretch, support, clip_folder):
    path = str(clip_folder / "up/up_0.mp4")  # 32 frames, 15 a second
    times = [at / 15 for at in range(32)], 15.0
    media = media_of(VideoItem(path, 0, *stretch), times)
    assert media == (Media(path, support) if support else None)


def test_a_whole_file_needs_no_times_and_what_is_no_file_is_left_out(clip_folder, tmp_path):
    path = str(clip_folder / "up/up_0.mp4")
    assert media_of(VideoItem(path, 0), None) == Media(path)
    assert media_of(VideoItem(str(tmp_path), 0), None) is None
    assert media_of(VideoItem(f"range::{path}#x@0+9", 0), None) is None
    assert media_of(VideoItem(path, 0, 1.0), None) is None


def test_a_task_without_classes_is_refused_before_anything_is_scored():
    with pytest.raises(ValueError, match="fiftyone=true writes classes, and Mock answers otherwise"):
        check_fiftyone(Mock(spec=SupervisedTask))
