import logging
from typing import Any

import pytest
import timm
import torch
from torch import nn

from videoai.core.types import ClipSpec
from videoai.inference.load import from_state
from videoai.models import create_model
from videoai.models.inflation import inflate_kernel, inflate_state, inflate_timm


def test_a_clip_of_one_repeated_picture_gives_what_the_picture_gave() -> None:
    torch.manual_seed(0)
    picture = torch.randn(2, 3, 8, 8)
    flat = nn.Conv2d(3, 4, 3, padding=1)
    deep = nn.Conv3d(3, 4, (5, 3, 3), padding=(0, 1, 1))
    deep.load_state_dict(inflate_state(flat.state_dict(), deep.state_dict()))
    clip = picture.unsqueeze(2).repeat(1, 1, 5, 1, 1)
    torch.testing.assert_close(deep(clip)[:, :, 0], flat(picture))


def test_patch_embeddings_inflate_as_convolutions_do() -> None:
    weight = torch.randn(8, 3, 16, 16)
    inflated = inflate_kernel(weight, 2)
    assert inflated.shape == (8, 3, 2, 16, 16)
    torch.testing.assert_close(inflated.sum(2), weight)


def test_what_is_no_kernel_there_stays_as_it_is() -> None:
    state = {
        "norm": torch.ones(3),
        "kernel": torch.ones(2, 2, 1, 1),
        "fc": torch.ones(5, 3),
        "gone": torch.ones(1, 1, 1, 1),
    }
    like = {"norm": torch.zeros(3), "kernel": torch.zeros(2, 2, 1, 1), "fc": torch.zeros(7, 3)}
    inflated = inflate_state(state, like)
    assert all(inflated[name] is tensor for name, tensor in state.items())


def test_a_model_starts_from_timms_weights_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    flat = untrained(monkeypatch)
    with caplog.at_level(logging.INFO):
        model: Any = create_model("c2d_r50", num_classes=3, temporal_pool=False, inflate="resnet50.a1_in1k").eval()
    message = (
        "model.inflate=resnet50.a1_in1k: kernels repeated over time; loaded 318/320 tensors; new: fc.weight, fc.bias"
    )
    assert message in caplog.messages
    picture = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        features = model.forward_features(picture.unsqueeze(2).repeat(1, 1, 2, 1, 1))
        torch.testing.assert_close(features[:, :, 0], flat.forward_features(picture), rtol=1e-4, atol=1e-4)


def test_every_network_of_the_family_inflates(monkeypatch: pytest.MonkeyPatch) -> None:
    untrained(monkeypatch)
    for name in ("i3d_r50", "tpn_slow_8x8_r50"):
        model: Any = create_model(name, num_classes=3, inflate="resnet50.a1_in1k")
        trunk = getattr(model, "backbone", model)
        assert trunk.layer4[2].bn3.weight.any()  # zero in a fresh network


def test_an_unknown_timm_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"model\.inflate='resnet5O\.a1' is not a model of timm .*Did you mean"):
        inflate_timm(nn.Identity(), "resnet5O.a1")


def untrained(monkeypatch: pytest.MonkeyPatch) -> Any:
    """timm's network without a download, its norms filled so that no block is silent."""
    torch.manual_seed(0)
    flat: Any = timm.create_model("resnet50", pretrained=False).eval()
    with torch.no_grad():
        for module in flat.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.0)
    monkeypatch.setattr(timm, "create_model", lambda name, pretrained: flat)
    return flat


def test_a_checkpoint_of_an_inflated_model_loads_without_the_2d_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    untrained(monkeypatch)
    node = {"name": "c2d_r50", "inflate": "resnet50.a1_in1k"}
    model = create_model(**node, num_classes=2)
    state = {
        "config": {"model": node},
        "classes": ["left", "right"],
        "clip": ClipSpec(num_frames=4, size=32).to_dict(),
        "model": model.state_dict(),
    }
    monkeypatch.setattr(timm, "create_model", None)  # calling it fails
    assert torch.equal(from_state(state).state_dict()["model.conv1.weight"], model.state_dict()["conv1.weight"])
