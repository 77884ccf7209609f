import pytest

import videoai
from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.data.motion16.dataset import SIZES, VERSION, Size
from videoai.run.evaluate import (
    choose_split,
    evaluate,
    match_classes,
    name_of,
    parse_views,
    refuse_other_kind,
)


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


def test_labels_are_matched_by_name_whatever_the_order_and_the_number_of_classes():
    assert match_classes(manifest(train=1), ["c", "b", "a"], "best.pt") == [2, 1]


def test_other_class_names_are_both_named():
    with pytest.raises(ValueError, match=r'only in the data: \["b"\]; only in the checkpoint: \["c"\]'):
        match_classes(manifest(train=1), ["a", "c"], "best.pt")


def test_the_test_split_of_another_rendering_seed_is_scored(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(SIZES, "tiny", Size(1, 1, 1, 32))
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    data = {"name": "motion16", "size": "tiny", "num_workers": 0}
    trainer = {"max_steps": 1, "batch_size": 4, "precision": "fp32", "tensorboard": False}
    best = videoai.train(data=data, model="frame_only", trainer=trainer, run_dir=str(tmp_path / "run")).checkpoint
    settings = {"checkpoint": best, "split": "auto", "views": "1x1", "batch_size": 16, "num_workers": None}
    settings |= {"precision": "auto", "device": "cpu", "trust": [], "run_dir": None, "data": {}}
    caplog.set_level("INFO")
    own = evaluate({**settings, "moved": {}})
    other = evaluate({**settings, "moved": {}, "data": data | {"seed": 1}})
    assert f"motion16-tiny-default-s1-v{VERSION}: 16 videos of split test" in caplog.text
    assert other["fingerprint"] != own["fingerprint"]


def test_classes_in_their_hundreds_are_not_all_named():
    trained = [f"kinetics400 {number}" for number in range(400)]
    with pytest.raises(ValueError, match=r'trained on 400 classes: \["kinetics400 0", ') as caught:
        match_classes(manifest(train=1), trained, "torchvision/r3d_18")
    assert len(str(caught.value)) < 600 and 'only in the data: ["a", "b"]' in str(caught.value)


def test_one_label_and_several_are_not_compared():
    one = manifest(train=1, val=0, test=0)
    several = Manifest(("a", "b"), {"train": [VideoItem("x.mp4", MULTI_LABEL, spans=(LabelSpan(0),))]}, "there")
    refuse_other_kind(one, {"config": {}}, "old.pt")  # written before there were several
    refuse_other_kind(several, {"multi_label": True}, "best.pt")
    message = r"best.pt knows several labels a video, but here has one label a video: set data.multi_label=true"
    with pytest.raises(ValueError, match=message):
        refuse_other_kind(one, {"multi_label": True}, "best.pt")
    with pytest.raises(ValueError, match="best.pt knows one label a video, but there has several labels"):
        refuse_other_kind(several, {"multi_label": False}, "best.pt")
