"""Custom models that break the contract raise an error that names them, before anything is trained."""

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.contract import check_contract

VIDEO = torch.randn(2, 3, 4, 8, 8)


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm3d(3)
        self.head = nn.Linear(3, 5)

    def forward(self, video: Tensor) -> Any:
        return self.head(self.norm(video).mean((2, 3, 4)))


class ForgotAKey(Own):
    def forward(self, video: Tensor) -> Any:
        return {}["features"]


class FailsInTraining(Own):
    def forward(self, video: Tensor) -> Any:
        return self.get_submodule("dropout")(super().forward(video)) if self.training else super().forward(video)


class Softmax(Own):
    def forward(self, video: Tensor) -> Any:
        return super().forward(video).softmax(1)


class TwoOutputs(Own):
    def forward(self, video: Tensor) -> Any:
        return super().forward(video), video


def check(model: nn.Module, num_classes: int = 5) -> None:
    check_contract(model, VIDEO, num_classes, nullcontext)


def test_a_model_that_keeps_the_contract_is_left_as_it_was() -> None:
    model = Own()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    check(model)
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())  # batch norm's too
    assert torch.equal(torch.get_rng_state(), state)
    check(create_model("tiny_r3d", num_classes=5))


@pytest.mark.parametrize(
    ("model", "num_classes", "message"),
    [
        (Own(), 7, r"model Own: returns \[2, 5\] for a video \[2, 3, 4, 8, 8\]\. .* logits \[B, K\].*: here \[2, 7\]"),
        (
            ForgotAKey(),
            5,
            r"model ForgotAKey: fails on a video .* with KeyError: 'features'\. A model takes video",
        ),
        (FailsInTraining(), 5, r"model FailsInTraining: fails .* AttributeError: .* no attribute `dropout`"),
        (Softmax(), 5, r"model Softmax: returns probabilities; each row adds up to 1"),
        (TwoOutputs(), 5, r"model TwoOutputs: returns a tuple for a video"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_model_that_breaks_it_is_named_with_what_is_wanted(model: nn.Module, num_classes: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(model, num_classes)
