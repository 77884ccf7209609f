from pathlib import Path

import pytest

from videoai.core.messages import command_line, did_you_mean, names_in, near_names, pluralize, truncated_list


def test_a_typo_is_answered_by_the_nearest_name_and_nonsense_by_nothing():
    assert did_you_mean("r3d_81", ["r3d_18", "x3d_s"]) == " Did you mean r3d_18?"
    assert did_you_mean("zzz", ["r3d_18"]) == ""


@pytest.mark.parametrize("below", ["", "none/at/all"])
def test_a_path_that_is_not_there_is_answered_by_what_is(below, tmp_path: Path):
    (tmp_path / "clips").mkdir()
    wrong = str(tmp_path / "clisp" / below) if below else str(tmp_path / "clisp")
    assert near_names(wrong) == " Did you mean clips?"
    assert near_names(str(tmp_path / "videos")) == f" The folder {tmp_path} exists; check the name 'videos' in it."


def test_a_folder_that_cannot_be_read_has_no_names(tmp_path: Path):
    (tmp_path / "a").touch()
    assert names_in(str(tmp_path)) == ["a"]
    assert names_in(str(tmp_path / "gone")) == names_in("\0") == []


def test_a_long_list_says_how_many_more():
    assert truncated_list(list("abc"), 3) == "a, b, c"
    assert truncated_list(list("abcde"), 3) == "a, b, c and 2 more"
    assert truncated_list([str(number) for number in range(9)]).endswith("7 and 1 more")


def test_one_has_no_plural():
    assert [pluralize(number, "clip") for number in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]


def test_a_command_is_quoted_for_a_shell():
    assert command_line("gan train", "run_dir=a b") == "videoai gan train 'run_dir=a b'"
    assert command_line("evaluate", "x=1", trust=["mine", "own"]) == "videoai evaluate x=1 'trust=[mine,own]'"


@pytest.mark.parametrize("path", ["boxs.csv", "none/at/all.csv", "./boxs.csv"])
def test_a_relative_path_is_looked_for_from_the_folder_in_which_it_was_given(path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boxes.csv").touch()
    wanted = " Did you mean boxes.csv?" if "boxs" in path else f" The folder {tmp_path} exists; check the name 'none'"
    assert near_names(path).startswith(wanted)
