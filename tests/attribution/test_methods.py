import pytest
import torch
from torch import Tensor, nn

from videoai.attribution.maps import NoMap
from videoai.attribution.methods import attribute
from videoai.models import create_model


def test_auto_takes_grad_cam_of_a_convolutional_network():
    found = attribute(create_model("tiny_r3d", num_classes=2).eval(), torch.randn(1, 3, 8, 32, 32), 0, "auto")
    assert (found.method, found.layer, found.heat.shape) == ("grad_cam", "stages.1", (8, 32, 32))


@pytest.mark.slow
def test_auto_takes_rollout_of_a_plain_video_transformer():
    network = create_model("videomae_small", num_classes=2, num_frames=4, size=32).eval()
    found = attribute(network, torch.randn(1, 3, 4, 32, 32), 0, "auto")
    assert found.method == "attention_rollout" and found.heat.min() >= 0 and found.heat.max() > 0


class Flat(nn.Module):
    def forward(self, video: Tensor) -> Tensor:
        return video.mean((2, 3, 4))


def test_auto_takes_occlusion_where_no_layer_shows_a_place():
    assert attribute(Flat(), torch.rand(1, 3, 4, 8, 8), 0, "auto").method == "occlusion"
    with pytest.raises(NoMap, match="method=occlusion"):
        attribute(Flat(), torch.rand(1, 3, 4, 8, 8), 0, "grad_cam")


def test_explaining_leaves_the_network_as_it_was():
    network = create_model("tiny_cnn_gru", num_classes=2).eval()
    video = torch.randn(1, 3, 8, 32, 32)
    with torch.no_grad():
        before = network(video)
    for method in ("grad_cam", "occlusion", "temporal_occlusion", "integrated_gradients"):
        attribute(network, video, 1, method)
    with torch.no_grad():
        assert torch.equal(network(video), before)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())
