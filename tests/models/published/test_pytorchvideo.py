"""Parity with PyTorchVideo itself: its networks, with random weights, give the logits of ours after conversion."""

import importlib
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from videoai.models import from_published

# hub builder -> input [T, H, W]; the published frames, small pictures
NETWORKS = {
    "slow_r50": (8, 64, 64),
    "slowfast_r50": (32, 64, 64),
    "c2d_r50": (8, 64, 64),
    "x3d_s": (13, 160, 160),  # its head pools windows of five: one size
    "csn_r101": (32, 224, 224),
}


def reference(name: str) -> nn.Module:
    """A network of the hub, its norms with random statistics, its heads without fixed windows and soft-max."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own dependencies warn on import
        hub: Any = importlib.import_module("pytorchvideo.models.hub")
    torch.manual_seed(0)
    network = getattr(hub, name)(pretrained=False)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)  # pyright: ignore[reportArgumentType]
            nn.init.uniform_(module.weight, 0.9, 1.1)  # zero at the start of some blocks: it would hide their errors
    head = network.blocks[-1]
    head.activation = None
    return network.eval()


def paths(video: torch.Tensor, name: str) -> Any:
    """SlowFast wants its slow frames picked: evenly spaced and rounded down, as PySlowFast."""
    if not name.startswith("slowfast"):
        return video
    index = torch.linspace(0, video.shape[2] - 1, video.shape[2] // 4).long()
    return [video.index_select(2, index), video]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "x3d_s" else [pytest.mark.slow]) for name in NETWORKS]
)
@torch.inference_mode()
def test_the_logits_are_those_of_pytorchvideo(name: str) -> None:
    network = reference(name)
    model = from_published(f"pytorchvideo/{name}", network.state_dict()).eval()
    video = torch.randn(1, 3, *NETWORKS[name])
    if NETWORKS[name][1] == 64:
        for pool in [m for m in network.modules() if isinstance(m, nn.AvgPool3d)]:
            pool.kernel_size = tuple(min(k, n) for k, n in zip(pool.kernel_size, (64, 2, 2), strict=True))
    wanted = network(paths(video, name))
    assert (model(video) - wanted).abs().max() / wanted.std() < 1e-5
