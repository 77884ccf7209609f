"""TSM: what moves where, in which blocks, and what a model that shifts the other way says to published weights."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model, from_published
from videoai.models.published.tsm import from_mit
from videoai.models.tsm import ClipNonLocal, TemporalShift

PARITY = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[3] / "shared" / "parity")

PARAMETERS = {  # the authors' code and mmaction2, at 400 classes
    "tsm_r50": 24_327_632,
    "tsm_r101": 43_319_760,
    "tsm_mobilenetv2": 2_736_272,
    "tsm_nl_r50": 31_682_000,
    "tsm_online_r50": 24_327_632,
}
SHIFTS = {"tsm_r50": 16, "tsm_r101": 2 + 2 + 12 + 2, "tsm_mobilenetv2": 10, "tsm_nl_r50": 16, "tsm_online_r50": 16}


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_and_shifts_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
    assert sum(isinstance(module, TemporalShift) for module in model.modules()) == SHIFTS[name]


def shifted(direction: Any, x: Tensor) -> Tensor:
    """x: [B, T, C] -> the same, shifted."""
    shift = TemporalShift(nn.Identity(), direction)
    shift.num_frames = x.shape[1]
    return shift(x.flatten(0, 1)[..., None, None]).view_as(x)


def test_an_eighth_comes_from_the_next_frame_and_an_eighth_from_the_one_before() -> None:
    x = torch.randn(2, 4, 16)
    out, zero = shifted("both", x), torch.zeros(2, 1, 2)
    assert torch.equal(out[..., :2], torch.cat([x[:, 1:, :2], zero], dim=1))
    assert torch.equal(out[..., 2:4], torch.cat([zero, x[:, :-1, 2:4]], dim=1))
    assert torch.equal(out[..., 4:], x[..., 4:])


def test_online_an_eighth_comes_from_the_frame_before_and_nothing_from_the_next() -> None:
    x = torch.randn(2, 4, 16)
    out = shifted("past", x)
    assert torch.equal(out[..., :2], torch.cat([torch.zeros(2, 1, 2), x[:, :-1, :2]], dim=1))
    assert torch.equal(out[..., 2:], x[..., 2:])


@pytest.mark.parametrize("name", ["tsm_r50", "tsm_online_r50"])
@torch.inference_mode()
def test_online_models_do_not_see_the_future(name: str) -> None:
    torch.manual_seed(0)
    model: Any = create_model(name, num_classes=4, backbone="resnet10t").eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # timm starts residual branches at zero
    video = torch.randn(1, 3, 4, 32, 32)
    changed = video.clone()
    changed[:, :, 3] += 1.0
    same = torch.equal(model.forward_features(video)[:, :, :3], model.forward_features(changed)[:, :, :3])
    assert same == (name == "tsm_online_r50")


@torch.inference_mode()
def test_a_clip_of_any_length_is_shifted_within_itself() -> None:
    model: Any = create_model("tsm_mobilenetv2", num_classes=4, backbone="mobilenetv2_035").eval()
    for num_frames in (3, 5):
        video = torch.randn(2, 3, num_frames, 32, 32)
        torch.testing.assert_close(model(video)[1:], model(video[1:]), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("affinity", ["softmax", "gaussian", "dot_product"])
@torch.inference_mode()
def test_every_place_reads_every_frame(affinity: Any) -> None:
    torch.manual_seed(0)
    block = ClipNonLocal(8, affinity).eval()
    nn.init.ones_(block.norm.weight)  # type: ignore[arg-type]
    block.num_frames = 3
    x = torch.randn(3, 8, 4, 6)
    clip = x.transpose(0, 1)[None]  # [T, C, H, W] -> [1, C, T, H, W]
    q, k, v = (part(clip)[0].transpose(0, 1) for part in (block.theta, block.phi, block.g))  # [T, D, H, W]
    k, v = (nn.functional.max_pool2d(y, 2) for y in (k, v))
    scores = torch.einsum("tdhw,sdij->thwsij", q, k)
    if affinity == "dot_product":
        weights = scores / (3 * 2 * 3)
    else:
        weights = scores.flatten(3).softmax(-1).view_as(scores)
    read = torch.einsum("thwsij,sdij->tdhw", weights, v)
    added = block.norm(block.out(read.transpose(0, 1)[None]))[0].transpose(0, 1)
    torch.testing.assert_close(block(x), x + added)


def test_a_fresh_nonlocal_block_changes_nothing() -> None:
    block = ClipNonLocal(8, "softmax").eval()
    block.num_frames = 2
    x = torch.randn(4, 8, 4, 4)
    assert torch.equal(block(x), x)


@torch.inference_mode()
def test_the_bias_of_the_authors_last_convolution_moves_into_the_norm() -> None:
    theirs = nn.Sequential(nn.Conv3d(4, 8, 1), nn.BatchNorm3d(8)).eval()
    nn.init.normal_(theirs[1].running_mean)  # type: ignore[arg-type]
    ours = nn.ModuleDict({"out": nn.Conv3d(4, 8, 1, bias=False), "norm": nn.BatchNorm3d(8)}).eval()
    prefix = "module.base_model.layer2.0.nl.W."
    state = from_mit({prefix + key: tensor for key, tensor in theirs.state_dict().items()})
    ours.load_state_dict({key.removeprefix("backbone.layer2.0.nl."): tensor for key, tensor in state.items()})
    x = torch.randn(2, 4, 1, 3, 3)
    torch.testing.assert_close(ours["norm"](ours["out"](x)), theirs(x))


def test_a_backbone_without_residual_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"FrameCnn has no residual blocks to shift in\. Choose a ResNet"):
        create_model("tsm_r50", num_classes=4, backbone="tiny")
    with pytest.raises(ValueError, match=r"ResNet has no bottlenecks\. Choose resnet50"):
        create_model("tsm_nl_r50", num_classes=4, backbone="resnet18")


@pytest.mark.skipif(not PARITY.is_dir(), reason=f"no parity fixtures in {PARITY}; set VIDEOAI_PARITY")
@torch.inference_mode()
def test_the_wrong_direction_of_shifts_is_seen_in_the_logits() -> None:
    spec = importlib.util.spec_from_file_location("parity_fill", PARITY / "fill.py")
    assert spec and spec.loader
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    fixture = fill.load_fixture(PARITY / "tsm_mit" / "tsm_resnet50_8seg_k400.json")
    content = fill.wrap(fixture, fill.make_state_dict(fixture))
    model = from_published("tsm_mit/tsm_resnet50_8seg_k400", content, direction="past").eval()
    assert fill.relative_error(model(fill.make_input(**fixture["input"])), fixture) > 1e-2
