"""MoViNet: the logits of another implementation of it, at once and frame by frame; sides of any size; what is causal.

``scripts/movinet_parity.py`` made the fixtures from Atze00/MoViNet-pytorch, whose weights the published rows name. They
hold names, shapes and logits; weights and clips are drawn by a rule.
"""

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models import create_model, from_published
from videoai.models.movinet_blocks import Shortcut, pad_as_tensorflow

FIXTURES = Path(__file__).parents[1] / "fixtures" / "movinet"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))
TOLERANCE = 1e-5  # parts of the spread of the logits; 2e-6 on the machine that wrote the fixtures
PARAMETERS = {  # the reference's, at 600 classes
    "movinet_a0": 3_111_799,
    "movinet_a1": 4_690_296,
    "movinet_a2": 5_249_562,
    "movinet_a3": 7_397_545,
    "movinet_a4": 11_349_463,
    "movinet_a5": 18_650_523,
    "movinet_a0_stream": 3_748_031,
    "movinet_a1_stream": 6_447_352,
    "movinet_a2_stream": 7_326_962,
}


def normal(name: str, shape: Sequence[int]) -> Tensor:
    """Standard normal numbers, the same on every machine."""
    generator = np.random.Generator(np.random.Philox(key=zlib.crc32(name.encode())))
    return torch.from_numpy(np.asarray(generator.standard_normal(tuple(shape), dtype=np.float32)))


def filled(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """A state dict in which every block counts: scales (alpha) and norms near 1, the rest of the width of its rows."""
    return {name: _tensor(name, tuple(shape)) for name, shape in shapes.items()}


def _tensor(name: str, shape: tuple[int, ...]) -> Tensor:
    leaf, noise = name.rpartition(".")[2], normal(name, shape)
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    if leaf == "running_var":
        return 0.5 + noise.abs()
    if leaf == "alpha" or (len(shape) == 1 and leaf == "weight"):
        return 1 + 0.1 * noise
    return 0.1 * noise if len(shape) == 1 else noise / math.sqrt(math.prod(shape[1:]))


def load(name: str) -> tuple[dict[str, Any], Any, Tensor]:
    fixture = json.loads((FIXTURES / f"{name}.json").read_text())
    model = from_published(f"movinet/{name}_k600", filled(fixture["shapes"]), num_classes=None).eval()
    return fixture, model, normal("video", fixture["video"])


def error(given: Tensor, wanted: list[Any]) -> float:
    reference = torch.tensor(wanted)
    return ((given - reference).abs().max() / reference.std()).item()


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_logits_are_those_of_the_reference(name: str) -> None:
    fixture, model, video = load(name)
    logits = model(video)
    assert error(logits, fixture["logits"]) <= TOLERANCE
    first, second = fixture["logits"]  # most of them comes from biases: what the clips make of them must agree, too
    assert error(logits[0] - logits[1], [a - b for a, b in zip(first, second, strict=True)]) <= 1e-3
    norms = [module.eps for module in model.modules() if isinstance(module, nn.BatchNorm3d)]
    assert set(norms) == {1e-3}


@pytest.mark.parametrize("name", [name for name in NAMES if "stream" in name])
@torch.inference_mode()
def test_steps_are_those_of_the_reference(name: str) -> None:
    fixture, model, video = load(name)
    state, answers = None, []
    for frame in video.unbind(2):
        logits, state = model.step(frame, state)
        answers.append(logits)
    assert error(torch.stack(answers), fixture["steps"]) <= TOLERANCE
    assert (answers[0] - answers[-1]).std() > 0.05 * answers[-1].std()


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_those_of_the_reference(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=600)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
@pytest.mark.parametrize("size", [(7, 7), (8, 8), (7, 8), (1, 2)])
def test_padding_gives_the_sides_of_tensorflow(kernel: int, stride: int, size: tuple[int, int]) -> None:
    padded = pad_as_tensorflow(torch.ones(1, 1, 1, *size), kernel, stride)
    out = F.conv3d(padded, torch.ones(1, 1, 1, kernel, kernel), stride=(1, stride, stride))
    assert tuple(out.shape[3:]) == tuple(math.ceil(side / stride) for side in size)
    top = (padded[0, 0, 0].amax(1) == 0).int().argmin()  # rows of padding before the picture
    missing = padded.shape[3] - size[0]
    assert top == missing // 2


@pytest.mark.parametrize("size", [(6, 6), (7, 7), (6, 7), (7, 6)])
@torch.inference_mode()
def test_a_shortcut_averages_what_lies_inside(size: tuple[int, int]) -> None:
    shortcut = Shortcut(1, 1, 2).eval()
    nn.init.ones_(shortcut.conv.conv.weight)
    x = torch.randn(2, 1, 3, *size)
    padded, inside = (pad_as_tensorflow(y, 3, 2) for y in (x, torch.ones_like(x)))
    means = F.avg_pool3d(padded, (1, 3, 3), (1, 2, 2)) / F.avg_pool3d(inside, (1, 3, 3), (1, 2, 2))
    torch.testing.assert_close(shortcut(x), means / math.sqrt(1 + 1e-3))


def test_a_base_network_has_no_step() -> None:
    with pytest.raises(ValueError, match=r"MoViNet.step\(\): this network reads frames that are still to come"):
        create_model("movinet_a0", num_classes=3).step(torch.zeros(1, 3, 32, 32))  # type: ignore[operator]
