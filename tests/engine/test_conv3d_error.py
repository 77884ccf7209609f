import math

import pytest
import torch
from torch.nn import functional as F

from videoai.engine import conv3d_error
from videoai.engine.conv3d_error import MAX_CONV3D_ERROR, bf16_conv3d_error

CPU = torch.device("cpu")


def test_bf16_on_this_cpu_is_off_fp32_by_its_rounding():
    assert 0.001 < bf16_conv3d_error(CPU) < MAX_CONV3D_ERROR


@pytest.mark.parametrize("factor", [1.03, math.nan])
def test_one_wrong_layout_is_enough(factor, monkeypatch):
    def wrong(video: torch.Tensor, weight: torch.Tensor, padding: int) -> torch.Tensor:
        is_last = video.is_contiguous(memory_format=torch.channels_last_3d) and video.dtype == torch.bfloat16
        return right(video, weight, padding=padding) * (factor if is_last else 1)

    right = F.conv3d
    monkeypatch.setattr(conv3d_error.F, "conv3d", wrong)
    assert not bf16_conv3d_error(CPU) <= MAX_CONV3D_ERROR


@pytest.mark.gpu
def test_bf16_on_a_gpu_is_off_fp32_by_its_rounding():
    assert bf16_conv3d_error(torch.device("cuda")) < MAX_CONV3D_ERROR
