import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.models import create_model, from_published
from videoai.models.published.x3d import from_pyslowfast
from videoai.models.x3d import Bottleneck, x3d_m

PARITY = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[3] / "shared" / "parity")

# at 400 classes; the publishers' tables say 3.79 and 6.15 M
PARAMETERS = {"x3d_xs": 3_794_322, "x3d_s": 3_794_322, "x3d_m": 3_794_322, "x3d_l": 6_153_432}
PARAMETERS |= {"efficient_x3d_xs": 3_794_322, "efficient_x3d_s": 3_794_322}


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_it_has_the_published_parameters(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


def test_every_other_block_squeezes_its_channels() -> None:
    with torch.device("meta"):
        model = x3d_m(5)
    stages: list[list[Any]] = [list(stage.children()) for stage in model.stages.children()]
    squeezed = {block.conv2.out_channels: block.squeeze.fc1.out_features for stage in stages for block in stage[::2]}
    assert squeezed == {54: 8, 108: 8, 216: 16, 432: 32}  # 1/16 of the channels, in multiples of 8
    assert not any(hasattr(block.squeeze, "fc1") for stage in stages for block in stage[1::2])


@torch.inference_mode()
def test_the_order_of_frames_matters_and_their_number_stays() -> None:
    torch.manual_seed(0)
    model, video = x3d_m(4).eval(), torch.randn(1, 3, 3, 64, 32)
    features = model.forward_features(video)
    assert features.shape == (1, 432, 3, 2, 1)
    assert not torch.allclose(features.flip(2), model.forward_features(video.flip(2)), rtol=1e-3)


def test_a_block_starts_as_its_shortcut() -> None:
    with torch.no_grad():
        block = [module for module in x3d_m(4).eval().modules() if isinstance(module, Bottleneck)][1]
        x = torch.rand(1, 24, 2, 4, 4)
        assert torch.equal(block(x), x)


@pytest.mark.skipif(not PARITY.is_dir(), reason=f"no parity fixtures in {PARITY}; set VIDEOAI_PARITY")
def test_the_first_shortcut_without_its_norm_gives_other_logits() -> None:
    """What PySlowFast's files would give in pytorchvideo's variant, were the norm dropped."""
    spec = importlib.util.spec_from_file_location("parity_fill", PARITY / "fill.py")
    assert spec and spec.loader
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    fixture = fill.load_fixture(PARITY / "pyslowfast" / "X3D_M.json")
    published = fill.make_state_dict(fixture)

    with pytest.raises(ValueError, match=r"left over: stages\.0\.0\.shortcut\.1\.weight"):
        from_published("pyslowfast/X3D_M", fill.wrap(fixture, published), norm_every_shortcut=False)
    state = {key: t for key, t in from_pyslowfast(published).items() if not key.startswith("stages.0.0.shortcut.1.")}
    model = x3d_m(400, norm_every_shortcut=False).eval()
    model.load_state_dict(state)
    with torch.inference_mode():
        assert fill.relative_error(model(fill.make_input(**fixture["input"])), fixture) > 1e-2
