"""What stands below the pictures of a labelled video: the classes of the moment with bars, and a timeline of the whole
video with a mark at the moment."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from videoai.core.lettering import Line, line, lines

# matplotlib's tab20, its strong colours first. A class has the colour of its number, the same in every video; from the
# 21st class on colours repeat.
COLOURS = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"),
    *("#aec7e8", "#ffbb78", "#98df8a", "#ff9896", "#c5b0d5", "#c49c94", "#f7b6d2", "#c7c7c7", "#dbdb8d", "#9edae5"),
)
GROUND, TRACK, INK, SOFT = "#16181c", "#2d3138", "#ffffff", "#a7adb7"  # background, empty bar, text, quiet text
NOT_CHOSEN = "#565c66"  # colour of the other bars
GREY = 7  # the place of a grey among the colours, for an answer that is a text
TEXT_SHARE = 0.03  # height of letters, share of the shorter side of the picture
MIN_TEXT_PX = 13  # below, letters are hard to read
MAX_TEXT_LINES = 2  # an answer that is a text has at most so many
NAME_SHARE = 0.5  # share of the width
ROUNDING_SECONDS = 0.01  # windows that are no farther apart touch: their times are rounded to milliseconds


class Bar(NamedTuple):
    """A class of the answer."""

    label: int  # its number, which chooses the colour
    name: str
    probability: float
    is_answer: bool = True  # False: it is shown, and the model does not choose it


class Caption(NamedTuple):
    """What is shown from a time on; time 0 is the first frame. Without bars it is the text."""

    start_seconds: float
    end_seconds: float  # infinity = to the end
    text: str
    bars: tuple[Bar, ...] = ()  # the best first


def at_time(captions: Sequence[Caption], seconds: float) -> Caption | None:
    """The one shown at a time. ``captions`` are sorted by start; one ends where the next one starts."""
    at = bisect_right(captions, seconds, key=lambda caption: caption.start_seconds) - 1
    return captions[at] if at >= 0 and seconds < captions[at].end_seconds else None


class Panel:
    """Draws the captions of one video, as wide as its pictures."""

    def __init__(self, captions: Sequence[Caption], width: int, picture_height: int, duration_seconds: float) -> None:
        self.captions = sorted(captions, key=lambda caption: caption.start_seconds)
        self.duration = max(duration_seconds, 1e-6)
        self.width, self.text_px = width, max(MIN_TEXT_PX, round(TEXT_SHARE * min(width, picture_height)))
        self.row, self.margin = round(1.4 * self.text_px), round(0.6 * self.text_px)
        rows = max((len(caption.bars) or MAX_TEXT_LINES for caption in captions), default=0)
        self.strip_top = self.margin + rows * self.row + self.margin // 2
        self.height = self.strip_top + self.text_px + self.margin
        self.height += self.height % 2  # H.264 at 4:2:0 has no odd sizes
        self.clock = line(self.time_text(self.duration), self.text_px)  # the widest
        self.strip_right = max(self.margin + 1, width - 2 * self.margin - math.ceil(self.clock.width))
        self.answers = lru_cache(maxsize=2)(self._answers)  # one stays for many frames

    def at(self, seconds: float) -> np.ndarray:
        """The panel at a time, uint8 [height, width, 3]."""
        image = self.answers(at_time(self.captions, seconds)).copy()
        draw, bottom = ImageDraw.Draw(image), self.strip_top + self.text_px
        x = self.x_of(seconds)
        thick = max(1, self.text_px // 10)
        edge = (x - thick - 1, self.strip_top - 4, x + thick + 1, bottom + 4)
        draw.rectangle(edge, fill=INK, outline=GROUND)
        place = (self.width - self.margin, self.strip_top + self.text_px / 2)
        draw.text(place, self.time_text(seconds), fill=SOFT, font=self.clock.font, anchor="rm")
        return np.asarray(image)

    def x_of(self, seconds: float) -> int:
        """Where a time lies on the timeline."""
        share = min(max(seconds / self.duration, 0.0), 1.0)
        return round(self.margin + share * (self.strip_right - self.margin))

    def time_text(self, seconds: float) -> str:
        """``3.2 / 12.0 s`` or ``1:05 / 12:00``"""
        if self.duration < 60:
            return f"{seconds:.1f} / {self.duration:.1f} s"
        return " / ".join(f"{int(one) // 60}:{int(one) % 60:02d}" for one in (seconds, self.duration))

    def _answers(self, caption: Caption | None) -> Image.Image:
        """All that stays as long as a caption does."""
        image = Image.new("RGB", (self.width, self.height), GROUND)
        draw = ImageDraw.Draw(image)
        if caption and caption.bars:
            for number, bar in enumerate(caption.bars):
                self._bar(draw, bar, self.margin + number * self.row)
        elif caption:
            self._text(draw, caption.text)
        image.paste(self._strip, (self.margin, self.strip_top))
        return image

    def _bar(self, draw: ImageDraw.ImageDraw, bar: Bar, top: int) -> None:
        """The colour of the class, its name, bar and probability; what the model does not choose is quiet."""
        middle, ink = top + self.row / 2, INK if bar.is_answer else SOFT
        left = self.margin + round(NAME_SHARE * self.width)
        right = self.width - 2 * self.margin - math.ceil(line("100 %", self.text_px).width)
        swatch, name_left = 0.3 * self.text_px, 2 * self.margin + 0.6 * self.text_px
        draw.rectangle(
            (self.margin, middle - swatch, self.margin + 2 * swatch, middle + swatch), fill=colour(bar.label)
        )
        text = line(bar.name, self.text_px, left - self.margin - name_left)
        draw.text((name_left, middle), text.text, fill=ink, font=text.font, anchor="lm")
        if right > left:
            high, low = middle - 0.3 * self.text_px, middle + 0.3 * self.text_px
            draw.rectangle((left, high, right, low), fill=TRACK)
            draw.rectangle((left, high, left + bar.probability * (right - left), low), fill=colour_of(bar))
        share = line(f"{bar.probability:.0%}".replace("%", " %"), self.text_px)
        draw.text((self.width - self.margin, middle), share.text, fill=ink, font=share.font, anchor="rm")

    def _text(self, draw: ImageDraw.ImageDraw, text: str) -> None:
        for number, one in enumerate(lines(text, self.text_px, self.width - 2 * self.margin, MAX_TEXT_LINES)):
            place = (self.margin, self.margin + (number + 0.5) * self.row)
            draw.text(place, one.text, fill=INK, font=one.font, anchor="lm")

    @cached_property
    def _strip(self) -> Image.Image:
        """The timeline, with the name of a class on each of its stretches that has room for it."""
        image = Image.new("RGB", (self.strip_right - self.margin, self.text_px), TRACK)
        draw = ImageDraw.Draw(image)
        for first, start, end in self._stretches():
            left, right = self.x_of(start) - self.margin, self.x_of(end) - self.margin
            if right < left:  # it ends before it begins, such as one cut by the end of the video
                continue
            gap = 2 if right - left > 4 else 0  # to the next stretch; none where it would eat a narrow one
            draw.rectangle((left, 0, right - gap, self.text_px), fill=colour_of(first))
            text = line(first.name, round(0.8 * self.text_px)) if first.is_answer else None
            if text and text.width + 6 <= right - left:
                self._name(draw, text, (left + right) / 2, colour_of(first))
        return image

    def _name(self, draw: ImageDraw.ImageDraw, text: Line, x: float, ground: str) -> None:
        red, green, blue = bytes.fromhex(ground[1:])
        is_light = 3 * red + 6 * green + blue > 1300  # 2550 is white
        draw.text((x, self.text_px / 2), text.text, fill=GROUND if is_light else INK, font=text.font, anchor="mm")

    def _stretches(self) -> list[tuple[Bar, float, float]]:
        """The best class and from when to when it stays the best."""
        made: list[tuple[Bar, float, float]] = []
        nexts = [caption.start_seconds for caption in self.captions[1:]]
        for caption, following in zip(self.captions, [*nexts, math.inf], strict=True):
            first = caption.bars[0] if caption.bars else Bar(GREY, caption.text, 1.0)
            end = min(caption.end_seconds, following, self.duration)
            if made and caption.start_seconds - made[-1][2] < ROUNDING_SECONDS and _alike(made[-1][0], first):
                made[-1] = (made[-1][0], made[-1][1], end)
            else:
                made.append((first, caption.start_seconds, end))
        return made


def colour(label: int) -> str:
    """The colour of a class."""
    return COLOURS[label % len(COLOURS)]


def colour_of(bar: Bar) -> str:
    """The colour of its class; grey where the model does not choose it."""
    return colour(bar.label) if bar.is_answer else NOT_CHOSEN


def _alike(one: Bar, other: Bar) -> bool:
    return (one.label, one.name, one.is_answer) == (other.label, other.name, other.is_answer)
