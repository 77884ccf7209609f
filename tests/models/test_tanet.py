from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from videoai.models import create_model
from videoai.models.tanet import TemporalAdaptive


@pytest.mark.parametrize(("num_classes", "num_frames", "parameters"), [(400, 8, 25_590_320), (174, 16, 25_134_670)])
def test_parameters_are_as_published(num_classes: int, num_frames: int, parameters: int) -> None:
    with torch.device("meta"):
        model = create_model("tanet_r50", num_classes=num_classes, num_frames=num_frames)
    assert sum(p.numel() for p in model.parameters()) == parameters  # mmaction2


@torch.inference_mode()
def test_the_kernel_is_a_grouped_convolution_over_time() -> None:
    torch.manual_seed(0)
    module = TemporalAdaptive(nn.Identity(), channels=8, num_frames=5).eval()
    x = torch.randn(2, 5, 8, 3, 4)
    means = x.mean((3, 4)).transpose(1, 2)  # [B, C, T]
    kernel = module.kernel(means.reshape(16, 5)).view(16, 1, 3, 1)
    gated = x.transpose(1, 2) * module.gate(means)[..., None, None]
    wanted = F.conv2d(gated.reshape(1, 16, 5, 12), kernel, padding=(1, 0), groups=16)
    torch.testing.assert_close(module.over_time(x), wanted.view(2, 8, 5, 3, 4).transpose(1, 2))


def test_a_clip_of_another_length_is_refused() -> None:
    model: Any = create_model("tanet_r50", num_classes=4, num_frames=4, backbone="resnet26")
    with pytest.raises(ValueError, match=r"num_frames=4, but the clip has 3 frames\. Set model\.num_frames=3"):
        model(torch.randn(1, 3, 3, 32, 32))


def test_a_backbone_without_bottlenecks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ResNet has no bottleneck blocks\. Choose resnet50"):
        create_model("tanet_r50", num_classes=4, backbone="resnet18")
