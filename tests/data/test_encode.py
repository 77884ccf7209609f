from pathlib import Path

import pytest

from videoai.data.encode import make_folder


def test_a_folder_is_made_with_those_above_it_and_may_be_there_already(tmp_path: Path):
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "a").touch()
    with pytest.raises(OSError, match=r"a/b: cannot be written \(.*\)\. Choose another folder\."):
        make_folder(tmp_path / "a" / "b")
