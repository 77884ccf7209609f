"""The panel below the pictures of a labelled video: bars, a timeline, a mark at the moment."""

import math

import numpy as np
import pytest

from videoai.inference.panel import COLOURS, Bar, Caption, Panel, at_time

NAMES = ("Swiping Left", "Swiping Right", "Pulling", "Pushing")


def bars(*labels: int, names: tuple[str, ...] = NAMES) -> tuple[Bar, ...]:
    """The first one is the answer, with half the probability that is left for each of them."""
    return tuple(Bar(label, names[label], 0.5 ** (rank + 1), is_answer=not rank) for rank, label in enumerate(labels))


def timeline(*labels: int) -> list[Caption]:
    """A window of a second for each."""
    return [Caption(at, at + 1, "", bars(label, (label + 1) % 4)) for at, label in enumerate(labels)]


def rgb(label: int) -> tuple[int, ...]:
    return tuple(bytes.fromhex(COLOURS[label][1:]))


def strip_row(panel: Panel, seconds: float) -> np.ndarray:
    """The upper edge of the timeline, uint8 [width, 3]; names are written below it."""
    return panel.at(seconds)[panel.strip_top, panel.margin : panel.strip_right]


def test_the_timeline_shows_each_class_in_its_colour_where_it_was_predicted():
    panel = Panel(timeline(0, 0, 3, 1), 640, 360, 4.0)
    row, width = strip_row(panel, 0.0), panel.strip_right - panel.margin
    shown = [tuple(row[int(share * width)]) for share in (0.1, 0.3, 0.6, 0.9)]
    assert shown == [rgb(0), rgb(0), rgb(3), rgb(1)]


@pytest.mark.parametrize(("count", "width"), [(500, 320), (2_000, 320), (5_000, 640)])
def test_windows_narrower_than_a_pixel_are_drawn(count, width):
    captions = timeline(*[index % 4 for index in range(count)])
    panel = Panel(captions, width, 240, count - 0.5)  # the last window ends after the video
    assert {tuple(pixel) for pixel in strip_row(panel, 0.0)[5:]} & {rgb(label) for label in range(4)}


def test_the_mark_moves_with_the_time():
    panel = Panel(timeline(0, 1), 640, 360, 2.0)
    for seconds in (0.0, 0.5, 2.0):
        is_white = (panel.at(seconds)[panel.strip_top - 2, : panel.strip_right + 3] == 255).all(axis=1)
        assert abs(float(np.flatnonzero(is_white).mean()) - panel.x_of(seconds)) <= 1  # pixel
    assert (panel.x_of(0.0), panel.x_of(2.0)) == (panel.margin, panel.strip_right)


def test_bars_are_as_long_as_their_probabilities():
    made = (Bar(0, "a", 0.8), Bar(1, "b", 0.4, is_answer=False), Bar(2, "c", 0.0, is_answer=False))
    panel = Panel([Caption(0, math.inf, "", made)], 640, 360, 3.0)
    drawn, ground = panel.at(0.0), np.array([0x2D, 0x31, 0x38])  # the ground of an empty bar
    lengths = []
    for number in range(3):
        row = drawn[panel.margin + number * panel.row + panel.row // 2, 335:535]
        lengths.append(int((np.abs(row.astype(int) - ground) > 8).any(axis=1).sum()))
    assert lengths[2] <= 1
    assert lengths[0] > lengths[1] > 50


@pytest.mark.parametrize(("width", "height"), [(320, 240), (320, 1280), (1080, 1920), (1920, 1080)])
@pytest.mark.parametrize(
    "name",
    ["run", "one line\nand another", "é " * 200, "x" * 500, " ", "$5_bill$ <b>", "прыжок в длину", "\udcff\udcfe"],
)
def test_any_name_fits_any_size(width, height, name):
    panel = Panel([Caption(0, math.inf, "", bars(0, 1, 2, names=(name,) * 3))], width, height, 5.0)
    drawn = panel.at(2.0)
    assert drawn.shape == (panel.height, width, 3)
    assert panel.height < height / 2  # the picture keeps most of the room
    names = drawn[panel.margin : panel.strip_top, : width // 2 + panel.margin]
    free = names[:, -panel.margin + 2 : -2]  # between the longest name and the bars
    assert (free == drawn[0, 0]).all()


@pytest.mark.parametrize(("name", "low", "high"), [("a very long name of a class " * 3, 280, 315), ("a very", 40, 90)])
def test_a_long_name_uses_the_room_before_the_bars_and_no_more(name, low, high):
    panel = Panel([Caption(0, math.inf, "", (Bar(0, name, 0.5),))], 640, 360, 1.0)
    name_part = panel.at(0.0)[: panel.strip_top - 5, :320]
    assert low < np.flatnonzero((name_part > 150).any(axis=(0, 2))).max() < high


def test_letters_beyond_ascii_are_drawn():
    one, other = (Panel([Caption(0, 9, "", (Bar(0, name, 0.5),))], 320, 240, 1.0).at(0.5) for name in "éж")
    assert not np.array_equal(one, other)  # two boxes would be equal


def test_an_answer_that_is_a_text_is_written_in_two_lines():
    text = "speed 3.2 m/s, which is rather fast for one who walks and slow for one who runs"
    panel = Panel([Caption(0, math.inf, text)], 320, 240, 1.0)
    drawn = panel.at(0.5)
    rows = [drawn[panel.margin + number * panel.row :][: panel.row] for number in range(2)]
    assert all(row.max() > 200 for row in rows)


def test_a_label_below_the_threshold_has_no_colour_on_the_timeline():
    nothing = Caption(0, 1, "", (Bar(0, "a", 0.3, is_answer=False),))
    row = strip_row(Panel([nothing], 640, 360, 1.0), 0.9)
    assert tuple(row[10]) != rgb(0)


def test_a_caption_ends_where_the_next_one_starts():
    captions = [Caption(0.0, 4.0, "a"), Caption(2.0, 6.0, "b"), Caption(8.0, math.inf, "c")]
    shown = [at_time(captions, seconds) for seconds in (-1.0, 0.0, 1.9, 2.0, 5.9, 6.0, 8.0, 1e9)]
    assert [one and one.text for one in shown] == [None, "a", "a", "b", "b", None, "c", "c"]
    assert at_time([], 0.0) is None
