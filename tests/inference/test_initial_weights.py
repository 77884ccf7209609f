"""What weights decide before a run begins."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.inference import load
from videoai.inference.initial_weights import load_weights, resolve_weights
from videoai.inference.load import build_model
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings


def config(model: dict[str, Any], **clip: Any) -> TrainSettings:
    given = {
        "data": {"name": "motion16"},
        "clip": {"num_frames": 8, "size": 224, **clip},
        "schedule": {"name": "cosine"},
    }
    return parse(TrainSettings, {**given, "model": model})


def backbone(name: str, *, pretrained: bool = True) -> dict[str, Any]:
    return {"name": "tsn_r50", "backbone": name, "backbone_pretrained": pretrained}


def test_pixels_are_normalised_as_for_the_pretrained_backbone() -> None:
    clip = resolve_weights(config(backbone("resnet50"))).clip
    assert (clip.mean, clip.std, clip.channels) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "rgb")
    assert resolve_weights(config(backbone("vit_tiny_patch16_224"))).clip.mean == (0.5, 0.5, 0.5)


def test_without_pretrained_weights_the_defaults_stay() -> None:
    assert resolve_weights(config(backbone("resnet50", pretrained=False))).clip.mean == (0.45, 0.45, 0.45)


def test_published_weights_come_before_the_backbones() -> None:
    given = replace(config(backbone("resnet50")), weights="mmaction2/tsn_r50_1x1x8_k400")
    assert resolve_weights(given).clip.std == (0.229, 0.224, 0.225)
    assert resolve_weights(given).model["backbone_pretrained"] is False  # nothing that is overwritten is fetched


def test_other_pixels_than_the_backbone_knows_are_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        clip = resolve_weights(config(backbone("resnet50"), mean=[0.5, 0.5, 0.5])).clip
    assert clip.mean == (0.5, 0.5, 0.5)
    assert "weights resnet50 were trained with clip.mean=(0.485, 0.456, 0.406), this run has (0.5, 0.5, 0.5)" in (
        caplog.text
    )


def test_a_pretrained_backbone_that_has_no_weights_is_refused() -> None:
    with pytest.raises(ValueError, match=r"backbone=tiny has no pretrained weights\. Set model\.backbone_pretrained="):
        resolve_weights(config(backbone("tiny")))


@pytest.mark.parametrize("fetch", [True, False])
def test_a_checkpoint_is_loaded_without_fetching_its_backbone(fetch: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    built: dict[str, Any] = {}
    monkeypatch.setattr(load, "build", lambda node, *args, **kwargs: built.update(node) or torch.nn.Identity())
    build_model(backbone("resnet50") | {"inflate": "resnet18"}, num_classes=2, fetch_backbone=fetch)
    assert built["backbone_pretrained"] is fetch
    assert built["inflate"] == ("resnet18" if fetch else None)


@pytest.mark.parametrize(
    ("classes", "is_kept"), [(["jump", "run"], True), (["run", "jump"], False), (["walk", "sit"], False)]
)
def test_a_head_is_kept_for_the_same_classes_in_the_same_order_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, classes: list[str], is_kept: bool
) -> None:
    node = {"name": "tiny_r3d"}
    torch.manual_seed(0)
    trained = build_model(node, num_classes=2)
    state = {"format": 1, "model": trained.state_dict(), "ema": None, "classes": ["jump", "run"]}
    torch.save(state, tmp_path / "best.pt")
    model = build_model(node, num_classes=2)
    with caplog.at_level(logging.INFO):
        fresh = load_weights(model, replace(config(node), weights=str(tmp_path / "best.pt")), classes)
    head, body = model.head.weight, model.stem[0].weight
    assert torch.equal(body, trained.stem[0].weight)
    assert torch.equal(head, trained.head.weight) == is_kept
    assert any(parameter is head for parameter in fresh) != is_kept
    message = f"the weights have the classes jump, run, the data have {', '.join(classes)}: the head is new"
    assert (message in caplog.text) != is_kept
