"""Ids of published weights, and what from_published and create_model take beside them."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from videoai.models import create_model, from_published
from videoai.models.published import is_published


@pytest.mark.parametrize("given", [-1, "5", 2.5, True])
def test_what_is_no_number_of_classes_is_refused(given: Any) -> None:
    message = rf"num_classes={re.escape(repr(given))}: give a whole number of classes, or 0 for a model without a head"
    with pytest.raises(ValueError, match=message):
        create_model("tiny_r3d", num_classes=given)
    with pytest.raises(ValueError, match=message):
        from_published("torchvision/mc3_18", {}, num_classes=given)


def test_published_weights_without_a_head_give_the_pooled_vector() -> None:
    from torchvision.models.video import mc3_18

    published = mc3_18().eval()
    model = from_published("torchvision/mc3_18", published.state_dict(), num_classes=0).eval()
    published.fc = nn.Identity()
    video = torch.randn(1, 3, 2, 16, 16)
    torch.testing.assert_close(model(video), published(video))


@pytest.mark.parametrize("state", [None, [1]])
def test_what_is_no_state_dict_is_refused(state: Any) -> None:
    with pytest.raises(ValueError, match=rf"expected a state dict, got {type(state).__name__}"):
        from_published("torchvision/mc3_18", state)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("torchvision/mc3_18:", r"no file after the colon\. Give torchvision/mc3_18:FILE, or torchvision/mc3_18 to"),
        ("torchvison/mc3_18", r"no such published weights\. Did you mean torchvision/mc3_18\? The sources are hf, "),
        ("torchvision/mc3_19", r"Did you mean torchvision/mc3_18\? torchvision has torchvision/r3d_18, "),
    ],
)
def test_a_mistyped_id_is_answered_before_anything_is_fetched(weights: str, message: str) -> None:
    assert is_published(weights)
    with pytest.raises(ValueError, match=message):
        create_model("mc3_18", weights=weights)


def test_the_path_of_a_file_is_no_id(tmp_path: Path) -> None:
    assert not is_published("runs/torchvision/best.pt") and not is_published("best.pt")
    (tmp_path / "torchvison").mkdir()
    (tmp_path / "torchvison" / "x.pt").write_bytes(b"")
    assert not is_published(str(tmp_path / "torchvison" / "x.pt"))
