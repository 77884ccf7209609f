"""ViViT, TimeSformer, VideoMAE, UMT, MAE-ST: sizes, what each of them can see, and variants that load and are wrong."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from videoai.models import create_model, from_published
from videoai.models.published import all_weights
from videoai.models.sizes import sizes
from videoai.models.video_vit import SMALL, VideoViT

PARITY = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[3] / "shared" / "parity")
WIDTH = SMALL._replace(width=32, depth=2, num_heads=2, hidden=64)

# at 400 classes: the papers, the publishers' own code, transformers
PARAMETERS = {
    "vivit_b_16x2": 88_954_000,
    "timesformer_base": 121_566_352,
    "timesformer_joint_base": 86_112_400,
    "timesformer_space_base": 86_106_256,
    "videomae_small": 22_033_936,
    "videomae_base": 86_534_800,
    "videomae_large": 304_270_736,
    "videomae_huge": 632_119_440,
    "videomae2_giant": 1_012_174_352,
    "mae_st_base": 86_702_224,
    "umt_base": 85_944_976,
}

# multiply-adds of one clip and crop, 1e9: the papers' tables
GFLOPS = {
    "timesformer_base": 196,
    "timesformer_hr": 1703,
    "timesformer_large": 2380,
    "videomae_small": 57,
    "videomae_base": 180,
    "videomae_large": 597,
    "videomae_huge": 1192,
    "mae_st_base": 180,
    "mae_st_large": 598,
    "mae_st_huge": 1193,
    "umt_base": 180,
    "umt_large": 596,
}


def small(**options: Any) -> VideoViT:
    torch.manual_seed(0)
    given: dict[str, Any] = {"tubelet": (1, 8, 8), "num_frames": 4, "size": 16, "width": WIDTH, "positions": "joint"}
    return VideoViT(4, **{**given, **options}).eval()


def timesformer(attention: str) -> VideoViT:
    positions = "space" if attention == "space" else "separate"
    return small(attention=attention, positions=positions, class_token=True, pool="class_token")


def clips() -> Tensor:
    return torch.randn(2, 3, 4, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", list(GFLOPS))
def test_multiply_adds_are_as_published(name: str) -> None:
    assert sizes()[name].gflops == pytest.approx(GFLOPS[name], abs=1.2)


@pytest.mark.parametrize("attention", ["joint", "divided", "space"])
@torch.no_grad()
def test_channels_last_changes_the_memory_and_nothing_else(attention: str) -> None:
    model, video = timesformer(attention), clips()
    wanted = model(video)
    fast = model.to(memory_format=torch.channels_last_3d)(video.to(memory_format=torch.channels_last_3d))
    torch.testing.assert_close(fast, wanted)


@pytest.mark.parametrize("attention", ["joint", "divided", "space"])
@torch.no_grad()
def test_the_order_of_frames_matters_unless_attention_is_over_space_only(attention: str) -> None:
    model, video = timesformer(attention), clips()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # at the initial 0.02 the effect is small
    same = torch.allclose(model(video), model(video.flip(2)), atol=1e-4)
    assert same == (attention == "space")


@torch.no_grad()
def test_fixed_positions_know_the_order_of_frames() -> None:
    model, video = small(positions="sincos", key_bias=False), clips()
    assert not torch.allclose(model(video), model(video.flip(2)), atol=1e-5)


@torch.no_grad()
def test_attention_over_space_is_the_mean_of_the_frames() -> None:
    model, video = timesformer("space"), clips()
    single = [model.forward_features(video[:, :, [t] * 4]) for t in range(4)]  # four times the same frame
    torch.testing.assert_close(model.forward_features(video), torch.stack(single).mean(0))


@torch.no_grad()
def test_the_head_reads_what_it_should() -> None:
    tokens = torch.randn(2, 17, 32)
    for options, wanted in (
        ({"class_token": True, "pool": "class_token"}, tokens[:, 0]),
        ({"class_token": True, "pool": "mean"}, tokens[:, 1:].mean(1)),
        ({}, tokens.mean(1)),
    ):
        model = small(**options)
        torch.testing.assert_close(model.forward_head(tokens, pre_logits=True), model.norm(wanted))


@torch.no_grad()
def test_tokens_can_be_dropped_before_the_blocks() -> None:
    model, video = small(class_token=True), clips()
    visible = model.with_class_token(model.embed(video)[:, ::2])
    for block in model.blocks:
        visible = block(visible)
    assert model.forward_head(visible).shape == (2, 4)


def test_a_clip_of_another_size_is_refused_with_what_to_set() -> None:
    with pytest.raises(
        ValueError,
        match=r"clip of 4x24x24 .*built for 4x16x16\. Set model.* model\.size=24, or",
    ):
        small()(torch.zeros(1, 3, 4, 24, 24))
    with pytest.raises(
        ValueError,
        match=r"does not divide into 1x8x8 patches\. Set .* model\.size=16 clip",
    ):
        small(size=20)


def test_misspelt_choices_are_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.attention='divide' is unknown\. Did you mean divided\?"):
        small(attention="divide")
    with pytest.raises(ValueError, match=r"model\.positions='sincoss' is unknown\. Did you mean sincos\?"):
        small(positions="sincoss")


def test_attention_over_time_starts_as_nothing_after_the_first_block() -> None:
    first, second = timesformer("divided").blocks
    assert first.get_parameter("project_time.weight").any() and not second.get_parameter("project_time.weight").any()


def test_every_row_of_hugging_face_has_its_epsilons() -> None:
    rows = {key: row for key, row in all_weights().items() if key.startswith("hf/videomae_")}
    assert len(rows) > 3 and all(row.options["norm_eps"] == (1e-12, 1e-5) for row in rows.values())


def published(name: str) -> tuple[Any, dict[str, Any], dict[str, Tensor]]:
    """The rule that fills tensors, a fixture, and its state dict."""
    path = PARITY / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"no parity fixture {path}; set VIDEOAI_PARITY")
    spec = importlib.util.spec_from_file_location("parity_fill", PARITY / "fill.py")
    assert spec and spec.loader
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    fixture = json.loads(path.read_text())
    return fill, fixture, fill.make_state_dict(fixture)


@pytest.mark.slow
@torch.inference_mode()
def test_a_file_of_pre_training_gives_the_encoder_and_nothing_of_its_decoder() -> None:
    fill, _, state = published("pyslowfast/MAE_ST_VIT_B_16x4_FT")
    tuned: Any = from_published("pyslowfast/MAE_ST_VIT_B_16x4_FT", state).eval()
    encoder = {key: tensor for key, tensor in state.items() if not key.startswith("head.")}
    decoder = {"mask_token": (1, 1, 512), "decoder_embed.weight": (512, 768), "pred_head.transforms.0.4.bias": (512,)}
    content = encoder | {key: fill.fill(key, shape) for key, shape in decoder.items()}
    model: Any = from_published("pyslowfast/VIT_B_16x4_MAE_PT", content).eval()
    video = torch.randn(1, 3, 16, 224, 224)
    torch.testing.assert_close(model(video), tuned.forward_head(tuned.forward_features(video), pre_logits=True))


@pytest.mark.slow
@torch.inference_mode()
def test_without_its_positions_videomae_is_another_model() -> None:
    fill, fixture, state = published("videomae/videomae_vit_small_k400")
    model: Any = from_published("videomae/videomae_vit_small_k400", fill.wrap(fixture, state)).eval()
    video = fill.make_input(**fixture["input"])
    table = model.positions.joint  # [T, S, D]
    table.copy_(table.unflatten(1, (14, 14)).transpose(1, 2).flatten(1, 2))  # rows for columns
    assert fill.relative_error(model(video), fixture) > 1e-2


@pytest.mark.slow
@torch.inference_mode()
def test_other_epsilons_exceed_the_tolerance() -> None:
    """Too small to be seen in an accuracy, large enough to be seen here: they are not what was published."""
    fill, fixture, state = published("videomae/videomae_vit_small_k400")
    model: Any = from_published("videomae/videomae_vit_small_k400", fill.wrap(fixture, state)).eval()
    model.norm.eps = 1e-3
    assert fill.relative_error(model(fill.make_input(**fixture["input"])), fixture) > 1e-5
