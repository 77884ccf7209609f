"""What FiftyOne gets of an evaluation."""

import json
import math

import pytest
import torch

from videoai.report.fiftyone import Media, fiftyone_files
from videoai.report.result_files import Evaluated


def evaluated(scores, targets, errors=None, **changes) -> Evaluated:
    given = {"paths": [f"{at}.mp4" for at in range(len(scores))], "errors": errors or [""] * len(scores)}
    given |= {"views": "1x1", "split": "test", "checkpoint": "best.pt", "fingerprint": "f"}
    names = ["run", "w<lk", "سقوط"]
    return Evaluated(scores=torch.tensor(scores), targets=torch.tensor(targets), names=names, **given, **changes)


def samples_of(of: Evaluated, media) -> list[dict]:
    files = fiftyone_files(of, media, "mine")
    metadata = json.loads(files["fiftyone/metadata.json"])
    assert metadata["name"] == "mine" and metadata["info"]["classes"] == of.names and "version" not in metadata
    return json.loads(files["fiftyone/samples.json"])["samples"]


def test_a_video_has_its_class_and_the_answer_with_its_confidence():
    of = evaluated([[0.2, 0.7, 0.1], [0.9, 0.05, 0.05]], [1, 2])
    one, other = samples_of(of, [Media("/a.mp4"), Media("/b.mp4")])
    assert (one["filepath"], one["tags"], one["_media_type"]) == ("/a.mp4", ["test"], "video")
    assert one["ground_truth"] == {"_cls": "Classification", "label": "w<lk"}
    assert one["prediction"] == {"_cls": "Classification", "label": "w<lk", "confidence": 0.7}
    assert (other["ground_truth"]["label"], other["prediction"]["label"]) == ("سقوط", "run")


def test_of_several_labels_those_at_half_are_answered():
    of = evaluated([[0.5, 0.7, 0.1], [0.1, 0.2, 0.3]], [[1, 0, 1], [0, 0, 0]])
    one, other = samples_of(of, [Media("/a.mp4"), Media("/b.mp4")])
    assert [given["label"] for given in one["ground_truth"]["classifications"]] == ["run", "سقوط"]
    assert [given["label"] for given in one["prediction"]["classifications"]] == ["run", "w<lk"]
    assert other["prediction"] == {"_cls": "Classifications", "classifications": []}


def test_stretches_of_a_file_are_temporal_detections_of_one_sample():
    of = evaluated([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.3, 0.3, 0.4]], [0, 0, 2])
    places = [Media("/a.mp4", (1, 15)), Media("/a.mp4", (16, 30)), Media("/b.mp4")]  # the last cannot be opened
    sample, other = samples_of(of, places)
    assert sample["ground_truth"]["_cls"] == "TemporalDetections"
    assert [(one["label"], one["support"]) for one in sample["prediction"]["detections"]] == [
        ("run", [1, 15]), ("w<lk", [16, 30])]  # fmt: skip
    assert other["prediction"] == {"_cls": "TemporalDetections", "detections": []}  # a field has one type


@pytest.mark.parametrize("score", [math.nan, 0.5])
def test_an_unreadable_video_has_no_answer_and_says_why(score):
    of = evaluated([[score] * 3, [0.1, 0.8, 0.1]], [0, 1], errors=["cut off", ""])
    one, other = samples_of(of, [Media("/a.mp4"), Media("/b.mp4")])
    assert one["prediction"] is None and one["error"] == "cut off" and one["ground_truth"]["label"] == "run"
    assert "error" not in other


def test_what_is_no_file_is_left_out():
    of = evaluated([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], [0, 1])
    assert [one["filepath"] for one in samples_of(of, [None, Media("/b.mp4")])] == ["/b.mp4"]
