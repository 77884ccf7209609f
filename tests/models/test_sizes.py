"""The stored sizes are what the models measure."""

import pytest

from videoai.models import MODELS
from videoai.models.sizes import measure, sizes

# Multiply-adds of one clip: torchvision's weights.meta["_ops"]
PUBLISHED_GFLOPS = {"r3d_18": 40.697, "mc3_18": 43.343, "r2plus1d_18": 40.519}


def test_every_model_has_its_size() -> None:
    """Refresh with: python scripts/write_zoo.py"""
    assert list(sizes()) == list(MODELS)


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("tiny_")])
def test_small_models_are_as_large_as_it_says(name: str) -> None:
    assert measure(name) == sizes()[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODELS if not name.startswith("tiny_")])
def test_models_are_as_large_as_it_says(name: str) -> None:
    assert measure(name) == sizes()[name]


@pytest.mark.parametrize("name", list(PUBLISHED_GFLOPS))
def test_multiply_adds_are_the_published_ones(name: str) -> None:
    assert sizes()[name].gflops == pytest.approx(PUBLISHED_GFLOPS[name], abs=0.006)  # ours are rounded to 0.01
