"""S3D: torchvision's logits where torchvision runs, and answers where it does not."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.video import S3D, S3D_Weights

from videoai.models import create_model, from_published
from videoai.models.s3d import WINDOW, mean_of_windows


@pytest.mark.parametrize("grid", [(16, 7, 7), (2, 8, 9), (3, 7, 10)])
def test_pooling_is_the_mean_of_torchvisions_windows(grid: tuple[int, int, int]) -> None:
    features = torch.randn(2, 5, *grid)
    windows = torch.nn.functional.avg_pool3d(features, WINDOW, stride=1)
    torch.testing.assert_close(mean_of_windows(features), windows.mean((2, 3, 4)))


def test_what_fits_one_window_is_a_plain_mean() -> None:
    features = torch.randn(2, 5, 2, 3, 7)
    torch.testing.assert_close(mean_of_windows(features), features.mean((2, 3, 4)))


@pytest.mark.slow
@torch.inference_mode()
def test_torchvisions_weights_give_its_logits_over_three_windows() -> None:
    torch.manual_seed(0)
    reference = S3D(num_classes=6).eval()
    model = from_published("torchvision/s3d", reference.state_dict(), num_classes=6).eval()
    video = torch.randn(1, 3, 28, 224, 224)  # 4 x 7 x 7 features
    torch.testing.assert_close(model(video), reference(video))


@torch.inference_mode()
def test_the_order_of_frames_matters() -> None:
    torch.manual_seed(0)
    model = create_model("s3d", num_classes=4).eval()
    video = torch.randn(1, 3, 16, 32, 32)
    assert (model(video.flip(2)) - model(video)).norm() > 0.01 * model(video).norm()


def test_a_clip_that_would_vanish_is_refused() -> None:
    model = create_model("s3d", num_classes=4).eval()
    assert model(torch.zeros(1, 3, 5, 17, 17)).shape == (1, 4)
    with pytest.raises(ValueError, match=r"s3d: a clip of 4x32x32 .* too small; at least 5x17x17"):
        model(torch.zeros(1, 3, 4, 32, 32))


def test_multiply_adds_are_torchvisions() -> None:
    with torch.device("meta"):
        model, video = create_model("s3d", num_classes=400).eval(), torch.empty(1, 3, 16, 224, 224)
    with FlopCounterMode(display=False) as counter:
        model(video)
    assert counter.get_total_flops() / 2e9 == pytest.approx(S3D_Weights.KINETICS400_V1.meta["_ops"], abs=0.001)
