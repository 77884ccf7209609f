"""C2D, I3D, Slow, SlowFast and TPN: what makes each of them itself, and what their variants change."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from videoai.models import create_model
from videoai.models.nonlocal_block import NonLocal, NonLocalSpec
from videoai.models.published import find
from videoai.models.slowfast import select_slow_frames

PARITY = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[3] / "shared" / "parity")

# Parameters at 400 classes, as the publishers' own networks count
PARAMETERS = {
    "c2d_r50": 24_327_632,
    "c2d_r101": 43_319_760,
    "i3d_r50": 28_043_472,
    "i3d_nl_r50": 35_401_936,
    "slow_4x16_r50": 32_454_096,
    "slow_8x8_r101": 60_359_120,
    "slowfast_4x16_r50": 34_480_216,
    "slowfast_8x8_r50": 34_566_488,
    "slowfast_8x8_r101": 62_826_968,
    "slowfast_16x8_r101": 53_774_808,
    "tpn_slow_8x8_r50": 91_498_336,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


def awake(name: str, **options: Any) -> Any:
    """A network whose residual branches are not zero, as they are before training."""
    torch.manual_seed(0)
    model = create_model(name, num_classes=4, **options).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.ones_(module.weight)
    return model


@pytest.mark.parametrize("name", ["i3d_r50", "slow_4x16_r50", "slowfast_4x16_r50"])
@torch.inference_mode()
def test_the_order_of_frames_matters(name: str) -> None:
    model, video = awake(name), torch.randn(1, 3, 8, 32, 32)
    assert (model(video) - model(video.flip(2))).abs().max() > 1e-3 * model(video).std()


@torch.inference_mode()
def test_c2d_sees_no_order_without_its_pooling() -> None:
    model, video = awake("c2d_r50", temporal_pool=False), torch.randn(1, 3, 4, 32, 32)
    torch.testing.assert_close(model(video), model(video.flip(2)), rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_slowfast_gives_both_pathways() -> None:
    slow, fast = awake("slowfast_4x16_r50").forward_features(torch.randn(1, 3, 16, 32, 32))
    assert slow.shape == (1, 2048, 2, 1, 1) and fast.shape == (1, 256, 16, 1, 1)


def test_slow_frames_go_from_the_first_to_the_last_or_in_steps() -> None:
    assert select_slow_frames(32, 4, "linspace") == [0, 4, 8, 13, 17, 22, 26, 31]
    assert select_slow_frames(32, 4, "stride") == [0, 4, 8, 12, 16, 20, 24, 28]
    for num_frames, alpha in ((32, 8), (32, 4), (64, 4)):  # PySlowFast's own formula, in float32
        wanted = torch.linspace(0, num_frames - 1, num_frames // alpha).long().tolist()
        assert select_slow_frames(num_frames, alpha, "linspace") == wanted


def test_a_clip_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match=r"30 frames does not divide into steps of 4\. Set clip\.num_frames"):
        select_slow_frames(30, 4, "linspace")


def test_dot_products_are_the_mean_over_positions() -> None:
    torch.manual_seed(0)
    block = NonLocal(8, NonLocalSpec("dot_product"))
    theta, phi, g = torch.randn(2, 12, 4), torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    torch.testing.assert_close(block._attend(theta, phi, g), theta @ phi.transpose(1, 2) / 3 @ g)


def test_wrong_choices_are_refused() -> None:
    for name, option, given in (
        ("i3d_r50", "stem_stride", 3),
        ("i3d_r50", "temporal_kernels", "all"),
        ("i3d_nl_r50", "affinity", "sofmax"),
        ("i3d_nl_r50", "non_local_variant", "caffe2"),
        ("slow_nl_4x16_r50", "non_local_after", "none"),
        ("slowfast_4x16_r50", "slow_frames", "random"),
    ):
        with pytest.raises(ValueError, match=rf"model\.{option}=.* is unknown\..* Choose from: "), torch.device("meta"):
            create_model(name, num_classes=2, **{option: given})


@pytest.fixture(scope="module")
def fill() -> ModuleType:
    if not PARITY.is_dir():
        pytest.skip(f"no parity fixtures in {PARITY}; set VIDEOAI_PARITY")
    spec = importlib.util.spec_from_file_location("parity_fill", PARITY / "fill.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weights", "wrong"),
    [
        ("pyslowfast/C2D_8x8_R50", {"stem_pool_padding": 0}),
        ("pyslowfast/I3D_8x8_R50", {"stem_stride": 4}),
        ("pyslowfast/SLOWFAST_8x8_R50", {"slow_frames": "stride"}),
        ("pyslowfast_c2/I3D_NLN_8x8_R50", {"affinity_scaled": False}),
        ("mmaction2/slowfast_r50_8x8_k400", {"slow_frames": "linspace"}),
    ],
)
def test_the_wrong_variant_gives_other_logits(weights: str, wrong: dict[str, Any], fill: ModuleType) -> None:
    """They load all the same, so nothing else would tell."""
    fixture, row = fill.load_fixture(PARITY / f"{weights}.json"), find(weights)
    model = create_model(row.model, num_classes=400, **{**row.options, **wrong}).eval()
    model.load_state_dict(row.convert(fill.make_state_dict(fixture)), strict=False)
    with torch.inference_mode():
        assert fill.relative_error(model(fill.make_input(**fixture["input"])), fixture) > 1e-2
