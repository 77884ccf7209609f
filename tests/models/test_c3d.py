import pytest
import torch
from torch import nn

from videoai.models.c3d import C3D, MaxOfFramePairs, c3d
from videoai.models.max_pool import FrameMaxPool


def test_it_has_the_published_parameters() -> None:
    with torch.device("meta"):
        model = c3d(101)
    assert sum(p.numel() for p in model.parameters()) == 78_409_573  # mmaction2's table says 78.4 M


def test_pooling_frames_then_pairs_is_max_pooling() -> None:
    x = torch.randn(2, 3, 5, 7, 6)  # an odd number of frames and of rows
    pooled = MaxOfFramePairs()(FrameMaxPool(2, stride=2, padding=1)(x))
    assert torch.equal(pooled, nn.MaxPool3d(2, stride=2, padding=(0, 1, 1))(x))


@torch.inference_mode()
def test_the_order_of_frames_matters() -> None:
    torch.manual_seed(0)
    model, video = C3D(4, size=32).eval(), torch.randn(1, 3, 16, 32, 32)
    assert model.forward_features(video).shape == (1, 512, 1, 2, 2)
    assert not torch.allclose(model(video), model(video.flip(2)), rtol=1e-3)


def test_a_clip_of_another_size_is_refused() -> None:
    model = C3D(4, size=32)
    with pytest.raises(ValueError, match=r"clip of 16x64x64 .*built for 16x32x32\. Set .*model\.size=64, or"):
        model(torch.randn(1, 3, 16, 64, 64))


def test_a_clip_that_pools_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.num_frames=8, model\.size=112: C3D pools 16 frames to one"):
        c3d(4, num_frames=8)
