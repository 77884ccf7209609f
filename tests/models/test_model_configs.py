"""configs/model and configs/clip say what the code says."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from videoai.core.build import resolve
from videoai.models import MODELS, TARGETS

CONFIGS = Path(__file__).parents[2] / "configs"
CLIP_KEYS = {"num_frames", "stride", "size", "resize", "fps", "sampling", "past_end", "mean", "std", "channels"}


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def test_every_model_has_a_config_and_every_config_a_model() -> None:
    assert {path.stem for path in (CONFIGS / "model").glob("*.yaml")} == {*MODELS, "auto"}


@pytest.mark.parametrize("name", list(MODELS))
def test_a_config_holds_every_option_with_its_default(name: str) -> None:
    config = read(CONFIGS / "model" / f"{name}.yaml")
    assert config.pop("name") == name
    config.pop("defaults")
    parameters = inspect.signature(resolve(TARGETS[name], "model")).parameters
    defaults = {key: p.default for key, p in parameters.items() if key != "num_classes"}
    if MODELS[name].pretrained:
        assert config.pop("pretrained") is False  # not the builder's: published weights are loaded after it
    assert config == {key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()}


@pytest.mark.parametrize("name", list(MODELS))
def test_a_config_picks_the_clip_of_the_table(name: str) -> None:
    clips = [line for line in read(CONFIGS / "model" / f"{name}.yaml")["defaults"] if "/clip@_global_.clip" in line]
    assert [list(line.values()) for line in clips] == [[MODELS[name].clip]]
    assert (CONFIGS / "clip" / f"{MODELS[name].clip}.yaml").is_file()


@pytest.mark.parametrize("path", sorted((CONFIGS / "clip").glob("*x*.yaml")), ids=lambda path: path.stem)
def test_the_name_of_a_clip_tells_frames_stride_and_size(path: Path) -> None:
    clip = read(path)
    assert set(clip) <= CLIP_KEYS
    assert path.stem == f"{clip['num_frames']}x{clip['stride']}x{clip['size']}"
    assert clip["resize"] >= clip["size"]
    assert not {"mean", "std", "channels"} & set(clip)  # they belong to the weights


@pytest.mark.parametrize("name", list(MODELS))
def test_a_card_is_complete(name: str) -> None:
    card = MODELS[name]
    assert card.summary and "\n" not in card.summary
    assert card.family == "control" or "arXiv:" in card.paper
