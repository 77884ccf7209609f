import pytest
import torch
from torch import nn

from videoai.attribution.grad_cam import grad_cam
from videoai.attribution.maps import NoMap, feature_maps, token_grid, watched_pass
from videoai.models import create_model


class Pooled(nn.Module):
    """One convolution, a global mean, a linear head: Grad-CAM has a closed form."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, 4, kernel_size=1)
        self.head = nn.Linear(4, 2)

    def forward(self, video):
        return self.head(self.conv(video).mean((2, 3, 4)))


def test_of_a_linear_head_on_a_global_mean_the_heat_is_the_class_activation_map():
    torch.manual_seed(0)
    network, video = Pooled().eval(), torch.randn(1, 3, 4, 6, 5)
    heat, layer = grad_cam(network, video, 1)
    with torch.no_grad():
        maps = network.conv(video)[0]  # [4, T, H, W]; each place has 1 / (T * H * W) of the mean
        wanted = (maps * network.head.weight[1][:, None, None, None]).sum(0).relu() / maps[0].numel()
    assert layer == "conv"
    torch.testing.assert_close(heat, wanted)


class Corner(nn.Module):
    """Class 1 is how bright the upper left quarter is in the last quarter of the frames; class 0 is constant."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, 1, kernel_size=4, stride=4, bias=False)
        nn.init.constant_(self.conv.weight, 1.0)

    def forward(self, video):
        found = self.conv(video)[:, 0, -1, :2, :2].mean((1, 2))
        return torch.stack([torch.zeros_like(found), found], 1)


def test_the_heat_lies_where_the_map_is_large():
    video = torch.rand(1, 3, 16, 16, 16, generator=torch.Generator().manual_seed(0)) / 10
    video[:, :, 12:, :8, :8] = 1.0
    heat, _ = grad_cam(Corner().eval(), video, 1)
    assert heat.shape == (16, 16, 16)
    assert heat[13:, :6, :6].min() > heat[:8].max()


def test_a_class_that_depends_on_nothing_has_no_map():
    with pytest.raises(NoMap, match="method=occlusion"):
        grad_cam(Corner().eval(), torch.zeros(1, 3, 16, 16, 16), 0)


def test_an_unknown_layer_is_refused_with_the_nearest():
    with pytest.raises(NoMap, match=r"layer=stages\.7.*stages\.1"):
        grad_cam(create_model("tiny_r3d", num_classes=3).eval(), torch.randn(1, 3, 8, 32, 32), 0, layer="stages.7")


def test_a_chosen_layer_is_read():
    network = create_model("tiny_r3d", num_classes=3).eval()
    assert grad_cam(network, torch.randn(1, 3, 8, 64, 64), 0, layer="stages.0")[1] == "stages.0"


@pytest.mark.parametrize(
    ("batch", "length", "grid"),
    [
        (1, 2 * 16, (2, 4, 4)),  # all tokens of a clip
        (1, 2 * 16 + 1, (2, 4, 4)),  # and a class token
        (2, 16 + 1, (2, 4, 4)),  # a frame each
        (1, 2 * 4, (2, 2, 2)),  # pooled
        (1, 2 * 16 + 2, None),
        (3, 16, None),
    ],
)
def test_tokens_are_told_from_their_number(batch, length, grid):
    assert token_grid(batch, length, (2, 4, 4)) == grid


# name, clip [T, H, W], grid of the last map
MAPS = [
    ("tiny_r3d", (16, 32, 32), (4, 4, 4)),
    ("frame_only", (8, 64, 64), (1, 8, 8)),
    ("tiny_cnn_gru", (8, 64, 64), (8, 8, 8)),
    ("tiny_video_transformer", (8, 64, 64), (4, 8, 8)),
    ("x3d_xs", (4, 64, 64), (4, 2, 2)),
]


@pytest.mark.parametrize(("name", "clip", "grid"), MAPS, ids=[row[0] for row in MAPS])
def test_models_of_the_zoo_show_their_last_map(name, clip, grid):
    torch.manual_seed(0)
    network, video = create_model(name, num_classes=3).eval(), torch.randn(1, 3, *clip)
    _, outputs = watched_pass(network, video, 0)
    assert feature_maps(network, outputs, clip[0])[-1].grid == grid
    heat, _ = grad_cam(network, video, 0)
    assert heat.shape == clip and heat.min() >= 0
