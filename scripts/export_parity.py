"""Write every model of the zoo as ONNX and compare: the largest difference of logits, or why there is none.

python scripts/export_parity.py parity.md                   all, the cheapest first
python scripts/export_parity.py parity.md tiny_r3d x3d_s    these

Weights are random; the clip is the model's own. Each model has a process of its own, MAX_SECONDS and MAX_BYTES, and its
row is written as it ends. Models that the table has already are left out, so the same command goes on.
"""

import logging
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml

from videoai.compose.files import CONFIGS
from videoai.core.types import ClipSpec
from videoai.inference.exported import ExportedNetwork
from videoai.inference.load import LoadedModel
from videoai.inference.runtimes import open_onnx
from videoai.models import MODELS, create_model
from videoai.models.sizes import sizes
from videoai.run.export.network_file import MAX_PROTOBUF_BYTES, first_line, write_network
from videoai.run.export.stored_clip import TOLERANCE
from videoai.run.export.verify import verify

MAX_SECONDS, MAX_BYTES = 1200, 14 * 2**30
NUM_CLASSES = 10
FLOAT_BYTES = 4
HEAD = "| model | clip | M values | largest difference | of the largest logit | seconds |\n|---|---|---|---|---|---|\n"


def main(table: Path, names: list[str]) -> None:
    """Append a row for each model."""
    torch.set_num_threads(1)
    if not table.exists():
        table.write_text(HEAD)
    for name in names or sorted(MODELS, key=lambda one: sizes()[one].gflops or 0):
        if f"| `{name}` |" not in table.read_text():
            row = row_of(name)
            print(row, flush=True)
            with table.open("a") as file:
                file.write(row + "\n")


def row_of(name: str) -> str:
    """The row of a model, from a process of its own."""
    num_bytes = FLOAT_BYTES * sizes()[name].parameters
    if num_bytes > MAX_PROTOBUF_BYTES:
        return row(name, f"{num_bytes / 2**30:.1f} GB of weights; one file of ONNX holds 2 GB")
    context = multiprocessing.get_context("fork")
    answer: Any = context.SimpleQueue()
    process = context.Process(target=lambda: answer.put(compared(name)))
    process.start()
    process.join(MAX_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return row(name, f"not within {MAX_SECONDS} s")
    return answer.get() if process.exitcode == 0 else row(name, f"the process ended with {process.exitcode}")


def compared(name: str) -> str:
    """The row of a model that is written and read here."""
    logging.disable()
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_BYTES, MAX_BYTES))
    torch.manual_seed(0)
    begin = time.perf_counter()
    try:
        told = verified(name)
    except Exception as error:  # whatever it is, the next model comes
        return row(name, first_line(error)[:160].replace("|", "/"))
    share = TOLERANCE * told["max_difference"] / told["limit"]
    return row(name, f"{told['max_difference']:.1e} | {share:.1e} | {time.perf_counter() - begin:.0f}")


def verified(name: str) -> dict[str, float]:
    """As ``export`` compares them."""
    model, clip = create_model(name, num_classes=NUM_CLASSES).eval(), clip_of(name)
    original = LoadedModel(model, classes=[str(number) for number in range(NUM_CLASSES)], clip=clip)
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        write_network("onnx", path, model, clip, {})
        run = open_onnx(path, [3, clip.num_frames, clip.size, clip.size], NUM_CLASSES)
    return verify("model.onnx", original, ExportedNetwork(run, "00"), is_exact=True)


def clip_of(name: str) -> ClipSpec:
    """The model's default clip."""
    return ClipSpec(**yaml.safe_load((CONFIGS / "clip" / f"{MODELS[name].clip}.yaml").read_text()))


def row(name: str, rest: str) -> str:
    """A line of the table."""
    cells = rest if "|" in rest else f"{rest} | | "
    return f"| `{name}` | {MODELS[name].clip} | {sizes()[name].parameters / 1e6:.1f} | {cells} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
