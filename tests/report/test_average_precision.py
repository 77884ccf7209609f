from io import BytesIO

import pytest
import torch
from PIL import Image

from videoai.report.average_precision import average_precision_figure, average_precision_png
from videoai.report.multilabel_metrics import LabelScore, per_label


def scores(num_classes: int, num_videos: int = 20) -> list[LabelScore]:
    rng = torch.Generator().manual_seed(0)
    labels = torch.rand(num_videos, num_classes, generator=rng) < 0.3
    values = torch.rand(num_videos, num_classes, generator=rng)
    return per_label(values, labels, classes=[f"$class_{label}$" for label in range(num_classes)])


def names_of(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_classes_stand_in_order_of_their_precision_with_their_number_of_videos():
    given = scores(6)
    expected = sorted(given, key=lambda score: -score.average_precision)
    figure = average_precision_figure(given, title="val")
    assert names_of(figure) == [f"{score.name} ({score.num_videos})" for score in expected]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [score.average_precision for score in expected]
    (chance,) = figure.axes[0].collections
    assert chance.get_offsets().tolist() == [[score.base_rate, rank] for rank, score in enumerate(expected)]
    assert len({score.base_rate for score in expected}) > 1


def test_a_class_of_no_video_is_left_out():
    labels = torch.tensor([[True, False], [False, False]])
    shown = average_precision_figure(per_label(torch.rand(2, 2), labels, classes=["a", "b"]), title="val")
    assert names_of(shown) == ["a (1)"]
    nothing = per_label(torch.rand(2, 2), torch.zeros(2, 2, dtype=torch.bool), classes=["a", "b"])
    assert names_of(average_precision_figure(nothing, title="val")) == []


@pytest.mark.parametrize("num_classes", [1, 60, 157])
def test_the_picture_fits_a_screen_and_is_the_same_each_time(num_classes):
    first = average_precision_png(scores(num_classes), title="val")
    assert first == average_precision_png(scores(num_classes), title="val")
    assert max(Image.open(BytesIO(first)).size) <= 1700
