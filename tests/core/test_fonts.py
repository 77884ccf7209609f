"""Names in any script are drawn with a font that has their letters, or as escapes, which is said."""

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from videoai.core import fonts
from videoai.core.fonts import best_font, drawable, fonts_for


def write_font(path: Path, letters: str) -> str:
    """A font whose letters are squares."""
    names = [".notdef", *(f"uni{ord(letter):04X}" for letter in letters)]
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(letters, names[1:], strict=True)})
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Puts these fonts, and no others, on the system."""

    def install(**letters: str) -> None:
        paths = [write_font(tmp_path / f"{name}.ttf", which) for name, which in letters.items()]
        monkeypatch.setattr(font_manager, "findSystemFonts", lambda: paths)

    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    monkeypatch.setattr(fonts, "_said", set())
    fonts._fonts_for.cache_clear()
    yield install
    fonts._fonts_for.cache_clear()


@pytest.mark.parametrize("name", ["naïve", "прыжок", "άλμα", "قفز"])
def test_letters_of_dejavu_need_no_other_font(system, name):
    system(Other=name)
    assert [font.family for font in fonts_for([name])] == ["DejaVu Sans"]


@pytest.mark.parametrize("name", ["跳跃", "ジャンプ", "कूद"])
def test_a_font_of_the_system_is_taken_where_it_has_the_letters(system, caplog, name):
    system(Latin="abc", Script="".join(sorted(set(name))))
    found = fonts_for([name, "jump"])
    assert [font.family for font in found] == ["DejaVu Sans", "Script"]
    assert drawable(name, found) == name and best_font(name).family == "Script"
    assert not caplog.messages


@pytest.mark.parametrize(
    ("name", "shown"),
    [("跳 jump", r"\u8df3 jump"), ("caf\udce9", r"caf\udce9"), ("✌\U000e0101", "✌"), ("\U0001f9ff", r"\U0001f9ff")],
)
def test_letters_that_no_font_has_are_escapes_and_said_once(system, caplog, name, shown):
    system(Latin="abc")
    assert drawable(name, fonts_for([name])) == drawable(name, fonts_for([name, "x"])) == shown
    assert len(caplog.messages) == (shown.startswith("\\"))  # no font has bytes that are no letters
    assert all("drawn as escapes" in line and "apt install" in line for line in caplog.messages)


def test_a_damaged_font_is_passed_over(system, tmp_path, monkeypatch):
    good = write_font(tmp_path / "Good.ttf", "跳")
    (tmp_path / "A.ttf").write_bytes(b"no font")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "A.ttf"), good])
    assert fonts_for(["跳"])[-1].family == "Good"
