import copy
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models.video import mvit

from videoai.models.mvit_attention import fuse_attention

GRID = (2, 6, 6)


def attention(stride_q: int, stride_kv: int, *, positions: bool, size: int = 6) -> nn.Module:
    torch.manual_seed(0)
    options: dict[str, Any] = {"residual_pool": positions, "residual_with_cls_embed": False, "rel_pos_embed": positions}
    strides = {"stride_q": [1, stride_q, stride_q], "stride_kv": [1, stride_kv, stride_kv]}
    kernels = {"kernel_q": [3, 3, 3], "kernel_kv": [3, 3, 3]}
    made = mvit.MultiscaleAttention([2, size, size], 24, 48, 2, **kernels, **strides, **options)
    for name, parameter in made.named_parameters():
        if "rel_pos" in name:
            nn.init.normal_(parameter)  # torchvision's 0.02 would hide an error
    return made.double()


@pytest.mark.parametrize(
    "case",
    [
        {"stride_q": 1, "stride_kv": 2, "positions": False},
        {"stride_q": 1, "stride_kv": 2, "positions": True},
        {"stride_q": 2, "stride_kv": 1, "positions": True},
        {"stride_q": 1, "stride_kv": 4, "positions": True, "size": 8},  # interpolated tables, a ratio that is no number
    ],
)
def test_fused_attention_gives_torchvisions_numbers_and_gradients(case: dict[str, Any]) -> None:
    plain = attention(**case)
    fused = copy.deepcopy(plain)
    fuse_attention(fused)
    assert type(fused) is not type(plain) and fused.state_dict().keys() == plain.state_dict().keys()
    x = torch.randn(2, 1 + 2 * 6 * 6, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (wanted, grid), (given, grid_too) = plain(x, GRID), fused(x, GRID)
    assert grid == grid_too
    torch.testing.assert_close(given, wanted)  # float64: 1e-7
    for out in (wanted, given):
        (out * x.new_tensor(range(1, out.numel() + 1)).view_as(out).sin()).sum().backward()
    for name, parameter in plain.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(fused.get_parameter(name).grad, parameter.grad, msg=lambda m, n=name: f"{n}: {m}")
