"""What a step takes on one core: milliseconds a frame of networks that answer frame by frame, with decoding, and beside
the same network and state in ONNX Runtime.

    python scripts/benchmark_step.py [MODEL ...] [--film FILE]

One thread. Fresh weights: time does not depend on them. Both runtimes take the same frame in turn, in one run, so other
programs slow both. Wall time, and processor time of the thread, which other programs disturb less. Decoding is that of
all frames of the film until the next one that the network takes; without --film, of 320x240 pixels at 25 a second.
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn

from videoai.core.types import ClipSpec
from videoai.data.encode import write_clip
from videoai.data.normalize import ToModelInput
from videoai.live.sources import FileSource
from videoai.models import MODELS, create_model
from videoai.models.memory import State
from videoai.models.published import find

STEPS, WARM = 60, 10
NUM_CLASSES = 600


class Took(NamedTuple):
    """Milliseconds."""

    wall: list[float]
    processor: list[float]

    def __str__(self) -> str:
        middle, late = np.percentile(self.wall, (50, 95))
        return f"{statistics.median(self.processor):6.1f} {min(self.wall):6.1f} {middle:6.1f} {late:6.1f}"


class Timer:
    """Times calls, after a few that warm up."""

    def __init__(self) -> None:
        self.took, self.calls = Took([], []), 0

    def __call__(self, work: Callable[[], Any]) -> Any:
        wall, processor = time.perf_counter(), time.thread_time()
        result = work()
        after, used = time.perf_counter(), time.thread_time()
        self.calls += 1
        if self.calls > WARM:
            self.took.wall.append(1000 * (after - wall))
            self.took.processor.append(1000 * (used - processor))
        return result


class Unrolled(nn.Module):
    """A step whose state is a list of arguments, as files of ONNX have it."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        logits, after = self.network.step(frame, state)
        return (logits, *after)


def exported(network: nn.Module, frame: Tensor, state: State, path: Path) -> Any:
    """A session of ONNX Runtime with one thread. Raises: whatever its exporter raises."""
    import onnxruntime

    made = torch.onnx.export(Unrolled(network).eval(), (frame, *state), dynamo=True, verbose=False)
    assert made is not None
    made.save(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def film(folder: Path) -> str:
    """Noise that moves, as cameras compress it."""
    small = np.random.default_rng(0).integers(0, 255, (STEPS + WARM, 30, 40, 3), dtype=np.uint8)
    write_clip(folder / "film.mp4", small.repeat(8, 1).repeat(8, 2), 25.0)
    return str(folder / "film.mp4")


def pictures(path: str, clip: ClipSpec, timer: Timer) -> Iterator[Tensor]:
    """The frames that the network takes, uint8 [C, H, W], without end; each call decodes all until there."""
    step = clip.stride
    while True:
        source = FileSource(path, clip).frames(lambda told: None)
        while True:
            taken = timer(lambda source=source: [one.picture for one in itertools.islice(source, step)])
            if len(taken) < step:
                break
            yield taken[0]


@torch.inference_mode()
def measure(name: str, path: str | None) -> str:
    """A line of the table."""
    weights = MODELS[name].pretrained
    frames, stride, size = map(int, MODELS[name].clip.split("x"))
    clip = find(weights).clip if weights else ClipSpec(num_frames=frames, stride=stride, size=size)
    network: Any = create_model(name, num_classes=NUM_CLASSES).eval()
    to_input, decode, ours, theirs = ToModelInput(clip), Timer(), Timer(), Timer()
    with tempfile.TemporaryDirectory() as folder:
        source = pictures(path or film(Path(folder)), clip, decode)
        frame = to_input.normalized(next(source)[None, None])[:, :, 0]
        _, state = network.step(frame)
        session, why = None, ""
        try:
            session = exported(network, frame, state, Path(folder) / "step.onnx")
        except Exception as error:  # an exporter raises many kinds; the row says which
            why = f"not exported: {type(error).__name__}"
        kept, apart = [tensor.numpy() for tensor in state], 0.0
        for picture in itertools.islice(source, STEPS + WARM):
            frame = to_input.normalized(picture[None, None])[:, :, 0]
            logits, state = ours(lambda frame=frame, state=state: network.step(frame, state))
            if session:
                names = [one.name for one in session.get_inputs()]
                given = dict(zip(names, [frame.numpy(), *kept], strict=True))
                answer, *kept = theirs(lambda given=given: session.run(None, given))
                apart = max(apart, float(np.abs(answer - logits.numpy()).max()))
    ratio = statistics.median(theirs.took.wall) / statistics.median(ours.took.wall) if session else None
    beside = f"{theirs.took} {ratio:6.2f} {apart:8.0e}" if ratio else why
    return f"{name:22} {clip.size:4} {decode.took} {ours.took} {beside}"


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["movinet_a0_stream"])
    parser.add_argument("--film")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'':27}{'decoding':>27}{'step':>28}{'ONNX Runtime':>28}")
    columns = f"{'cpu':>6} {'best':>6} {'p50':>6} {'p95':>6}"
    print(f"{'ms a frame':22} {'px':>4} {columns} {columns} {columns} {'ratio':>6} {'apart':>8}")
    for name in given.models:
        print(measure(name, given.film), flush=True)
    print(f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
