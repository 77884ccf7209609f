"""What the charts of the page share. They are SVG, in the colours of the page, which follow its light or dark mode."""

from typing import NamedTuple

from videoai.report.page.html import Html, tag


class Axis(NamedTuple):
    """From a value to its place in pixels."""

    low: float
    high: float
    start: float  # pixels, the place of ``low``
    end: float

    def __call__(self, value: float) -> float:
        share = 0.5 if self.high == self.low else (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def svg(width: float, height: float, *children: object, label: str) -> Html:
    """A drawing that is as wide as its place, at most ``width`` pixels."""
    box, style = f"0 0 {width:g} {height:g}", f"max-width:{width:g}px"
    return tag("svg", *children, viewBox=box, role="img", aria_label=label, style=style)


def words(value: object, x: float, y: float, kind: str, **more: object) -> Html:
    """Text in a drawing; ``kind``: a class of page.css."""
    return tag("text", value, x=f"{x:g}", y=f"{y:g}", class_=kind, **more)


def box(x: float, y: float, width: float, height: float, kind: str, **more: object) -> Html:
    """A rectangle; ``kind``: a class of page.css."""
    return tag("rect", x=f"{x:g}", y=f"{y:g}", width=f"{width:g}", height=f"{height:g}", class_=kind, **more)


def hinted(hint: str, *parts: object) -> Html:
    """Parts of a drawing with a text that appears under the mouse."""
    return tag("g", tag("title", hint), *parts)
