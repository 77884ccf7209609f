from pathlib import Path

from videoai.run.predict import labelled_paths


def test_labelled_copies_keep_the_tree_and_are_named_as_mp4():
    paths = labelled_paths(["/in/a.avi", "/in/deep/0.mp4", "/in/deep/no_extension"], Path("out"))
    assert paths == [Path("out/a.mp4"), Path("out/deep/0.mp4"), Path("out/deep/no_extension.mp4")]
    assert labelled_paths(["clips/0.mp4"], Path("out")) == [Path("out/0.mp4")]


def test_two_labelled_copies_never_share_a_name():
    inputs = ["in/a.avi", "in/a.mp4", "in/a.avi.mp4"]
    assert len(set(labelled_paths(inputs, Path("out")))) == 3
