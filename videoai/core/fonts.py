"""Fonts that have the letters of a text, so that names in any script can be drawn. DejaVu Sans, which matplotlib
brings, has Latin, Greek, Cyrillic, Arabic and Hebrew ones; others are looked for among the fonts of the system."""

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from videoai.core.messages import truncated_list

logger = logging.getLogger(__name__)

PACKAGE = "fonts-noto-cjk"  # its name in Debian and Ubuntu
_said: set[str] = set()  # letters that this process has named as missing


class Font(NamedTuple):
    """A font file, its family in matplotlib, and the letters it has."""

    path: str
    family: str
    letters: frozenset[str]


def fonts_for(texts: Iterable[str]) -> list[Font]:
    """DejaVu Sans, and fonts of the system that have the other letters. A warning names letters that none has."""
    return list(_fonts_for(frozenset("".join(texts))))


def best_font(text: str) -> Font:
    """The one font that has most letters of the text."""
    return max(fonts_for([text]), key=lambda font: sum(letter in font.letters for letter in text))


def drawable(text: str, fonts: Sequence[Font]) -> str:
    """The text with what none of the fonts has as an escape, such as ``\\u65e5``: boxes would all look alike."""
    return "".join(letter if _has(fonts, letter) else _escaped(letter) for letter in text)


def _has(fonts: Sequence[Font], letter: str) -> bool:
    return letter == "\n" or any(letter in font.letters for font in fonts)


def _escaped(letter: str) -> str:
    is_mark = unicodedata.category(letter) == "Cf" or unicodedata.name(letter, "").startswith("VARIATION SELECTOR")
    return "" if is_mark else letter.encode("ascii", "backslashreplace").decode()  # marks have no picture of their own


@lru_cache(maxsize=16)
def _fonts_for(letters: frozenset[str]) -> tuple[Font, ...]:
    from matplotlib import get_data_path

    fonts = [_read(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"))]
    missing = {letter for letter in letters if letter.isprintable() and not _has(fonts, letter)}
    for path in _system_fonts() if missing else ():
        try:
            font = _read(path)
        except (OSError, RuntimeError, ValueError):  # a font of bitmaps, or a damaged one
            continue
        if missing & font.letters:
            fonts.append(font)
            missing -= font.letters
        if not missing:
            break
    if named := sorted(letter for letter in missing - _said if _escaped(letter)):
        _said.update(named)
        words = "no font on this machine has %s: drawn as escapes, such as %s. Install one (on Debian: apt install %s)"
        logger.warning(words, truncated_list(named), _escaped(named[0]), PACKAGE)
    return tuple(fonts)


def _system_fonts() -> list[str]:
    """Looked up each time, because matplotlib's own list is from its first start. Those for many scripts come first."""
    from matplotlib.font_manager import findSystemFonts

    def rank(path: str) -> tuple[bool, bool, str]:
        name = Path(path).name.lower()
        return "noto" not in name, "regular" not in name, path

    return sorted(findSystemFonts(), key=rank)


def _read(path: str) -> Font:
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    face = FT2Font(path)
    if all(entry.fname != path for entry in fontManager.ttflist):
        fontManager.addfont(path)  # known by its family from now on
    return Font(path, face.family_name, frozenset(map(chr, face.get_charmap())))
