"""The rows of published weights: nothing in one changes unnoticed, and what the publishers' recipes say is in them.

A wrong mean, stride or channel order loads and runs. Digests of all rows and of what the converters do stand in
``tests/golden``; refresh them with VIDEOAI_GOLDEN=write, and say in the commit why a row changed. The recipes are in
the parity fixtures (see ``test_parity.py``).
"""

import hashlib
import importlib
import json
import os
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.models import published
from videoai.models.published import FAMILIES, all_weights, find

GOLDEN = Path(__file__).parents[2] / "golden"
ROOT = Path(os.environ.get("VIDEOAI_PARITY") or Path(__file__).parents[4] / "shared" / "parity")
FIXTURES = {f"{path.parent.name}/{path.stem}": path for path in sorted(ROOT.glob("*/*.json"))}
DATASETS = {
    "Kinetics-400": "kinetics400",
    "Kinetics-710": "kinetics710",
    "Something-Something v2": "ssv2",
    "UCF101": "ucf101",
    "self-supervised": "self-supervised",
}
# mmaction2's DenseSampleFrames takes its "clips" of one frame (clip_len 1, so frame_interval 1 says nothing) at every
# 64 // num_clips-th frame of a window of 64: num_frames=8 at stride 8
OTHER_STRIDES = {"mmaction2/tanet_r50_dense_k400": 8}

needs_fixtures = pytest.mark.skipif(not FIXTURES, reason=f"no parity fixtures in {ROOT}; set VIDEOAI_PARITY")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def golden(name: str, current: Callable[[], dict[str, str]]) -> dict[str, str]:
    path = GOLDEN / name
    if os.environ.get("VIDEOAI_GOLDEN") == "write":
        path.write_text(json.dumps(current(), indent=0) + "\n")
    return json.loads(path.read_text())


def row_digests() -> dict[str, str]:
    def text(row: published.Weights) -> str:
        function, bound = getattr(row.convert, "func", row.convert), getattr(row.convert, "keywords", {})
        converter = f"{function.__module__}.{function.__name__} {bound}"
        return "\n".join(f"{key}={value!r}" for key, value in row._replace(convert=converter)._asdict().items())  # type: ignore

    return {name: digest(text(row)) for name, row in all_weights().items()}


def test_every_row_is_what_it_was() -> None:
    assert row_digests() == golden("published_rows.json", row_digests)


def test_every_module_with_rows_is_a_family() -> None:
    modules = [f"{published.__name__}.{name}" for _, name, _ in pkgutil.iter_modules(published.__path__)]
    with_rows = [name.rpartition(".")[2] for name in modules if hasattr(importlib.import_module(name), "WEIGHTS")]
    assert sorted(FAMILIES) == sorted(with_rows)


def test_no_two_rows_share_an_id() -> None:
    tables = [importlib.import_module(f"{published.__name__}.{family}").WEIGHTS for family in FAMILIES]
    assert sum(map(len, tables)) == len(all_weights())


def load(name: str) -> dict[str, Any]:
    return json.loads(FIXTURES[name].read_text())


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_a_clip_is_normalised_as_the_recipe_says(name: str) -> None:
    recipe, clip = load(name)["recipe"], find(name).clip
    unit = 255 if recipe["range"].startswith("0..255") else 1  # pixels are 0..1 in ClipSpec
    assert clip.mean == pytest.approx([value / unit for value in recipe["mean"]], abs=1e-6)
    assert clip.std == pytest.approx([value / unit for value in recipe["std"]], abs=1e-6)
    assert clip.channels == recipe["channels"]


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_a_clip_is_sampled_as_the_recipe_says(name: str) -> None:
    recipe, clip = load(name)["recipe"], find(name).clip
    assert clip.num_frames == recipe["frames"]
    if "fps" in recipe:
        assert (clip.fps, clip.stride) == (recipe["fps"], 1)
    elif recipe["stride"]:
        assert clip.stride == OTHER_STRIDES.get(name, recipe["stride"])
    if "uniform segments" in recipe.get("sampling", ""):
        assert clip.sampling == "uniform" or "dense" in recipe["sampling"]


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_a_clip_has_the_size_of_the_recipe(name: str) -> None:
    """``resize`` is the short side. Three crops a frame are squares of the short side, one crop is of the size."""
    recipe, row = load(name)["recipe"], find(name)
    clip, one_crop = row.clip, (row.views or "").endswith("x1")
    kind, crop = recipe["crop"] if isinstance(recipe.get("crop"), list) else ("CenterCrop", recipe.get("crop"))
    sides = {"ThreeCrop": clip.short_side}.get(kind, clip.size)
    assert crop in (None, sides)
    assert recipe.get("train_crop", clip.size) == clip.size
    assert recipe.get("test_crop") in (None, clip.size if one_crop else clip.short_side)
    resize = recipe.get("resize") or clip.short_side
    assert (min(resize) if isinstance(resize, list) else resize) == clip.short_side


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_a_row_names_the_classes_and_the_container_of_the_file(name: str) -> None:
    fixture, row = load(name), find(name)
    assert row.dataset == DATASETS[fixture["recipe"]["dataset"]]
    assert row.num_classes in (0, len(fixture["logits"][0]))
    assert fixture["checkpoint"].get("container") in (None, row.container)
    views = fixture["recipe"].get("views", "").replace(" segments x ", "x")
    assert not views or row.views in (None, views)


def converted_digest(name: str) -> str:
    """What becomes of each published tensor. Each holds its own number and those of its rows, and takes no
    memory until a converter joins it."""

    def fill(number: int, shape: list[int]) -> torch.Tensor:
        rows = torch.arange(shape[0] if shape else 1, dtype=torch.float64) / 1e6 + number
        return rows.view([*shape[:1], *[1] * (len(shape) - 1)]).expand(shape)

    def trace(tensor: torch.Tensor) -> str:
        rows = tensor[(slice(None), *[0] * (tensor.ndim - 1))] if tensor.ndim else tensor
        columns = tensor[(0, slice(None), *[-1] * (tensor.ndim - 2))] if tensor.ndim > 1 else tensor
        return f"{list(tensor.shape)} {rows.numpy().tobytes()} {columns.numpy().tobytes()}"

    state = {key: fill(i, shape) for i, (key, shape) in enumerate(load(name)["keys"].items())}
    return digest("\n".join(f"{key} {trace(tensor)}" for key, tensor in sorted(find(name).convert(state).items())))


def a_fixture_a_converter() -> list[Any]:
    """The smallest fixture of each converter; the others are slow."""
    smallest: dict[Any, str] = {}
    for name in sorted(FIXTURES, key=lambda name: load(name)["params"]):
        smallest.setdefault(getattr(find(name).convert, "func", find(name).convert), name)
    return [pytest.param(name, marks=[] if name in smallest.values() else [pytest.mark.slow]) for name in FIXTURES]


@needs_fixtures
@pytest.mark.parametrize("name", a_fixture_a_converter())
def test_every_published_tensor_becomes_what_it_became(name: str) -> None:
    wanted = golden("converted.json", lambda: {name: converted_digest(name) for name in FIXTURES})
    assert converted_digest(name) == wanted[name]
