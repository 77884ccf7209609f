"""Parity with torch's own pools."""

from typing import Any

import pytest
import torch
from torch import nn

from videoai.models.max_pool import FrameMaxPool, max_pool_time, separate_max_pools


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
def test_pooling_frame_by_frame_is_max_pool_3d_and_keeps_the_memory_format(memory_format: torch.memory_format) -> None:
    x = torch.randn(2, 3, 5, 8, 6).contiguous(memory_format=memory_format)
    pooled = FrameMaxPool(3, stride=2, padding=1)(x)
    assert torch.equal(pooled, nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))(x))
    assert pooled.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("keep_rest", [False, True])
def test_pooling_over_time_is_max_pool_3d(keep_rest: bool) -> None:
    x = torch.randn(2, 3, 7, 4, 4)
    wanted = nn.MaxPool3d((2, 1, 1), (2, 1, 1), ceil_mode=keep_rest)(x)
    assert torch.equal(max_pool_time(x, 2, keep_rest=keep_rest), wanted)


@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding"), [((1, 3, 3), (1, 2, 2), (0, 1, 1)), (3, 1, 1), ((3, 2, 3), 2, (1, 0, 1))]
)
def test_separated_max_pools_give_the_same_numbers(kernel_size: object, stride: object, padding: object) -> None:
    sizes: Any = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
    reference, model = nn.MaxPool3d(**sizes), nn.Sequential(nn.Sequential(nn.MaxPool3d(**sizes)))
    separate_max_pools(model)
    video = torch.randn(2, 3, 6, 9, 8)
    assert not any(isinstance(module, nn.MaxPool3d) for module in model.modules())
    assert torch.equal(model(video), reference(video))
    channels_last = video.contiguous(memory_format=torch.channels_last_3d)
    assert torch.equal(model(channels_last), reference(video))
