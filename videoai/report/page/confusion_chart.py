"""A confusion matrix for the page: right answers in one colour, mistakes in another."""

from collections.abc import Sequence

from torch import Tensor

from videoai.report.page.html import Html, tag
from videoai.report.page.svg import box, hinted, svg, words

MAX_NAMED = 40  # classes; beyond this names are too small to read
MAX_COUNTED = 25  # classes; beyond this counts do not fit into their cells
MAX_CELLS = 10_000  # cells that are drawn, the fullest
MAX_NAME_LENGTH = 28
WIDTH = 620  # pixels of a matrix of many classes


def confusion_chart(matrix: Tensor, classes: Sequence[str]) -> Html:
    """Counts, int64 [K, K], row = true class. The stronger a cell, the larger its share of the row."""
    size = len(classes)
    side = min(56.0, max(26.0, 400 / size)) if size <= MAX_COUNTED else max(1.5, WIDTH / size)
    is_named = size <= MAX_NAMED
    names = [_short(title) for title in classes] if is_named else []
    margin = 16 + 6.6 * max(map(len, names), default=2)
    parts = [box(margin, margin, side * size, side * size, "ground"), *_names(names, margin, side)]
    sums = matrix.sum(1).tolist()
    cells = sorted(((int(matrix[row, column]), row, column) for row, column in matrix.nonzero().tolist()), reverse=True)
    for count, row, column in cells[:MAX_CELLS]:
        hint = f"{classes[row]} → {classes[column]}: {count} of {sums[row]}"
        x, y, share = margin + column * side, margin + row * side, count / sums[row]
        opacity = round(0.12 + 0.88 * share**0.5, 3)  # the root: a mistake of 4 % is seen
        inner = side - 1 if side > 6 else side
        drawn = [box(x, y, inner, inner, "right" if row == column else "wrong", fill_opacity=opacity)]
        if size <= MAX_COUNTED:
            kind = "count strong" if share > 0.4 else "count"
            drawn.append(words(count, x + side / 2, y + side / 2, kind))
        parts.append(hinted(hint, *drawn))
    whole = margin + side * size + 8
    return tag("div", svg(whole, whole, *parts, label="Confusion matrix"), class_="chart")


def _names(names: Sequence[str], margin: float, side: float) -> list[Html]:
    drawn = []
    for number, title in enumerate(names):
        at = margin + (number + 0.5) * side
        drawn.append(words(title, margin - 8, at, "row"))
        drawn.append(words(title, at, margin - 8, "column", transform=f"rotate(-90 {at:g} {margin - 8:g})"))
    return drawn


def _short(title: str) -> str:
    title = " ".join(title.split())
    return title if len(title) <= MAX_NAME_LENGTH else title[: MAX_NAME_LENGTH - 1] + "…"
