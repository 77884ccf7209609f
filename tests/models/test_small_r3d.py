import pytest
import torch

from videoai.models.small_r3d import ResNet3d, small_r2plus1d, small_r3d, tiny_r2plus1d, tiny_r3d


def num_parameters(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_r2plus1d_has_the_parameters_of_r3d() -> None:
    """Section 3.5 of the paper; rounding the middle width and the extra norms leave a little."""
    assert num_parameters(tiny_r2plus1d(16)) == pytest.approx(num_parameters(tiny_r3d(16)), rel=0.01)
    assert num_parameters(small_r2plus1d(16)) == pytest.approx(num_parameters(small_r3d(16)), rel=0.01)


@torch.no_grad()
def test_the_order_of_frames_matters() -> None:
    torch.manual_seed(0)
    model, video = tiny_r3d(4).eval(), torch.randn(1, 3, 8, 32, 32)
    assert not torch.allclose(model.forward_features(video), model.forward_features(video.flip(2)), rtol=1e-3)


@torch.no_grad()
def test_activations_keep_their_scale_at_the_start() -> None:
    """Wrong initial weights show here long before they show in an accuracy."""
    torch.manual_seed(0)
    features = small_r3d(4).train().forward_features(torch.randn(4, 3, 16, 32, 32))
    assert 0.1 < features.mean().item() < 2.0


@pytest.mark.parametrize(("difference", "channels"), [("none", 3), ("append", 6), ("only", 3)])
def test_the_stem_fits_the_motion_input(difference: str, channels: int) -> None:
    model = ResNet3d(4, temporal_difference=difference)  # pyright: ignore[reportArgumentType]
    assert model.get_parameter("stem.0.weight").shape[1] == channels
    assert model(torch.randn(1, 3, 4, 16, 16)).shape == (1, 4)


def test_an_unknown_block_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.block='r2plus1' is unknown\. Did you mean r2plus1d\?"):
        ResNet3d(4, block="r2plus1")  # pyright: ignore[reportArgumentType]
