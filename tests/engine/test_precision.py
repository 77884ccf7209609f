"""Clipping and memory layouts; ``test_choose_precision.py`` has the choice of a format."""

import pytest
import torch
from torch import nn

from videoai.engine.precision import Precision, memory_format

CPU = torch.device("cpu")


def test_a_model_with_two_dimensional_kernels_is_laid_out():
    placed = Precision("fp32", "channels_last_3d", device=CPU).place(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv3d(3, 8, 3))
    )
    assert placed[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert placed[1].weight.is_contiguous(memory_format=torch.channels_last_3d)


def test_a_video_is_laid_out_as_the_weights_are():
    video = torch.rand(2, 3, 4, 8, 8)
    for layout in ("contiguous", "channels_last_3d"):
        placed = Precision("fp32", layout, device=CPU).place_video(video.flip(1))
        assert placed.is_contiguous(memory_format=memory_format(layout))
        assert torch.equal(placed, video.flip(1))


def test_clipping_returns_the_norm_before():
    model = nn.Linear(2, 1, bias=False)
    precision, optimizer = Precision("fp32", device=CPU), torch.optim.SGD(model.parameters(), lr=1.0)
    precision.backward((model(torch.tensor([[3.0, 4.0]]))).sum())
    assert float(precision.clip(optimizer, list(model.parameters()), 1.0)) == pytest.approx(5.0)
    assert float(model.weight.grad.norm()) == pytest.approx(1.0, rel=1e-4)


def test_without_clipping_the_norm_is_measured_and_no_gradient_is_written():
    model = nn.Linear(2, 1, bias=False)
    precision, optimizer = Precision("fp32", device=CPU), torch.optim.SGD(model.parameters(), lr=1.0)
    precision.backward((model(torch.tensor([[3.0, 4.0]]))).sum())
    writes = model.weight.grad._version
    assert float(precision.clip(optimizer, list(model.parameters()), None)) == pytest.approx(5.0)
    assert model.weight.grad._version == writes
