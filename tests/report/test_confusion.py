from io import BytesIO

import pytest
import torch
from PIL import Image

from videoai.report.confusion import confusion_figure, confusion_png


def matrix(num_classes: int) -> torch.Tensor:
    counts = torch.randint(0, 3, (num_classes, num_classes), generator=torch.Generator().manual_seed(0))
    return counts + 20 * torch.eye(num_classes, dtype=torch.int64)


def names(num_classes: int) -> list[str]:
    return [f"class {label}" for label in range(num_classes)]


def texts_in_cells(num_classes: int) -> int:
    axes = confusion_figure(matrix(num_classes), classes=names(num_classes), title="val").axes[0]
    return sum(text.get_text().isdigit() for text in axes.texts)


def test_the_same_counts_give_the_same_bytes():
    first = confusion_png(matrix(5), classes=names(5), title="val")
    assert first == confusion_png(matrix(5), classes=names(5), title="val")
    assert first != confusion_png(matrix(5).T, classes=names(5), title="val")
    assert b"Software" not in first  # matplotlib would write its version


@pytest.mark.parametrize("num_classes", [1, 2, 16, 60, 400])
def test_the_picture_is_large_enough_for_its_cells_and_small_enough_for_a_screen(num_classes):
    picture = Image.open(BytesIO(confusion_png(matrix(num_classes), classes=names(num_classes), title="val")))
    assert min(picture.size) >= max(400, 3 * num_classes)
    assert max(picture.size) <= 2000


def test_counts_are_written_up_to_25_classes_and_zeros_never():
    assert texts_in_cells(25) == int((matrix(25) > 0).sum())
    assert texts_in_cells(26) == 0


@pytest.mark.parametrize("num_classes", [5, 40, 150])
@pytest.mark.parametrize("name", ["{:02d} carrying a very heavy wooden box over a floor", "x" * 57 + "_{:02d}"])
def test_long_names_leave_room_for_the_titles_of_the_axes(num_classes, name):
    long = [name.format(label) for label in range(num_classes)]
    figure = confusion_figure(matrix(num_classes), classes=long, title="best.pt on test")
    figure.draw_without_rendering()
    inside, drawn = figure.bbox, figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= inside.x1 and drawn.y1 <= inside.y1


def test_names_that_differ_at_their_ends_still_do_when_shortened():
    long = [f"Pouring_something_into_something_until_it_overflows_{label}" for label in range(5)]
    axes = confusion_figure(matrix(5), classes=long, title="val").axes[0]
    shown = [tick.get_text() for tick in axes.get_yticklabels()]
    assert len({*shown}) == 5 and all(len(name) <= 28 and "…" in name for name in shown)


def test_classes_are_named_up_to_40_and_numbered_beyond():
    named = confusion_figure(matrix(40), classes=names(40), title="val").axes[0]
    numbered = confusion_figure(matrix(41), classes=names(41), title="val").axes[0]
    assert [tick.get_text() for tick in named.get_yticklabels()] == names(40)
    assert named.get_xlabel() == "predicted class"
    assert numbered.get_xlabel() == "predicted class (index)"
    assert "class 1" not in [tick.get_text() for tick in numbered.get_yticklabels()]


@pytest.mark.parametrize(
    "name",
    ["$5_bill$", "$\\frac{$", "two\nlines", "a very long name " * 20, "", "caf\udce9", "跳跃"],
)
def test_any_class_name_can_be_drawn(name):
    assert confusion_png(matrix(2), classes=[name, "other"], title=name).startswith(b"\x89PNG")


def test_a_class_without_videos_does_not_divide_by_zero():
    counts = matrix(3)
    counts[1] = 0
    assert confusion_png(counts, classes=names(3), title="val").startswith(b"\x89PNG")


def test_a_matrix_for_other_classes_is_refused():
    with pytest.raises(ValueError, match=r"matrix \[3, 3\], but there are 2 class names"):
        confusion_png(matrix(3), classes=names(2), title="val")
