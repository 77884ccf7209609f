import pytest
import torch
from torch import nn

from videoai.core.types import ClipSpec
from videoai.inference.exported import ExportedNetwork
from videoai.inference.features import FeatureLayer, num_features
from videoai.models import create_model

CLIP = ClipSpec(num_frames=4, size=32)


def video() -> torch.Tensor:
    return torch.randn(3, 3, 4, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return create_model("tiny_r3d", num_classes=5).eval()


@torch.no_grad()
def test_pooled_features_are_what_the_head_reads(network: nn.Module):
    features = FeatureLayer(network)(video())
    assert features.shape == (3, 64)
    torch.testing.assert_close(network.head(features), network(video()))  # pyright: ignore[reportCallIssue]


@torch.no_grad()
def test_outputs_are_the_logits(network: nn.Module):
    torch.testing.assert_close(FeatureLayer(network, "outputs")(video()), network(video()))


@torch.no_grad()
def test_a_map_is_averaged_over_time_and_space(network: nn.Module):
    pooled = FeatureLayer(network)(video())
    torch.testing.assert_close(FeatureLayer(network, "stages.1")(video()), pooled)


class Frames(nn.Module):
    """A network of frames: [B, C, T, H, W] -> [B*T, D] -> [B, K]."""

    def __init__(self) -> None:
        super().__init__()
        self.frame = nn.Linear(3, 6)
        self.unused = nn.Linear(2, 2)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        frames = video.mean((3, 4)).transpose(1, 2).flatten(0, 1)
        return self.frame(frames).unflatten(0, (len(video), -1)).mean(1)


@torch.no_grad()
def test_frames_that_were_stacked_belong_to_their_clip():
    network = Frames()
    torch.testing.assert_close(FeatureLayer(network, "frame")(video()), network(video()))


@torch.no_grad()
@pytest.mark.parametrize("layer", ["blocks.0", "blocks.0.norm1", "norm"])
def test_tokens_are_averaged_and_channels_kept(layer: str):
    network = create_model("videomae_small", num_classes=5).eval()
    clip = ClipSpec(num_frames=16, size=224)
    assert num_features(FeatureLayer(network, layer), clip, torch.device("cpu")) == 384


@pytest.mark.parametrize(
    ("layer", "message"), [("stages.7", "no such layer"), ("haed", "Did you mean"), ("", "no such")]
)
def test_an_unknown_layer_is_named_with_what_there_is(network: nn.Module, layer: str, message: str):
    with pytest.raises(ValueError, match=message):
        FeatureLayer(network, layer)


def test_an_export_gives_its_outputs_alone():
    exported, video = ExportedNetwork(lambda video: video.mean((2, 3, 4)), "00"), torch.rand(2, 3, 4, 8, 8)
    for layer in ("pooled", "stem"):
        with pytest.raises(ValueError, match=f"layer={layer}: an export gives its outputs alone. Take layer=outputs"):
            FeatureLayer(exported, layer)
    assert FeatureLayer(exported, "outputs")(video).shape == (2, 3)


def test_a_layer_that_is_never_reached_is_refused():
    with pytest.raises(ValueError, match="does not call it"):
        num_features(FeatureLayer(Frames(), "unused"), CLIP, torch.device("cpu"))


def test_a_network_without_features_of_its_own_says_what_it_lacks():
    with pytest.raises(ValueError, match="layer=pooled: Frames has no forward_features"):
        FeatureLayer(Frames())
