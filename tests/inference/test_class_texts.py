import re
from pathlib import Path

import pytest

from videoai.inference.class_texts import lines_of, placed_lines, read_classes, texts_of_names
from videoai.inference.text_models import sentences_of


@pytest.mark.parametrize(
    "given",
    [
        "opening a door,falling",
        "[opening a door, falling]",
        ("opening a door, falling",),  # one word of a command line
        ["opening a door", "falling"],
        {"opening a door": "opening a door", "falling": ["falling"]},
    ],
)
def test_classes_are_a_text_a_list_or_names_with_their_texts(given):
    assert read_classes(given) == {"opening a door": ["opening a door"], "falling": ["falling"]}


def test_a_class_may_have_a_name_and_several_phrasings():
    assert read_classes("fall: falling | a person falls,walking | a person walks") == {
        "fall": ["falling", "a person falls"],
        "walking": ["walking", "a person walks"],
    }


def test_a_list_of_several_keeps_its_commas():
    assert read_classes(["walking, slowly", "falling"]) == {
        "walking, slowly": ["walking, slowly"],
        "falling": ["falling"],
    }


def test_a_file_holds_one_a_line(tmp_path: Path):
    file = tmp_path / "classes"
    file.write_bytes("\ufeff# of the kitchen\nopening a door, slowly\n\n  fall: falling \r\n".encode())
    assert read_classes(str(file)) == {"opening a door, slowly": ["opening a door, slowly"], "fall": ["falling"]}
    assert lines_of([str(file)], "templates") == ["opening a door, slowly", "fall: falling"]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "classes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"classes=.*classes\.txt: no text file in UTF-8"):
        read_classes(str(tmp_path / "classes.txt"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("falling", "1 given"),
        ([], "0 given"),
        (["up", "up"], "up stands there twice"),
        (["up", "down:"], "nothing is said of down"),
        ({"up": [], "down": "down"}, "nothing is said of up"),
    ],
)
def test_what_leaves_no_choice_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        read_classes(given)


def test_names_of_data_become_words():
    assert texts_of_names(["opening_door", "ApplyLipstick", "TaiChi", "left"]) == {
        "opening_door": ["opening door"],
        "ApplyLipstick": ["Apply Lipstick"],
        "TaiChi": ["Tai Chi"],
        "left": ["left"],
    }


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("a {photo of {}.", "4: 'a {photo of {}.' has a brace that is no place for the class: delete it"),
        ("a photo of {}}.", "4: 'a photo of {}}.' has a brace"),
        ("a photo.", "4: 'a photo.' has no one place for the class: write {} once"),
        ("{} and {}", "4: '{} and {}' has no one place for the class"),
    ],
)
def test_a_template_at_fault_is_refused_with_its_line(lines, fault, tmp_path):
    file = tmp_path / "templates.txt"
    file.write_text(f"# of ours\na video of {{}}.\n\n{lines}\n")
    with pytest.raises(ValueError, match=re.escape(f"templates={file}:{fault}")):
        sentences_of(placed_lines(str(file), "templates"))
    with pytest.raises(ValueError, match=re.escape(f"templates: {lines!r} has")):
        sentences_of(placed_lines(["a {}", lines], "templates"))
