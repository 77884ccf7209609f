"""Backbones of every kind behind one interface, and the frames in order."""

import re

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.frames import (
    PoolOverTime,
    backbone_statistics,
    create_backbone,
    frame_features,
    pool_frames,
)


@pytest.fixture
def video() -> Tensor:
    return torch.randn(2, 3, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def test_frames_are_folded_and_unfolded_in_order(video: Tensor) -> None:
    backbone = create_backbone("tiny", pretrained=False).eval()
    maps = frame_features(backbone, video)
    torch.testing.assert_close(maps[1, :, 2], backbone.forward_features(video[1, :, 2][None])[0])  # type: ignore[operator]
    torch.testing.assert_close(pool_frames(backbone, maps)[1, 2], backbone(video[1, :, 2][None])[0])


@pytest.mark.parametrize(
    ("backbone", "shape"),
    [
        ("resnet10t", (1, 512, 2, 1, 1)),  # maps
        ("swin_s3_tiny_224", (1, 768, 2, 7, 7)),  # maps with the channels last
        ("vit_tiny_patch16_224", (1, 2, 192)),  # tokens
        ("mobilenetv3_small_050", (1, 2, 1024)),  # works on after its pooling
    ],
)
@torch.inference_mode()
def test_any_backbone_gives_maps_or_a_token_a_frame(backbone: str, shape: tuple[int, ...]) -> None:
    model = create_model("tsn_r50", num_classes=4, backbone=backbone).eval()
    size = 224 if shape[-1] in (7, 192) else 32
    video = torch.randn(1, 3, 2, size, size)
    features = model.forward_features(video)  # type: ignore[operator]
    assert features.shape == shape
    alone = [model.backbone(video[:, :, t]) for t in range(2)]  # type: ignore[operator]
    torch.testing.assert_close(model(video), model.head(torch.stack(alone).mean(0)))  # type: ignore[operator]


@pytest.mark.parametrize("backbone", ["resnet10t", "vit_tiny_patch16_224", "densenet121", "mobilenetv2_035"])
def test_the_depths_are_those_of_the_backbone(backbone: str) -> None:
    from timm.models import group_parameters

    with torch.device("meta"):
        model = create_model("tsn_r50", num_classes=4, backbone=backbone)
    whole = group_parameters(model, model.group_matcher(), reverse=True)  # type: ignore[operator]
    alone = group_parameters(model.backbone, model.backbone.group_matcher(), reverse=True)  # type: ignore[arg-type, operator]
    assert {name: depth for name, depth in whole.items() if name.startswith("backbone.")} == {
        f"backbone.{name}": depth for name, depth in alone.items()
    }
    assert whole["head.weight"] >= max(alone.values())  # timm gives the last norm of some backbones the head's depth


def test_what_the_backbone_does_not_decay_is_not_decayed() -> None:
    with torch.device("meta"):
        model = create_model("tsn_r50", num_classes=4, backbone="vit_tiny_patch16_224")
    assert model.no_weight_decay() == {"backbone.cls_token", "backbone.pos_embed"}  # type: ignore[operator]


@torch.inference_mode()
def test_attention_weights_sum_to_one() -> None:
    pool = PoolOverTime("attention", 16)
    torch.testing.assert_close(pool(torch.ones(2, 6, 16)), torch.ones(2, 16))


def test_pooling_over_time_is_what_it_is_called() -> None:
    x = torch.randn(2, 6, 16)
    assert torch.equal(PoolOverTime("last", 16)(x), x[:, -1])
    assert torch.equal(PoolOverTime("mean", 16)(x), x.mean(1))
    assert torch.equal(PoolOverTime("max", 16)(x), x.amax(1))


def test_a_timm_backbone_takes_the_difference_channels() -> None:
    backbone = create_backbone("resnet18", pretrained=False, temporal_difference="append")
    first = next(module for module in backbone.modules() if isinstance(module, nn.Conv2d))
    assert first.in_channels == 6


def test_an_unknown_backbone_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"backbone='resnet-18' is neither 'tiny' nor .*Did you mean resnet18"):
        create_backbone("resnet-18", pretrained=False)


def test_the_tiny_backbone_has_no_pretrained_weights() -> None:
    with pytest.raises(ValueError, match="tiny has no pretrained weights"):
        create_backbone("tiny", pretrained=True)
    with pytest.raises(ValueError, match="tiny has no pretrained weights"):
        backbone_statistics("tiny")


def test_statistics_are_those_of_the_weights() -> None:
    assert backbone_statistics("resnet50").mean == (0.485, 0.456, 0.406)
    assert backbone_statistics("vit_tiny_patch16_224").std == (0.5, 0.5, 0.5)


def test_pretrained_backbones_without_network_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    import timm

    monkeypatch.setattr(timm, "create_model", no_network)
    message = re.escape("backbone=resnet18: cannot fetch its pretrained weights (no network)")
    with pytest.raises(OSError, match=message):
        create_backbone("resnet18", pretrained=True)


@pytest.mark.parametrize("backbone", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
def test_a_transformer_of_another_size_says_what_to_set(backbone: str) -> None:
    with torch.device("meta"):
        model = create_model("tsn_r50", num_classes=3, backbone=backbone)
        with pytest.raises(ValueError, match=r"frames of 224x224 pixels alone, the clip has 64x48\. Set clip\.size"):
            model(torch.empty(1, 3, 2, 64, 48))
        assert model(torch.empty(1, 3, 2, 224, 224)).shape == (1, 3)
