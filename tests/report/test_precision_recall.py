"""Precision against recall: the area is the average precision, and the figure names what is found worst."""

import pytest
import torch

from videoai.report.multilabel_metrics import average_precision
from videoai.report.precision_recall import MAX_NAMED, precision_recall, precision_recall_figure


@pytest.mark.parametrize("seed", range(3))
def test_the_area_below_the_steps_is_the_average_precision(seed):
    rng = torch.Generator().manual_seed(seed)
    scores = (torch.rand(60, 1, generator=rng) * 8).round() / 8  # with ties
    labels = torch.rand(60, 1, generator=rng) < 0.3
    recall, precision = precision_recall(scores[:, 0], labels[:, 0])
    area = (recall.diff(prepend=torch.zeros(1, dtype=torch.float64)) * precision).sum()
    assert float(area) == pytest.approx(float(average_precision(scores, labels)), abs=1e-12)


def test_a_ranking_without_mistakes_stays_at_one():
    recall, precision = precision_recall(torch.tensor([0.9, 0.8, 0.1]), torch.tensor([True, True, False]))
    assert recall.tolist() == [0.5, 1.0, 1.0]
    assert precision.tolist() == pytest.approx([1.0, 1.0, 2 / 3])


def test_unreadable_videos_are_ranked_last():
    recall, precision = precision_recall(torch.tensor([float("nan"), 0.2]), torch.tensor([True, False]))
    assert precision.tolist() == [0.0, 0.5]
    assert recall.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    "names", [["a", "b", "never seen"], ["прыжок", "跳跃", "$5_bill$"], ["x" * 300, "<b>", "c\nd"]]
)
def test_names_of_any_kind_are_drawn_and_classes_of_no_video_are_left_out(names):
    scores = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])
    labels = torch.tensor([[True, False, False], [False, True, False], [False, True, False]])
    figure = precision_recall_figure(scores, labels, classes=names, title="val, step 3")
    figure.draw_without_rendering()
    assert len(figure.axes[0].lines) == 2


def test_of_many_classes_the_worst_are_named():
    rng = torch.Generator().manual_seed(0)
    labels = torch.nn.functional.one_hot(torch.arange(300) % 150, 150).bool()
    scores = labels * torch.linspace(0, 3, 150) + torch.rand(300, 150, generator=rng)
    figure = precision_recall_figure(scores, labels, classes=[f"class {k}" for k in range(150)], title="val")
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(named) == MAX_NAMED
    assert all(int(name.split()[1]) < 75 for name in named)  # the scores of the others tell more
    assert "50 classes that are found better are not drawn" in figure.axes[0].get_title(loc="left")
