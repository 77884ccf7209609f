"""The authors' code, transformers and ours give the same vectors and logits. ``scripts/text_parity.py`` made the
fixtures; they hold no weights, which are drawn by a rule."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.text.filled import filled, texts, video
from videoai.models.published.clip import convert, joint, text_tower
from videoai.models.table import TARGETS
from videoai.models.text.classifier import TextClassifier
from videoai.models.text.tower import tower_from_state

FIXTURES = Path(__file__).parents[2] / "fixtures" / "text"
KINDS = sorted(path.stem for path in FIXTURES.glob("*.json") if path.stem != "tokens")
TOLERANCE = 1e-5
TINY = "tests.models.text.tiny"


@torch.inference_mode()
def ours(fixture: dict[str, Any], model: str) -> dict[str, Tensor]:
    """Vectors of texts, unit vectors of the clips, and logits, through the converters. ``model``: a name of the zoo."""
    sizes, state = fixture["sizes"], filled(fixture["shapes"])
    node = {"name": model} | ({"num_frames": sizes["frames"]} if model.startswith("xclip") else {})
    tower, joined = tower_from_state(text_tower(state), "filled"), joint(state)
    layers = len({key.split(".")[2] for key in joined if key.startswith("prompts.layers.")})
    classifier = TextClassifier(sizes["number"], network=node, texts=[1] * sizes["number"], prompts=layers).eval()
    vectors = tower(texts(sizes["number"], sizes["vocabulary"], sizes["context"]))
    network = {f"network.{key}": tensor for key, tensor in convert(state).items()}
    classifier.load_state_dict({**network, **joined, "texts": vectors})
    clip = video((sizes["batch"], 3, sizes["frames"], sizes["size"], sizes["size"]))
    found = classifier.forward_head(classifier.forward_features(clip), pre_logits=True)
    return {"texts": vectors, "videos": torch.nn.functional.normalize(found, dim=-1), "logits": classifier(clip)}


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_and_logits_are_those_of_the_reference(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = json.loads((FIXTURES / f"{kind}.json").read_text())
    monkeypatch.setitem(TARGETS, "clip", f"{TINY}:tiny_clip")
    monkeypatch.setitem(TARGETS, "xclip", f"{TINY}:tiny_xclip")
    given = ours(fixture, "xclip" if kind.endswith("xclip") else "clip")
    for name, tensor in given.items():
        assert (tensor - torch.tensor(fixture[name])).abs().max() <= TOLERANCE, name
    assert torch.tensor(fixture["logits"]).std() > 0.3  # a test that could not fail would be none
