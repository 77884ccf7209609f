"""Write tests/fixtures/movinet: what Atze00/MoViNet-pytorch gives for weights and clips that
tests/models/test_movinet.py draws; and compare all of its networks with ours.

python scripts/movinet_parity.py FOLDER            the fixtures, of ten classes and small frames
python scripts/movinet_parity.py FOLDER --full     no fixtures: each published row, at 600 classes and its own frames

FOLDER is a copy of github.com/Atze00/MoViNet-pytorch. Needs einops and fvcore beside videoai. The sizes of MoViNet are
facts of the published files; none of that code is here.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.models.test_movinet import FIXTURES, filled, normal  # noqa: E402
from videoai.models import from_published  # noqa: E402
from videoai.models.published import all_weights  # noqa: E402

STORED = ("a0_base", "a3_base", "a0_stream", "a1_stream", "a2_stream")
VIDEO = (2, 3, 7, 43, 43)  # odd and even sides meet inside
NUM_CLASSES = 10


def build(name: str, num_classes: int) -> tuple[Any, dict[str, list[int]]]:
    """The reference, filled, and its names and shapes."""
    from movinets import MoViNet  # pyright: ignore[reportMissingImports]
    from movinets.config import _C  # pyright: ignore[reportMissingImports]

    size, kind = name.split("_")
    stream = kind == "stream"
    plan = getattr(_C.MODEL, f"MoViNet{size.upper()}")
    model = MoViNet(plan, causal=stream, num_classes=num_classes, conv_type="2plus1d" if stream else "3d", tf_like=True)
    shapes = {key: list(tensor.shape) for key, tensor in model.state_dict().items()}
    model.load_state_dict(filled(shapes))
    return model.eval(), shapes


@torch.inference_mode()
def answers(model: Any, video: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [B, K] of the clip, and [T, B, K] of its frames one by one."""
    model.clean_activation_buffers()
    logits = model(video)
    model.clean_activation_buffers()
    steps = torch.stack([model(frame[:, :, None]) for frame in video.unbind(2)])
    return logits, steps


def write(name: str) -> None:
    """One fixture."""
    model, shapes = build(name, NUM_CLASSES)
    logits, steps = answers(model, normal("video", VIDEO))
    fixture = {"video": VIDEO, "logits": logits.tolist(), "steps": steps.tolist() if "stream" in name else None}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in {**fixture, "shapes": shapes}.items()]
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


@torch.inference_mode()
def compare(name: str, num_frames: int = 8) -> float:
    """The largest difference of logits in parts of their spread, at the size of the published clip."""
    model, shapes = build(name, 600)
    row = f"movinet/{name}_k600"
    ours: Any = from_published(row, filled(shapes)).eval()
    video = normal("video", (1, 3, num_frames, *[all_weights()[row].clip.size] * 2))
    logits, _ = answers(model, video)
    return ((ours(video) - logits).abs().max() / logits.std()).item()


def main() -> None:
    """Writes or compares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--full", action="store_true")
    given = parser.parse_args()
    sys.path.insert(0, str(given.folder))
    if not given.full:
        for name in STORED:
            write(name)
        return
    for row in (row for row in all_weights() if row.startswith("movinet/")):
        print(row, f"{compare(row.removeprefix('movinet/').removesuffix('_k600')):.1e}", flush=True)


if __name__ == "__main__":
    main()
