import pytest

from videoai.core.types import VideoItem
from videoai.data.background import between, with_background
from videoai.data.encode import write_clip
from videoai.data.lists.manifest import Manifest


@pytest.fixture
def video(tmp_path):
    import numpy as np

    path = tmp_path / "a.mp4"
    write_clip(path, np.zeros((100, 16, 16, 3), np.uint8), 10, comment="")
    return str(path)


def test_background_lies_between_the_labelled_stretches_and_never_in_them(video):
    items = [VideoItem(video, 0, 1.0, 3.0), VideoItem(video, 0, 2.0, 4.0), VideoItem(video, 0, 8.0, 9.8)]
    made = with_background(Manifest(("run",), {"train": items}, "here"))
    assert made.classes == ("run", "background")
    found = [(item.start_seconds, item.end_seconds) for item in made.splits["train"] if item.label == 1]
    assert found == [(0.0, 1.0), (4.0, 6.0), (6.0, 8.0)]  # what is left at the end is shorter than half an action


def test_what_reaches_to_the_end_of_the_file_leaves_nothing_behind_it():
    items = [VideoItem("a", 0, 5.0, None), VideoItem("a", 0, 1.0, 2.0)]
    assert between(items, 10.0) == [(0.0, 1.0), (2.0, 5.0)]


def test_data_without_times_or_with_such_a_class_are_refused(video):
    with pytest.raises(ValueError, match="no clip of here has start and end times"):
        with_background(Manifest(("run",), {"train": [VideoItem(video, 0)]}, "here"))
    with pytest.raises(ValueError, match="here has a class 'background' of its own"):
        with_background(Manifest(("run", "background"), {"train": [VideoItem(video, 0, 0.0, 1.0)]}, "here"))
