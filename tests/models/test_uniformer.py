"""UniFormer: sizes, what each stage can see, and variants that load and are wrong."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.models import create_model, from_published
from videoai.models.published import all_weights
from videoai.models.uniformer import UniFormer

PARITY = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[3] / "shared" / "parity")
# at 400 classes, the authors' own code
PARAMETERS = {"uniformer_s": 21_400_400, "uniformer_b": 49_813_200}


def small() -> UniFormer:
    torch.manual_seed(0)
    return UniFormer(3, depths=(1, 1, 1, 1), dropout=0.0, drop_path=0.0, norm_eps=1e-6).eval()


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@torch.no_grad()
def test_the_order_of_frames_matters() -> None:
    model, video = small(), torch.randn(1, 3, 8, 32, 32)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    assert not torch.allclose(model(video), model(video.flip(2)), rtol=1e-3)


@torch.no_grad()
def test_early_blocks_see_five_frames_around_and_late_ones_all() -> None:
    """A depthwise 3x3x3 and a 5x5x5 convolution reach three frames to each side."""
    model = small()
    for stage, reached in ((0, 4), (2, 9)):
        block = model.stages[stage][0]  # pyright: ignore[reportIndexIssue]
        clip = torch.randn(1, 64 if stage == 0 else 320, 9, 1, 1)
        other = clip.clone()
        other[:, :, 0] += 1.0
        assert (block(clip) - block(other)).abs().amax((0, 1, 3, 4)).gt(1e-9).sum() == reached


def test_something_something_models_of_the_authors_see_bgr() -> None:
    for name, row in all_weights().items():
        if name.startswith(("uniformer/", "uniformerv2/")):
            assert row.clip.channels == ("bgr" if row.dataset.startswith("ssv") else "rgb"), name


@pytest.fixture(scope="module")
def fixture() -> tuple[Any, dict[str, Any]]:
    path = PARITY / "uniformer" / "uniformer_s16x4_k400.json"
    if not path.is_file():
        pytest.skip(f"no parity fixtures in {PARITY}; set VIDEOAI_PARITY")
    spec = importlib.util.spec_from_file_location("parity_fill", PARITY / "fill.py")
    assert spec and spec.loader
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    return fill, json.loads(path.read_text())


@pytest.mark.slow
@torch.inference_mode()
def test_turned_channels_give_other_logits(fixture: tuple[Any, dict[str, Any]]) -> None:
    fill, published = fixture
    model = from_published(f"uniformer/{published['name']}", fill.make_state_dict(published)).eval()
    assert fill.relative_error(model(fill.make_input(**published["input"]).flip(1)), published) > 1e-2


def test_each_publisher_has_its_epsilon() -> None:
    """In logits of random weights the two differ by 8e-6 of their spread only: too little to hold them apart."""
    for name, wanted in (("uniformer/uniformer_s16x4_k400", 1e-6), ("mmaction2/uniformer_small_k400", 1e-5)):
        with torch.device("meta"):
            model = create_model("uniformer_s", num_classes=400, **all_weights()[name].options)
        norms = {key: m.eps for key, m in model.named_modules() if isinstance(m, torch.nn.LayerNorm)}
        assert {eps for key, eps in norms.items() if key.startswith("stages.")} == {wanted}
        assert {eps for key, eps in norms.items() if key.startswith("embeds.")} == {1e-5}
