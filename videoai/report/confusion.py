"""A confusion matrix as a picture that stays readable from 2 to 400 classes; same counts, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any

from torch import Tensor

from videoai.core.fonts import drawable, fonts_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_NAMED_CLASSES = 40  # beyond this, names are too small to read and the axes show class indices
MAX_COUNTED_CLASSES = 25  # beyond this, counts no longer fit their cells
MAX_UPRIGHT_CLASSES = 6  # up to this, the names below the matrix need not be turned
MAX_UPRIGHT_WORD = 13  # letters; a longer one would run into its neighbour
MAX_NAME_LENGTH = 28
KEPT_END = 9  # letters of a longer name's end
NAME_INCHES = 0.09  # a letter at 10 points, on the wide side
COLOUR_EXPONENT = 0.5  # a share of 4 % gets 20 % of the colour: among 400 classes linear mistakes are invisible


def confusion_png(matrix: Tensor, *, classes: Sequence[str], title: str) -> bytes:
    """``confusion_figure`` as the bytes of a PNG file."""
    buffer = BytesIO()
    figure = confusion_figure(matrix, classes=classes, title=title)
    figure.savefig(buffer, format="png", metadata={"Software": None})  # the version would change the bytes
    return buffer.getvalue()


def confusion_figure(matrix: Tensor, *, classes: Sequence[str], title: str) -> Figure:
    """Draws counts int64 [K, K] (row = true class), coloured by the share of each row; rows without videos are grey.

    Raises:
        ValueError: the matrix is not [K, K] for K class names.
    """
    if matrix.shape != (len(classes), len(classes)):
        raise ValueError(f"confusion_figure: matrix {list(matrix.shape)}, but there are {len(classes)} class names.")
    # A bare Figure, not pyplot: no global state, no display, safe in a thread.
    from matplotlib.figure import Figure

    names = [_shortened(name) for name in classes] if len(classes) <= MAX_NAMED_CLASSES else []
    fonts = fonts_for([title, *names])
    title, names = drawable(title, fonts), [drawable(name, fonts) for name in names]
    cell_inches = 1.1 if len(classes) <= MAX_UPRIGHT_CLASSES else 0.4
    side_inches = min(max(cell_inches * len(classes), 3.5), 10.0)
    left_inches = NAME_INCHES * max((len(name) for name in names), default=0)
    below_inches = 0.5 if _are_upright(names) else left_inches
    figsize = (side_inches + left_inches + 2.0, side_inches + below_inches + 1.0)
    figure = Figure(figsize=figsize, dpi=120, layout="compressed")  # constrained, for axes of a fixed shape
    axes = figure.add_subplot()
    families = [font.family for font in fonts]
    axes.set_title(title, parse_math=False, fontsize=11, family=families)
    _draw_cells(figure, axes, matrix)
    _name_axes(axes, names, families)
    return figure


def _draw_cells(figure: Figure, axes: Axes, matrix: Tensor) -> None:
    from matplotlib.colors import PowerNorm

    shares = matrix.double() / matrix.sum(dim=1, keepdim=True)  # NaN = no videos: left unpainted
    axes.set_facecolor("0.85")
    norm = PowerNorm(COLOUR_EXPONENT, vmin=0, vmax=1)
    image = axes.imshow(shares.numpy(), cmap="Blues", norm=norm, interpolation="nearest")
    bar = figure.colorbar(image, ax=axes, label="share of the true class's videos", shrink=0.8)
    bar.set_ticks([0, 0.01, 0.05, 0.1, 0.2, 0.5, 1], labels=["0", "1 %", "5 %", "10 %", "20 %", "50 %", "100 %"])
    if len(matrix) <= MAX_COUNTED_CLASSES:
        _write_counts(axes, matrix, shares)


def _write_counts(axes: Axes, matrix: Tensor, shares: Tensor) -> None:
    size = 11 if len(matrix) <= 10 else 8
    for row, column in matrix.nonzero().tolist():  # no zeros: they would drown the mistakes
        colour = "white" if shares[row, column] ** COLOUR_EXPONENT > 0.6 else "black"
        count = str(int(matrix[row, column]))
        axes.text(column, row, count, ha="center", va="center", fontsize=size, color=colour)


def _name_axes(axes: Axes, names: Sequence[str], families: list[str]) -> None:
    """Class names where given, else matplotlib's own ticks, which are class indices."""
    axes.set_xlabel("predicted class" if names else "predicted class (index)")
    axes.set_ylabel("true class" if names else "true class (index)")
    if not names:
        return
    size = 10 if len(names) <= 20 else 8
    upright = _are_upright(names)
    below = [fill(name, width=14) for name in names] if upright else names
    # parse_math off: a class named "$5_bill$" is a name, not a formula.
    look: dict[str, Any] = {"fontsize": size, "fontfamily": families, "parse_math": False}
    axes.set_xticks(range(len(names)), below, rotation=0 if upright else 90, **look)
    axes.set_yticks(range(len(names)), names, **look)


def _are_upright(names: Sequence[str]) -> bool:
    """Whether the names below the matrix need not be turned: few, and of words that fit below a cell."""
    longest = max((len(word) for name in names for word in name.split()), default=0)
    return len(names) <= MAX_UPRIGHT_CLASSES and longest <= MAX_UPRIGHT_WORD


def _shortened(name: str) -> str:
    """Beginning and end of a long name: related classes often differ in their last words."""
    name = " ".join(name.split())
    if len(name) <= MAX_NAME_LENGTH:
        return name
    return f"{name[: MAX_NAME_LENGTH - KEPT_END - 1].rstrip()}…{name[-KEPT_END:].lstrip()}"
