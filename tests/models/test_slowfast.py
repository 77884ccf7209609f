"""Parity with PyTorchVideo, and the choice of slow frames."""

import builtins
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from videoai.models import create_model
from videoai.models.slowfast import FrameMaxPool, rename, slow_frames


def numbered_frames(num_frames: int) -> torch.Tensor:
    """[1, 1, T, 1, 1]: every frame holds its own number."""
    return torch.arange(num_frames).view(1, 1, -1, 1, 1)


def test_slow_frames_are_those_of_the_published_weights() -> None:
    assert slow_frames(numbered_frames(32)).flatten().tolist() == [0, 4, 8, 13, 17, 22, 26, 31]


@pytest.mark.parametrize("num_frames", [4, 8, 16, 32, 64, 128])
def test_slow_frames_agree_with_the_truncated_linspace_of_pytorchvideo(num_frames: int) -> None:
    wanted = torch.linspace(0, num_frames - 1, num_frames // 4).long()
    assert torch.equal(slow_frames(numbered_frames(num_frames)).flatten(), wanted)


def test_a_number_of_frames_that_is_not_a_multiple_of_four_is_refused() -> None:
    with pytest.raises(ValueError, match=r"clips of 30 frames.* multiple of 4\. Set clip\.num_frames=28"):
        slow_frames(numbered_frames(30))


def test_pooling_frame_by_frame_is_max_pooling_in_3d() -> None:
    window: Any = {"kernel_size": (1, 3, 3), "stride": (1, 2, 2), "padding": (0, 1, 1)}
    video = torch.randn(2, 4, 3, 9, 8)
    assert torch.equal(FrameMaxPool(**window)(video), nn.MaxPool3d(**window)(video))


@torch.inference_mode()
def test_the_same_weights_give_pytorchvideos_logits() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytorchvideo's own dependencies warn on import
        from pytorchvideo.models.slowfast import create_slowfast

    torch.manual_seed(0)
    # its pooling windows are fixed: made for 64 px here, 7x7 for 224 px in the published network
    windows: Any = ((2, 2, 2), (8, 2, 2))
    reference = create_slowfast(model_num_class=6, head_pool_kernel_sizes=windows).eval()
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.0)  # the last norms start at zero and would hide their branches
    model = create_model("slowfast_r50", num_classes=6).eval()
    model.load_state_dict(rename(reference.state_dict()))
    video = torch.randn(1, 3, 8, 64, 64)
    packed = [video[:, :, torch.linspace(0, 7, 2).long()], video]
    torch.testing.assert_close(model(video), reference(packed), rtol=1e-4, atol=1e-5)  # means in another order


def test_a_missing_pytorchvideo_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_pytorchvideo(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pytorchvideo"):
            raise ImportError("No module named 'pytorchvideo'")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pytorchvideo)
    with pytest.raises(ValueError, match="slowfast_r50 needs PyTorchVideo .*pip install pytorchvideo"):
        create_model("slowfast_r50", num_classes=6)
