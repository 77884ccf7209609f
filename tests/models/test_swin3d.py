"""Video Swin: published sizes, torchvision's logits, windows."""

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import get_model, get_model_weights

from videoai.models import create_model

# Millions of parameters at 400 classes and multiply-adds in 1e9 of 32 frames at 224 px: the paper, and mmaction2 for L
PUBLISHED = {"swin3d_t": (28.2, 88), "swin3d_s": (49.8, 166), "swin3d_b": (88.0, 282), "swin3d_l": (197, 604)}


def multiply_adds(name: str, num_frames: int) -> float:
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        create_model(name, num_classes=400).eval()(torch.empty(1, 3, num_frames, 224, 224))
    return counter.get_total_flops() / 2e9


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PUBLISHED))
def test_parameters_and_multiply_adds_are_the_published_ones(name: str) -> None:
    millions, gflops = PUBLISHED[name]
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)
    assert multiply_adds(name, 32) == pytest.approx(gflops, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["swin3d_t", "swin3d_s", "swin3d_b"])
def test_multiply_adds_are_torchvisions(name: str) -> None:
    weights: Any = get_model_weights(name)["KINETICS400_V1"]
    assert multiply_adds(name, 16) == pytest.approx(weights.meta["_ops"], abs=0.001)  # for 16 frames


@torch.inference_mode()
def test_the_same_weights_give_torchvisions_logits() -> None:
    torch.manual_seed(0)
    reference = get_model("swin3d_t", weights=None, num_classes=6).eval()
    model = create_model("swin3d_t", num_classes=6).eval()
    model.load_state_dict(reference.state_dict())  # strict: the names are torchvision's
    video = torch.randn(1, 3, 6, 40, 72)  # no multiple of patches or windows
    torch.testing.assert_close(model(video), reference(video))


@torch.inference_mode()
def test_another_window_sees_something_else() -> None:
    torch.manual_seed(0)
    long = create_model("swin3d_t", num_classes=4, window=(4, 7, 7)).eval()
    short = create_model("swin3d_t", num_classes=4, window=(2, 7, 7)).eval()
    tables = "relative_position"
    short.load_state_dict({k: t for k, t in long.state_dict().items() if tables not in k}, strict=False)
    video = torch.randn(1, 3, 8, 32, 32)
    assert (long(video) - short(video)).abs().max() > 1e-4


@torch.inference_mode()
def test_the_order_of_frames_matters() -> None:
    torch.manual_seed(0)
    model, video = create_model("swin3d_t", num_classes=4).eval(), torch.randn(1, 3, 8, 32, 32)
    assert (model(video.flip(2)) - model(video)).abs().max() > 1e-4


def test_a_window_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.window=\[8, 7\]: give \(T, H, W\) tokens"):
        create_model("swin3d_t", num_classes=4, window=[8, 7])
