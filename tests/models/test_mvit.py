"""MViT and MViTv2: published sizes, and position tables of other clips."""

import importlib.util
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.video import MViT_V1_B_Weights, MViT_V2_S_Weights

from videoai.models import create_model, from_published
from videoai.models.mvit import B, L, block_settings, resample

ROOT = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[3] / "shared" / "parity")

# Multiply-adds of one clip in 1e9 and how near; parameters in millions: torchvision's weights.meta, and the papers
PUBLISHED = {
    "mvit_v1_b": ((16, 224), MViT_V1_B_Weights.KINETICS400_V1.meta["_ops"], 0.001, 36.61),
    "mvit_v1_b_32x3": ((32, 224), 170, 0.5, 36.61),
    "mvit_v1_b24_32x3": ((32, 224), 236, 0.5, 53.12),  # the paper: 52.9 M
    "mvit_v2_s": ((16, 224), MViT_V2_S_Weights.KINETICS400_V1.meta["_ops"], 0.001, 34.54),
    "mvit_v2_b": ((32, 224), 225, 1, 51.23),
    "mvit_v2_l": ((40, 312), 2828, 5, 213.39),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PUBLISHED))
def test_parameters_and_multiply_adds_are_the_published_ones(name: str) -> None:
    (num_frames, size), gflops, near, millions = PUBLISHED[name]
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model = create_model(name, num_classes=400).eval()
        model(torch.empty(1, 3, num_frames, size, size))
    assert counter.get_total_flops() / 2e9 == pytest.approx(gflops, abs=near)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)


def test_every_stage_is_wider_and_keeps_the_number_of_keys() -> None:
    for plan in (B, L):
        settings = block_settings(plan, 2, "attention")
        assert [i for i, block in enumerate(settings) if block.stride_q == [1, 2, 2]] == list(plan.stages)
        assert [block.stride_kv[1] for block in settings[:: plan.depth - 1]] == [8, 1]
        assert {block.output_channels // block.num_heads for block in settings} == {plan.width // plan.num_heads}
        assert settings[-1].output_channels == 8 * plan.width


def tiny(name: str, **options: Any) -> Any:
    return create_model(name, num_classes=4, **{"num_frames": 4, "size": 32} | options).eval()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mvit_v1_b", "mvit_v2_s"])
def test_positions_of_another_clip_are_resampled_and_that_is_said(name: str, caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    small, large = tiny(name), tiny(name, num_frames=8, size=64)
    with caplog.at_level(logging.INFO, logger="videoai"):
        large.load_state_dict(large.fit_state_dict(small.state_dict()))
    assert "position tables resampled for 8 frames of 64 px" in caplog.text
    before, after = small.state_dict(), large.state_dict()
    resampled = {key for key in before if before[key].shape != after[key].shape}
    assert resampled and all("_pos" in key for key in resampled)
    assert all(torch.equal(before[key], after[key]) for key in before.keys() - resampled)
    assert large(torch.randn(1, 3, 8, 64, 64)).isfinite().all()


def test_a_state_that_fits_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    model = tiny("mvit_v1_b")
    state = model.state_dict()
    with caplog.at_level(logging.INFO, logger="videoai"):
        assert model.fit_state_dict(state).keys() == state.keys()
    assert "resampled" not in caplog.text


def test_a_constant_or_linear_table_stays_one() -> None:
    line = torch.arange(8.0)[:, None]
    torch.testing.assert_close(resample("temporal_pos", line, 16)[1:-1, 0], torch.arange(0.25, 7, 0.5))
    rows = torch.arange(4.0).repeat_interleave(4)[:, None]  # the row of each position of 4 x 4
    grown = resample("spatial_pos", rows, 64).view(8, 8)
    assert torch.equal(grown[:, 0], grown[:, 5]) and (grown[1:, 0] >= grown[:-1, 0]).all()


def test_a_clip_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a clip of 8x32x32 .* built for 4x32x32\. Set model\.num_fr"):
        tiny("mvit_v2_s")(torch.zeros(1, 3, 8, 32, 32))
    with pytest.raises(ValueError, match=r"5x32x32 .* into 2x4x4 patches\. Set model\.num_frames=4 model\.size=32"):
        tiny("mvit_v2_s", num_frames=5)
    with pytest.raises(ValueError, match=r"model\.widen='atention' is unknown\. Did you mean attention"):
        tiny("mvit_v2_s", widen="atention")


@pytest.mark.parametrize("name", ["mvit_v1_b", "mvit_v2_s"])
@torch.inference_mode()
def test_the_order_of_frames_and_the_sides_matter(name: str) -> None:
    torch.manual_seed(0)
    model, video = tiny(name), torch.randn(1, 3, 4, 32, 32)
    for other in (video.flip(2), video.flip(4)):
        assert (model(other) - model(video)).abs().max() > 1e-4


@pytest.mark.slow
@pytest.mark.skipif(not ROOT.is_dir(), reason=f"no parity fixtures in {ROOT}; set VIDEOAI_PARITY")
@torch.inference_mode()
def test_the_norms_after_pools_are_pytorchvideos() -> None:
    """Built as torchvision builds them, its weights load as well; only the logits tell."""
    spec: Any = importlib.util.spec_from_file_location("parity_fill", ROOT / "fill.py")
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    fixture = fill.load_fixture(ROOT / "pytorchvideo" / "mvit_base_16x4.json")
    model = from_published("pytorchvideo/mvit_base_16x4", fill.make_state_dict(fixture)).eval()
    for name, module in model.named_modules():
        if name.endswith("norm_act.0"):
            module.eps = 1e-6  # pyright: ignore[reportAttributeAccessIssue]
    error = fill.relative_error(model(fill.make_input(**fixture["input"])), fixture)
    assert error > 2e-5  # twice the tolerance of the parity test; measured 2.8e-5
