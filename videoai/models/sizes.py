"""Parameters and multiply-adds of every model. ``sizes.json`` holds what ``measure`` gave: building 90 models takes
minutes. ``scripts/write_zoo.py`` writes it again, a test compares it."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from videoai.core.build import build
from videoai.models.table import MODELS, TARGETS

FILE = Path(__file__).with_name("sizes.json")
NUM_CLASSES = 400  # Kinetics-400, as papers count


class Size(NamedTuple):
    """The size of one model at 400 classes, for one view of its default clip."""

    parameters: int
    gflops: float  # multiply-adds / 1e9, as papers count: half of torch's flops. Recurrent layers are not counted


def measure(name: str) -> Size:
    """Build the model without memory (meta device) and count."""
    frames, _, size = map(int, MODELS[name].clip.split("x"))
    with torch.device("meta"):
        model = build({"name": name}, TARGETS, where="model", num_classes=NUM_CLASSES).eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            model(torch.empty(1, 3, frames, size, size))
    return Size(sum(p.numel() for p in model.parameters()), round(counter.get_total_flops() / 2e9, 2))


@cache
def sizes() -> dict[str, Size]:
    """The measured sizes, by model name."""
    return {name: Size(**row) for name, row in json.loads(FILE.read_text()).items()}
