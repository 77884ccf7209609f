import pytest

from videoai.core.types import VideoItem
from videoai.data.manifest import Manifest
from videoai.run.evaluate import choose_split, name_of, parse_views, refuse_other_classes


def manifest(**splits: int) -> Manifest:
    return Manifest(("a", "b"), {name: [VideoItem("x.mp4", 0)] * count for name, count in splits.items()}, "here")


def test_views_are_clips_by_crops():
    assert parse_views("4x3") == (4, 3)


@pytest.mark.parametrize("views", ["4", "0x1", "4x2", "axb", "-1x1"])
def test_other_views_are_refused(views):
    with pytest.raises(ValueError, match="give CLIPSxCROPS"):
        parse_views(views)


def test_the_test_split_is_taken_and_val_only_with_a_warning(caplog):
    assert choose_split(manifest(train=1, val=1, test=1), "auto")[0] == "test"
    assert caplog.text == ""
    assert choose_split(manifest(train=1, val=1, test=0), "auto")[0] == "val"
    assert "the score flatters" in caplog.text


def test_an_empty_split_is_refused():
    with pytest.raises(ValueError, match="split=test: no videos in it. here has train, val"):
        choose_split(manifest(train=1, val=1), "test")


def test_everything_is_scored_on_request_or_where_there_are_no_splits():
    assert len(choose_split(manifest(train=2, val=1, test=3), "all")[1]) == 6
    assert choose_split(manifest(train=2, val=0, test=0), "auto") == ("all", [VideoItem("x.mp4", 0)] * 2)


def test_a_stretch_of_a_file_is_named_as_a_media_fragment():
    assert name_of(VideoItem("/d/a.mp4", 0), "/d") == "a.mp4"
    assert name_of(VideoItem("/d/a.mp4", 0, 1.5, 4.0), "/d") == "a.mp4#t=1.5,4"
    assert name_of(VideoItem("/d/a.mp4", 0, 2.0), "/d") == "a.mp4#t=2"


def test_other_class_names_are_both_named():
    with pytest.raises(ValueError, match=r"only in the data: \['b'\]; only in the checkpoint: \['c'\]"):
        refuse_other_classes(manifest(train=1), ["a", "c"], "best.pt")
