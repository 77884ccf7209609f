"""The networks are tested narrow: the published ones have 304 million parameters and more."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.attentive_probe import AttentivePooler
from videoai.models.video_vit import Width
from videoai.models.vjepa2 import TokenMean, VJepa2, rotary_tables

PARAMETERS = {  # the reference code's own, without the classifier (none) or with 174 classes (probes)
    "vjepa2_l": (0, 303_885_312),
    "vjepa2_h": (0, 631_648_000),
    "vjepa2_g": (0, 1_012_173_952),
    "vjepa2_g384": (0, 1_012_173_952),
    "vjepa2_l_probe": (174, 353_399_982),
    "vjepa2_h_probe": (174, 708_942_254),
    "vjepa2_g_probe": (174, 1_105_668_142),
}


def narrow(*, probe: bool = False, num_classes: int = 4, **options: Any) -> VJepa2:
    torch.manual_seed(0)
    pool = AttentivePooler(48, num_heads=4, depth=2) if probe else TokenMean()
    return VJepa2(num_classes, width=Width(48, 3, 2, 96), pool=pool, **options).eval()


def clips(*size: int) -> Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_the_published_ones(name: str) -> None:
    num_classes, parameters = PARAMETERS[name]
    with torch.device("meta"):
        model = create_model(name, num_classes=num_classes)
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize("probe", [False, True])
def test_the_contract_holds_at_any_size(probe: bool) -> None:
    model = narrow(probe=probe)
    for size in ((4, 32, 32), (2, 48, 32)):
        features = model.forward_features(clips(*size))
        assert features.shape == (2, size[0] * size[1] * size[2] // 512, 48)
        assert model.forward_head(features, pre_logits=True).shape == (2, model.num_features)
        torch.testing.assert_close(model.forward_head(features), model(clips(*size)))
    model.reset_classifier(0)
    torch.testing.assert_close(model(clips(2, 32, 32)), model.pool(model.forward_features(clips(2, 32, 32))))


@pytest.mark.parametrize("probe", [False, True])
def test_checkpointing_changes_no_gradient_and_every_parameter_has_one(probe: bool) -> None:
    gradients = []
    for checkpointing in (False, True):
        model = narrow(probe=probe, levels=(0, 2)).train()
        model.set_grad_checkpointing(checkpointing)
        F.cross_entropy(model(clips(4, 32, 32)), torch.tensor([0, 1])).backward()
        gradients.append([p.grad for p in model.parameters()])
    assert all(g is not None and g.any() for g in gradients[0])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.slow
@torch.no_grad()
def test_it_compiles_to_one_graph() -> None:
    model, video = narrow(probe=True), clips(4, 32, 32)
    torch.testing.assert_close(torch.compile(model, backend="eager", fullgraph=True)(video), model(video))


@torch.no_grad()
def test_half_precision_models_keep_their_type() -> None:
    model, video = narrow(probe=True), clips(4, 32, 32)
    given = model.bfloat16()(video.bfloat16())
    assert given.dtype == torch.bfloat16
    torch.testing.assert_close(given.float(), narrow(probe=True)(video), atol=0.05, rtol=0.05)


@torch.no_grad()
def test_the_order_of_frames_matters() -> None:
    model, video = narrow(), clips(8, 32, 32)
    for name, parameter in model.named_parameters():
        if "qkv.weight" in name:
            nn.init.normal_(parameter, std=0.5)  # at its initial 0.02 all tokens are asked alike
    reversed_pairs = video.unflatten(2, (4, 2)).flip(2).flatten(2, 3)  # tubelets keep their inside
    assert not torch.allclose(model(video), model(reversed_pairs), atol=1e-3)


def test_frequencies_are_tiled_as_in_the_published_weights() -> None:
    cos, sin = rotary_tables((3, 2, 2), 64, torch.device("cpu"))
    angle = torch.atan2(sin, cos)[-1]  # angles of the token at (2, 1, 1)
    wanted = torch.arange(10) / 10
    frequencies = 10_000.0**-wanted
    for axis, place in enumerate((2, 1, 1)):
        torch.testing.assert_close(angle[20 * axis : 20 * axis + 10], place * frequencies)
        torch.testing.assert_close(angle[20 * axis + 10 : 20 * axis + 20], place * frequencies)
    assert not angle[60:].any()  # 64 is no multiple of 6: the rest is not turned


def test_levels_are_read_one_after_another() -> None:
    model, video = narrow(levels=(1, 2)), clips(2, 32, 32)
    last = narrow()
    last.load_state_dict(model.state_dict())
    tokens = model.forward_features(video)
    assert tokens.shape == (2, 8, 48)
    torch.testing.assert_close(tokens[:, 4:], last.forward_features(video))
    for levels in ((), (2, 1), (0, 1), (1, 3), (-1, 2)):
        with pytest.raises(ValueError, match=r"model\.levels=.*name blocks from 0 to 2 in rising order"):
            narrow(levels=levels)


def test_a_clip_that_the_tubelets_do_not_divide_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"a clip of 3x32x40 .* 2x16x16 patches\. Set clip\.num_frames=2 clip\.size=32",
    ):
        narrow()(clips(3, 32, 40))
