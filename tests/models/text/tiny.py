"""Published weights of tiny networks that read texts, in the publishers' layout, with a vocabulary of tests."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.models.text.filled import filled
from videoai.core.types import ClipSpec
from videoai.models.clip import Clip
from videoai.models.published import Weights, all_weights
from videoai.models.published.clip import convert
from videoai.models.table import MODELS, TARGETS
from videoai.models.text.templates import CLIP, TEMPLATES, XCLIP
from videoai.models.video_vit import Width
from videoai.models.xclip import XClip

FIXTURES = Path(__file__).parents[2] / "fixtures" / "text"
NUM_FRAMES = 3


def tiny_clip(num_classes: int) -> Clip:
    """The network of the fixtures."""
    return Clip(num_classes, patch=8, width=Width(128, 2, 2, 512), embed=128, size=32)


def tiny_xclip(num_classes: int, *, num_frames: int = NUM_FRAMES) -> XClip:
    """The network of the fixtures."""
    return XClip(num_classes, num_frames=num_frames, patch=8, width=Width(128, 2, 2, 512), embed=128, size=32)


def publish(monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    """Add a row of each to the table. Returns: ``ID:FILE`` by the name of the model."""
    given = {}
    for name, kind, templates in (("tiny_clip", "hf_clip", CLIP), ("tiny_xclip", "hf_xclip", XCLIP)):
        file = folder / name / "pytorch_model.bin"
        file.parent.mkdir(parents=True)
        torch.save(filled(json.loads((FIXTURES / f"{kind}.json").read_text())["shapes"]), file)
        shutil.copy(FIXTURES / "merges.txt", file.parent)
        clip = ClipSpec(num_frames=NUM_FRAMES, size=32, sampling="uniform")
        row = Weights(model=name, convert=convert, clip=clip, licence="MIT", url=None, num_classes=0)
        monkeypatch.setitem(MODELS, name, MODELS["clip_b32"])
        monkeypatch.setitem(TARGETS, name, f"{__name__}:{name}")
        monkeypatch.setitem(TEMPLATES, name, templates)
        monkeypatch.setitem(all_weights(), f"hf/{name}", row)
        given[name] = f"hf/{name}:{file}"
    return given
