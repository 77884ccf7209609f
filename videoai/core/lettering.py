"""Lines of text for pictures: names in any script, shortened with an ellipsis where there is no room."""

import math
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from PIL import ImageFont

from videoai.core.fonts import best_font, drawable

MOST_LETTERS = 1000  # letters of a text that are looked at; no picture has room for more


class Line(NamedTuple):
    """A text as it is drawn, and its font."""

    text: str
    font: ImageFont.FreeTypeFont

    @property
    def width(self) -> float:
        """Pixels."""
        return self.font.getlength(self.text)


@lru_cache(maxsize=1024)  # names come again and again
def line(text: str, size_px: float, width: float = math.inf) -> Line:
    """The text in the font of this machine that has most of its letters, other letters as escapes; not wider than
    ``width`` pixels. Line breaks become spaces."""
    text = " ".join(text[:MOST_LETTERS].split())
    known = best_font(text)
    font, shown = font_of(known.path, size_px), drawable(text, [known])
    if font.getlength(shown) <= width:
        return Line(shown, font)
    dots = "…" if "…" in known.letters else "..."
    kept = bisect_right(range(len(shown)), width, key=lambda count: font.getlength(shown[:count] + dots)) - 1
    return Line(shown[:kept].rstrip() + dots if kept > 0 else "", font)


def lines(text: str, size_px: float, width: float, most: int) -> list[Line]:
    """The text broken between words into at most ``most`` lines; the last one is shortened where more is left."""
    words, made = text.split(), []
    while words and len(made) < most - 1:
        count = next((n for n in range(len(words), 1, -1) if line(" ".join(words[:n]), size_px).width <= width), 1)
        made.append(line(" ".join(words[:count]), size_px, width))
        words = words[count:]
    return [*made, *([line(" ".join(words), size_px, width)] if words else [])]


@lru_cache(maxsize=64)
def font_of(path: str, size_px: float) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels."""
    return ImageFont.truetype(path, size_px)
