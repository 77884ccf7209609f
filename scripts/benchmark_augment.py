"""What augmentation costs: milliseconds a clip of every operation, in the loader and on the device under each preset,
and kernels and copies for a batch on a GPU.

    python scripts/benchmark_augment.py [VIDEO ...]

Operations run where the model runs (here the CPU, one thread); the loader decodes the videos given, or motion16's tiny
ones. The median of several repeats, of processor time. Kernels are counted without a GPU: the meta device takes the
same calls. An operation of torch counts as one kernel; some launch two or three.
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from videoai.compose.settings import from_arguments
from videoai.core.seeding import generator_for
from videoai.core.types import Clip, Clips, ClipSpec, Op, VideoItem
from videoai.data.augment.operations import apply_ops, arrange
from videoai.data.augment.policies import CHOICES, operation
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import TrainClips
from videoai.data.loader import collate
from videoai.data.motion16.dataset import motion16
from videoai.data.sampling import TemporalJitter
from videoai.settings.training import TrainSettings

CLIPS, FRAMES, REPEATS = 4, 16, 5
META = torch.device("meta")
DRAWN = ("scale", "ratio", "shift", "color_jitter", "policy", "num_ops", "magnitude", "erase")


def median_ms(work: Callable[[], object]) -> float:
    """Milliseconds of one call, of the processor: other programs may run too."""
    work()
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return 1000 * statistics.median(seconds)


def operations(size: int) -> None:
    """Milliseconds a clip of each operation at half its strength."""
    shape = (CLIPS, FRAMES, 3, size, size)
    video = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator_for(0, "benchmark"))
    ops = [op for name in CHOICES for op in operation(name, 0.5)]
    ops += [Op("invert"), Op("erase", (0, 0, size // 2, size // 2, 0, 0, 0))]
    zeros = torch.zeros(CLIPS, dtype=torch.int64)
    for op in ops:
        clips = Clips(video, zeros, zeros, zeros, [""] * CLIPS, arrange([(op,)] * CLIPS, (size, size)))
        print(f"  {op.name:12} {median_ms(partial(apply_ops, clips)) / CLIPS:6.1f} ms")


class Launches(TorchDispatchMode):
    """Counts what a GPU would be asked for: kernels, and copies from the host."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels = self.copies = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.ops.aten._to_copy.default and kwargs.get("device") == META and args[0].device != META:
            self.copies += 1
        elif not func.is_view and "empty" not in func.name():  # neither starts one
            self.kernels += 1
        return func(*args, **kwargs)


def decoded(dataset: TrainClips) -> list[list[Clip]]:
    """What a worker does, for four clips of every video."""
    return [dataset[epoch, index] for epoch in range(4) for index in range(len(dataset))]


def presets(items: list[VideoItem], size: int) -> None:
    """What the worker and the device each do for a clip."""
    clip = ClipSpec(num_frames=FRAMES, size=size, stride=2, resize=size * 8 // 7)
    for name in ("none", "standard", "strong", "randaugment", "trivial", "autoaugment", "randaugment x2"):
        preset, _, repeats = name.partition(" x")
        augment = from_arguments(TrainSettings, [f"augment={preset}"]).settings().augment
        transform = TrainTransform(size=size, **{key: getattr(augment, key) for key in DRAWN})
        dataset = TrainClips(items, clip, transform, seed=0, jitter=TemporalJitter(), repeats=int(repeats or 1))
        clips = collate(decoded(dataset))
        worker = median_ms(partial(decoded, dataset)) / len(clips.video)
        device = median_ms(partial(apply_ops, clips)) / len(clips.video)
        with Launches() as gpu:
            apply_ops(clips.to(META))
        print(
            f"  {name:15} worker {worker:6.1f} ms, device {device:5.1f} ms a clip; for a batch of {len(clips.video)} "
            f"{gpu.copies} copies and {gpu.kernels} kernels"
        )


def main() -> None:
    torch.set_num_threads(1)
    items = [VideoItem(path, 0) for path in sys.argv[1:]] or motion16(size="tiny").splits["train"][:8]
    for size in (112, 224):
        print(f"{FRAMES} frames of {size} px, torch {torch.__version__}, CPU, one thread")
        operations(size)
        presets(list(items[:8]), size)


if __name__ == "__main__":
    main()
