import os
from pathlib import Path

import pytest

from videoai.run.predict import labelled_paths, without_copies


def test_labelled_copies_keep_the_tree_and_are_named_as_mp4():
    paths = labelled_paths(["/in/a.avi", "/in/deep/0.mp4", "/in/deep/no_extension"], Path("out"))
    assert paths == [Path("out/a.mp4"), Path("out/deep/0.mp4"), Path("out/deep/no_extension.mp4")]
    assert labelled_paths(["clips/0.mp4"], Path("out")) == [Path("out/0.mp4")]


def test_two_labelled_copies_never_share_a_name():
    inputs = ["in/a.avi", "in/a.mp4", "in/a.avi.mp4"]
    assert len(set(labelled_paths(inputs, Path("out")))) == 3


@pytest.mark.parametrize("place", ["labelled", "runs/predict/labelled", "runs/predict-2/labelled/deep"])
def test_labelled_copies_of_an_earlier_time_are_no_inputs_unless_alone(place, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.chdir(tmp_path)
    copy = f"{place}/a.mp4"
    assert without_copies(["a.mp4", copy]) == ["a.mp4", copy]  # a folder of videos that is called so
    answers = Path(place.partition("labelled")[0], "predictions.jsonl")
    answers.parent.mkdir(parents=True, exist_ok=True)
    answers.touch()
    assert without_copies(["a.mp4", copy]) == ["a.mp4"]
    assert without_copies([os.path.abspath("a.mp4"), os.path.abspath(copy)]) == [os.path.abspath("a.mp4")]
    assert f"left out 1 labelled copy of an earlier time, below {place.removesuffix('/deep')}" in caplog.text
    assert without_copies([copy]) == [copy]
