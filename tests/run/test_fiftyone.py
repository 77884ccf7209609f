"""Which file and which frames FiftyOne is told."""

from unittest.mock import Mock

import pytest

from videoai.core.types import VideoItem
from videoai.report.fiftyone import Media
from videoai.report.result_files import Report
from videoai.run import fiftyone
from videoai.run.fiftyone import all_media, check_fiftyone, media_of, with_fiftyone
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


def test_each_file_is_opened_once_whatever_the_order_of_its_stretches(clip_folder, monkeypatch):
    up, down = (str(clip_folder / f"{name}/{name}_0.mp4") for name in ("up", "down"))
    opened = Mock(wraps=fiftyone.open_video)
    monkeypatch.setattr(fiftyone, "open_video", opened)
    items = [VideoItem(path, 0, second) for second in (0.0, 1.0) for path in (up, down)]
    assert all_media(items) == [Media(path, (first, 32)) for first in (1, 16) for path in (up, down)]
    assert [call.args[0] for call in opened.call_args_list] == [down, up]


def test_a_fault_of_the_dataset_costs_a_warning_and_not_the_results(caplog):
    report = Report({"top1": 1.0}, {"predictions.csv": b""})
    assert with_fiftyone(report, Mock(), [None]) is report  # pyright: ignore[reportArgumentType]
    assert "fiftyone was not made (AttributeError: " in caplog.text


def test_urls_are_among_what_is_left_out(caplog, monkeypatch):
    monkeypatch.setattr(fiftyone, "fiftyone_files", lambda *_: {})
    monkeypatch.setattr(fiftyone, "dataset_name", lambda _: "")
    with_fiftyone(Report({}, {}), Mock(), [VideoItem("https://somewhere.org/a.mp4", 0)])
    assert "fiftyone: left out 1 video: packed, a URL, a folder" in caplog.text
