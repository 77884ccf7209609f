"""Pictures in rows, each row with a title and each picture with a caption: one image to look at."""

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw
from torch import Tensor

from videoai.core.lettering import Line, line

GROUND, INK, SOFT = "#ffffff", "#1d1f23", "#6a6f78"
TITLE_PX, CAPTION_PX, GAP, EDGE = 15, 12, 4, 14  # pixels: letters, between pictures, around all
MIN_SIDE, MAX_SIDE = 72, 160  # pixels of the longer side of a picture: below, a caption such as "12.53 s" has no room
MAX_COLUMNS = 16  # pictures side by side; a longer row is broken


class Cell(NamedTuple):
    """A picture."""

    picture: Tensor  # uint8 [3, H, W] RGB, of any size
    caption: str = ""


class Row(NamedTuple):
    """Pictures that belong together."""

    title: str
    cells: Sequence[Cell]
    note: str = ""  # in quiet letters behind the title


def sheet(rows: Sequence[Row]) -> Image.Image:
    """All rows in one image. A picture keeps its proportions: small ones are shown larger by a whole factor, large ones
    smaller."""
    drawn = [_row(row) for row in rows]
    width = max((one.width for one in drawn), default=0) + 2 * EDGE
    height = sum(one.height + EDGE for one in drawn) + EDGE
    whole = Image.new("RGB", (max(width, 1), max(height, 1)), GROUND)
    top = EDGE
    for one in drawn:
        whole.paste(one, (EDGE, top))
        top += one.height + EDGE
    return whole


def png(image: Image.Image) -> bytes:
    """The bytes of a PNG file."""
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _row(row: Row) -> Image.Image:
    pictures = [_sized(cell.picture) for cell in row.cells]
    column = max((one.width for one in pictures), default=0) + GAP
    lineheight = round(1.5 * CAPTION_PX) if any(cell.caption for cell in row.cells) else 0
    height = max((one.height for one in pictures), default=0) + lineheight + GAP
    num_columns = min(MAX_COLUMNS, len(pictures))
    top, width = round(1.6 * TITLE_PX), max(num_columns * column, 4 * MAX_SIDE)  # a title has room also alone
    image = Image.new("RGB", (width, top + -(-len(pictures) // MAX_COLUMNS) * height), GROUND)
    draw = ImageDraw.Draw(image)
    title = line(row.title, TITLE_PX, width)
    _write(draw, title, 0, 0, INK)
    _write(draw, line(row.note, CAPTION_PX, width - title.width - TITLE_PX), title.width + TITLE_PX, 2, SOFT)
    for at, (cell, picture) in enumerate(zip(row.cells, pictures, strict=True)):
        x, y = at % MAX_COLUMNS * column, top + at // MAX_COLUMNS * height
        image.paste(picture, (x, y))
        _write(draw, line(cell.caption, CAPTION_PX, column - GAP), x, y + picture.height + 1, SOFT)
    return image


def _write(draw: ImageDraw.ImageDraw, text: Line, x: float, y: float, colour: str) -> None:
    draw.text((x, y), text.text, fill=colour, font=text.font)


def _sized(picture: Tensor) -> Image.Image:
    """uint8 [3, H, W] -> an image whose longer side has ``MIN_SIDE`` to ``MAX_SIDE`` pixels."""
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().cpu().numpy())
    side = max(image.size)
    if side > MAX_SIDE:
        width, height = (max(1, round(length * MAX_SIDE / side)) for length in image.size)
        return image.resize((width, height), Image.Resampling.LANCZOS)
    times = max(1, -(-MIN_SIDE // side))
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
