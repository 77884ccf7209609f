import pytest
import torch

from videoai.core.label_text import label_text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (1, "run"),
        (torch.tensor(1), "run"),
        (torch.tensor([1.0, 0.0, 1.0]), "walk, jump"),
        (torch.tensor([0.0, 0.7, 0.3]), "run 70 %, jump 30 %"),
        (torch.tensor([0.0, 0.0, 0.0]), "no label"),
        (torch.tensor(3.25), "3.25"),
        (torch.tensor([1.5, 2.0]), "[1.5, 2.0]"),
    ],
)
def test_a_label_is_a_class_several_or_a_number(label, text):
    assert label_text(label, ["walk", "run", "jump"]) == text
