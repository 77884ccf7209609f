"""Hiera: sizes, the order of tokens in a mask unit, who attends to whom, and other clips."""

import logging
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from videoai.models import create_model
from videoai.models.hiera import Hiera, into_units, pool

# at 400 classes, the authors' own code
PARAMETERS = {"hiera_b": 51_092_560, "hiera_bp": 69_392_240, "hiera_l": 213_091_600, "hiera_h": 671_627_664}


def small(**options: Any) -> Hiera:
    torch.manual_seed(0)
    given: dict[str, Any] = {"width": 8, "num_heads": 1, "depths": (1, 2, 2, 1), "num_frames": 4, "size": 64}
    return Hiera(3, **{**given, "dropout": 0.0, "drop_path": 0.0, **options}).eval()


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


def test_pooling_units_is_max_pooling_of_the_map() -> None:
    """One, two and three times: then a unit is one token."""
    video = torch.randn(2, 3, 16, 24, 5)
    x_BULD, wanted = into_units(video), video.flatten(0, 1).permute(0, 3, 1, 2)
    for _ in range(3):
        x_BULD, wanted = pool(x_BULD), F.max_pool2d(wanted, 2)
    assert x_BULD.shape == (2, 3 * 2 * 3, 1, 5)
    torch.testing.assert_close(x_BULD.reshape(6, 2, 3, 5).permute(0, 3, 1, 2), wanted)


@torch.no_grad()
def test_early_stages_see_their_unit_and_late_ones_the_clip() -> None:
    model = small()
    x_BULD = torch.randn(1, 8, 64, 8)
    other = x_BULD.clone()
    other[:, 0] += 1.0
    changed = []
    for block in model.blocks:
        x_BULD, other = block(x_BULD), block(other)
        changed.append((x_BULD - other).abs().amax((0, 2, 3)).gt(0).sum().item())
    assert changed == [1, 1, 1, 1, 8, 8]  # the pooling block of stage three still stays within the unit


@torch.no_grad()
def test_the_order_of_frames_matters() -> None:
    model, video = small(), torch.randn(1, 3, 4, 64, 64)
    torch.nn.init.normal_(model.positions.time)  # pyright: ignore[reportArgumentType] (at the initial 0.02 it is small)
    assert not torch.allclose(model(video), model(video.flip(2)), atol=1e-4)


@torch.no_grad()
def test_weights_of_another_clip_are_resampled_and_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    state, model = small().state_dict(), small(num_frames=8, size=32)
    with caplog.at_level(logging.INFO, logger="videoai"):
        model.load_state_dict(model.fit_state_dict(state))
    assert "positions of 2x256 (T, H*W) tokens are resampled to 4x64" in caplog.text
    assert model(torch.randn(1, 3, 8, 32, 32)).shape == (1, 3)


def test_another_clip_than_the_model_was_built_for_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a clip of 4x32x32 \(T, H, W\).*built for 4x64x64\. Set model\.num_frames"):
        small()(torch.randn(1, 3, 4, 32, 32))


@pytest.mark.parametrize("options", [{"num_frames": 5}, {"size": 48}, {"size": 0}])
def test_a_clip_without_whole_mask_units_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"does not divide into 2x32x32 patches\. Set model\.num_frames="):
        small(**options)
