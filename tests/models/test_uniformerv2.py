"""UniFormerV2: sizes, what the video token reads, and variants that load and are wrong."""

import logging
from typing import Any

import pytest
import torch

from videoai.models import create_model
from videoai.models.published import all_weights
from videoai.models.published.uniformerv2 import convert
from videoai.models.uniformerv2 import UniFormerV2

# at 400 classes, the authors' own code; 174 classes for Something-Something
PARAMETERS = {"uniformerv2_b": 114_552_208, "uniformerv2_l": 354_099_600, "uniformerv2_l336": 354_427_280}
SOMETHING = {"uniformerv2_b": 162_992_814, "uniformerv2_l": 573_949_966}


def small(*, silent: bool = False, **options: Any) -> UniFormerV2:
    torch.manual_seed(0)
    given: dict[str, Any] = {"patch": 8, "width": 24, "depth": 3, "num_heads": 2, "size": 16, "num_global": 2}
    given |= {"local_temporal": False, "temporal_stride": 1, "blend": True, "dropout": 0.0, "drop_path": 0.0}
    model = UniFormerV2(3, **{**given, **options}).eval()
    for parameter in () if silent else model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # what starts silent would hide what lies behind it
    return model


def clip() -> torch.Tensor:
    return torch.randn(2, 3, 4, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", list(SOMETHING))
def test_the_form_for_something_something_is_as_published(name: str) -> None:
    weights = f"uniformerv2/sthv2_uniformerv2_{'b16' if name.endswith('b') else 'l14'}_16x224"
    with torch.device("meta"):
        model = create_model(name, num_classes=174, **all_weights()[weights].options)
    assert sum(p.numel() for p in model.parameters()) == SOMETHING[name]


@torch.no_grad()
def test_frames_meet_in_the_global_blocks_alone_unless_blocks_mix_over_time() -> None:
    video, other = clip(), clip()
    other[:, :, 0] += 1.0
    for local_temporal in (False, True):
        model = small(local_temporal=local_temporal)
        before, after = model.forward_features(video), model.forward_features(other)
        changed = (before - after).abs().amax((0, 2)).gt(1e-6).tolist()
        assert changed[:2] == [True, True]  # the video token, and the frame itself
        assert any(changed[2:]) == local_temporal


@torch.no_grad()
def test_the_order_of_frames_matters() -> None:
    model = small()
    assert not torch.allclose(model(clip()), model(clip().flip(2)), atol=1e-4)


@torch.no_grad()
def test_each_part_of_the_variant_changes_the_logits() -> None:
    logits = small()(clip())
    state = small().state_dict()
    for options in ({"blend": False}, {"num_global": 1}):
        model = small(**options)
        model.load_state_dict({key: tensor for key, tensor in state.items() if key in model.state_dict()})
        assert (model(clip()) - logits).abs().max() > 1e-2 * logits.std()


@torch.no_grad()
def test_a_temporal_stride_halves_the_frames() -> None:
    assert small(temporal_stride=2).forward_features(clip()).shape == (2, 1 + 2, 24)
    assert small().forward_features(clip()).shape == (2, 1 + 4, 24)


def test_a_new_model_starts_as_the_image_model() -> None:
    """The global blocks and the mixing over time add nothing yet, so that CLIP's weights count from the first step."""
    model, image_model = small(silent=True, local_temporal=True), small(silent=True)
    model.load_state_dict(image_model.state_dict(), strict=False)
    with torch.no_grad():
        features = model.forward_features(clip())
        torch.testing.assert_close(features, image_model.forward_features(clip()))
    assert not features[:, 0].any() and features[:, 1:].any()


def test_queries_part_from_keys_and_values() -> None:
    packed = torch.arange(9.0)
    state = convert({"backbone.transformer.dec.1.attn.in_proj_bias": packed})
    assert state["global_blocks.1.q.bias"].tolist() == [0.0, 1.0, 2.0]
    assert state["global_blocks.1.kv.bias"].tolist() == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


@torch.no_grad()
def test_weights_of_another_size_are_resampled_and_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    model = small(size=32)
    with caplog.at_level(logging.INFO, logger="videoai"):
        model.load_state_dict(model.fit_state_dict(small().state_dict()))
    assert "positions of 1x4 (T, H*W) tokens are resampled to 1x16" in caplog.text


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"frames of 24x16 pixels.*built for 16x16\. Set model\.size"):
        small()(torch.randn(1, 3, 2, 24, 16))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 20}, r"model\.size=20 must be a multiple of 8"),
        ({"num_global": 4}, r"model\.num_global=4 must be 1 to 3"),
        ({"temporal_stride": 3}, r"model\.temporal_stride=3: choose 1, or 2"),
    ],
)
def test_nonsense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**options)
