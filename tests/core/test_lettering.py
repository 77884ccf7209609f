"""Lines of text fit the room that they are given."""

import pytest

from videoai.core.lettering import line, lines


@pytest.mark.parametrize(
    "text", ["wave", "a rather long name of a class", "прыжок в длину с места", "x" * 5000, "日" * 40]
)
@pytest.mark.parametrize("width", [0, 5, 40, 200])
def test_a_line_is_never_wider_than_its_room(text, width):
    assert line(text, 13, width).width <= width


def test_only_what_does_not_fit_ends_with_an_ellipsis():
    assert line("wave", 13, 200).text == "wave"
    short = line("a rather long name of a class", 13, 100)
    assert short.text.endswith("…")
    assert line(short.text.rstrip("…") + "long", 13).width > 100  # it used the room


@pytest.mark.parametrize(("name", "drawn"), [("a\nb\tc", "a b c"), ("bad\udcff", "bad\\udcff"), ("", "")])
def test_what_cannot_be_drawn_in_a_line_is_replaced(name, drawn):
    assert line(name, 13).text == drawn


def test_a_text_is_broken_between_words_and_the_last_line_is_shortened():
    made = lines("one two three four five six seven", 13, 70, 2)
    assert [one.text.split()[0] for one in made] == ["one", "three"]
    assert made[-1].text.endswith("…")
    assert all(one.width <= 70 for one in made)
