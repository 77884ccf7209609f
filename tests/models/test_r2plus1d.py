from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from videoai.models import create_model, from_published
from videoai.models.r2plus1d import SplitConv, r2plus1d_r34, r2plus1d_r50

# at 400 classes; the publishers' tables say 63.7, 63.8 and 28.11 M
PARAMETERS = (
    ("r2plus1d_r34", {}, 63_697_175),
    ("r2plus1d_r34", {"variant": "mmaction2"}, 63_759_281),
    ("r2plus1d_r50", {}, 28_107_600),
)


@pytest.mark.parametrize(("name", "options", "parameters"), PARAMETERS)
def test_it_has_the_published_parameters(name: str, options: Mapping[str, Any], parameters: int) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400, **options)
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("r2plus1d_r34", {}, (1, 512, 1, 4, 4)),
        ("r2plus1d_r34", {"variant": "mmaction2"}, (1, 512, 1, 2, 2)),  # pools in the stem
        ("r2plus1d_r50", {}, (1, 2048, 2, 2, 2)),
    ],
)
def test_it_strides_as_published(name: str, options: Mapping[str, Any], shape: tuple[int, ...]) -> None:
    with torch.device("meta"):
        model: Any = create_model(name, num_classes=4, **options)
        features = model.forward_features(torch.randn(1, 3, 8, 64, 64))
    assert features.shape == shape


@torch.inference_mode()
def test_the_order_of_frames_matters() -> None:
    torch.manual_seed(0)
    model, video = r2plus1d_r50(4).eval(), torch.randn(1, 3, 8, 32, 32)
    assert not torch.allclose(model.forward_features(video), model.forward_features(video.flip(2)), rtol=1e-3)


@torch.inference_mode()
def test_space_first_and_time_first_differ() -> None:
    """Same names and shapes, other numbers: nothing but the logits would tell."""
    torch.manual_seed(0)
    time_first, space_first = (SplitConv(4, 4, 4, time_first=flag).eval() for flag in (True, False))
    space_first.load_state_dict(time_first.state_dict())
    x = torch.randn(2, 4, 4, 8, 8)
    wanted = time_first(x)
    assert (space_first(x) - wanted).abs().max() > 0.01 * wanted.std()


def test_norms_between_the_halves_have_the_variants_epsilon() -> None:
    for variant, inner in (("vmz", 1e-3), ("mmaction2", 1e-5)):
        with torch.device("meta"):
            model = r2plus1d_r34(4, variant=variant)  # pyright: ignore[reportArgumentType]
        eps = {name: module.eps for name, module in model.named_modules() if isinstance(module, nn.BatchNorm3d)}
        assert {value for name, value in eps.items() if name.endswith(".norm")} == {inner}
        assert {value for name, value in eps.items() if not name.endswith(".norm")} == {1e-3}


def test_weights_of_the_other_variant_are_refused() -> None:
    with torch.device("meta"):
        state = r2plus1d_r34(400).state_dict()
    with pytest.raises(ValueError, match=r"weights mmaction2/r2plus1d_r34_8x8_k400 do not fit R2Plus1d"):
        from_published("mmaction2/r2plus1d_r34_8x8_k400", state)


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.variant='mmaction' is unknown\. Did you mean mmaction2\?"):
        r2plus1d_r34(4, variant="mmaction")  # pyright: ignore[reportArgumentType]
