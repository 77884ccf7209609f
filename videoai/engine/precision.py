"""Number format and memory layout of training, and the probe that picks both by measuring.

Which is fastest depends on the chip, the model and the torch version: bf16 with channels_last_3d was 4.5 times faster
than fp32 for r3d_18 on a CPU with AMX, and slower than fp32 for tiny models. So the probe times real steps and keeps
what agrees with fp32.
"""

import copy
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

logger = logging.getLogger(__name__)

Layout = Literal["contiguous", "channels_last_3d"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MAX_DISAGREEMENT = 0.05  # of fp32's logits, relative L2: bf16 has 8 bits of mantissa, 18 layers gave 0.5-1.5 % here
SHORT_STEP_MILLISECONDS = 100.0  # tiny_r3d takes 25 on one thread, r3d_18 thousands
MIN_GAIN = 1.1  # faster than fp32 by less is noise, and fp32 is the safer format
FP16_INITIAL_SCALE = 2.0**16  # GradScaler's own default, found again by halving when it overflows


class Choice(NamedTuple):
    """One row of the probe."""

    name: str
    layout: str
    milliseconds: float  # forward and backward of one batch, the fastest turn
    disagreement: float  # relative L2 distance of the logits to fp32's


class Precision:
    """Autocast, loss scaling and memory layout behind one object."""

    def __init__(self, name: str, layout: str = "contiguous", *, device: torch.device) -> None:
        if name not in DTYPES:
            raise ValueError(f"precision={name}: choose from auto, {', '.join(DTYPES)}.")
        if name == "fp16" and device.type == "cpu":
            raise ValueError("precision=fp16 needs a GPU; on this CPU choose auto, bf16 or fp32.")
        self.name, self.layout, self.device = name, layout, device
        self.scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16", init_scale=FP16_INITIAL_SCALE)

    def __str__(self) -> str:
        return f"{self.name}, {self.layout}"

    def autocast(self) -> AbstractContextManager[object]:
        """The forward pass runs under this; fp32 is the identity."""
        return torch.autocast(self.device.type, dtype=DTYPES[self.name], enabled=self.name != "fp32")

    def place(self, model: nn.Module) -> nn.Module:
        """Move a model to the device and layout."""
        model = model.to(self.device)
        if self.layout == "channels_last_3d":  # Module.to(memory_format=) refuses a model that also holds 2-D kernels
            formats = {4: torch.channels_last, 5: torch.channels_last_3d}
            for weight in model.parameters():
                if weight.ndim in formats:
                    weight.data = weight.data.contiguous(memory_format=formats[weight.ndim])
        return model

    def place_video(self, video: Tensor) -> Tensor:
        """video: [B, C, T, H, W] -> the same, in the layout."""
        return video.contiguous(memory_format=memory_format(self.layout))

    def backward(self, loss: Tensor) -> None:
        """Accumulate gradients of a (scaled) loss."""
        self.scaler.scale(loss).backward()

    def clip(self, optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], max_norm: float | None) -> Tensor:
        """Undo the loss scale and clip. Returns: the gradient norm before clipping, a scalar on the device."""
        self.scaler.unscale_(optimizer)
        return nn.utils.clip_grad_norm_(parameters, float("inf") if max_norm is None else max_norm)

    def update(self, optimizer: torch.optim.Optimizer) -> None:
        """Update the weights and clear the gradients; fp16 skips an update that overflowed and lowers its scale."""
        self.scaler.step(optimizer)
        self.scaler.update()
        optimizer.zero_grad(set_to_none=True)


def memory_format(layout: str) -> torch.memory_format:
    """torch's name for a layout."""
    return torch.channels_last_3d if layout == "channels_last_3d" else torch.contiguous_format


def resolve(
    name: str,
    layout: str,
    model: nn.Module,
    video: Tensor,
    num_classes: int,
    *,
    device: torch.device,
    report: Callable[[str], None],
) -> Precision:
    """``auto`` -> the fastest format that agrees with fp32 on this model and machine; otherwise the one that was asked
    for.

    video: float [B, C, T, H, W] of the size that will be trained. A named format with ``layout=auto`` takes the layout
    that suits it.

    Raises: ValueError: unknown name or layout.
    """
    if layout not in ("auto", *get_args(Layout)):
        raise ValueError(f"trainer.layout={layout}: choose from auto, {', '.join(get_args(Layout))}.")
    if name != "auto":
        suiting = "contiguous" if name == "fp32" else "channels_last_3d"
        return Precision(name, suiting if layout == "auto" else layout, device=device)
    rows = [row for row in probe(model, video, num_classes, device=device) if layout in ("auto", row.layout)]
    best = pick(rows)
    report("precision: measured one training step in each format")
    for row in rows:
        mark = "  <- chosen" if row is best else ""
        report(f"  {row.name} {row.layout:<16} {row.milliseconds:8.1f} ms   off fp32 by {row.disagreement:.2%}{mark}")
    return Precision(best.name, best.layout, device=device)


def settle_threads(
    num_threads: int | str, precision: Precision, model: nn.Module, video: Tensor, num_classes: int
) -> int:
    """Set torch's threads on a CPU: ``auto`` = one when a training step on one thread is short, otherwise all cores.

    Several threads on short steps spend their time waiting for each other, on the cores that the loader's processes
    need: 257 instead of 158 clips a second for tiny_r3d on two cores with two workers.

    Returns: the number in force. Raises: ValueError: neither a positive number nor ``auto``.
    """
    if num_threads != "auto" and (not isinstance(num_threads, int) or num_threads < 1):
        raise ValueError(f"trainer.num_threads={num_threads}: give a number of threads, at least 1, or auto.")
    if precision.device.type != "cpu":
        return torch.get_num_threads()
    everything = torch.get_num_threads()
    chosen = 1 if num_threads == "auto" else int(num_threads)
    torch.set_num_threads(chosen)
    if num_threads == "auto":
        clone = precision.place(copy.deepcopy(model)).train()
        label = torch.arange(len(video)) % num_classes
        with torch.random.fork_rng(devices=[]):
            fastest = min(_milliseconds(precision, clone, video, label) for _ in range(3))
        chosen = 1 if fastest <= SHORT_STEP_MILLISECONDS else everything
        torch.set_num_threads(chosen)
    return chosen


def pick(rows: list[Choice]) -> Choice:
    """The fastest row that agrees with the first (fp32), if it is faster by MIN_GAIN; otherwise the first."""
    agreeing = [row for row in rows if row.disagreement <= MAX_DISAGREEMENT]
    best = min(agreeing, key=lambda row: row.milliseconds)
    return best if rows[0].milliseconds / best.milliseconds >= MIN_GAIN else rows[0]


def probe(model: nn.Module, video: Tensor, num_classes: int, *, device: torch.device, rounds: int = 4) -> list[Choice]:
    """Time forward and backward of copies of ``model``; the first row is fp32 contiguous, the reference.

    The formats take turns, and the fastest turn of each counts: other programs' load then hits all of them alike.
    """
    names = ("fp32", "bf16") if device.type == "cpu" else ("fp32", "bf16", "fp16")
    formats = [
        Precision(name, layout, device=device)
        for name in names
        for layout in get_args(Layout)
        if (name, layout) != ("bf16", "contiguous")  # never the fastest where bf16 pays at all
    ]
    label = torch.arange(len(video), device=device) % num_classes
    reference = _logits(formats[0], model, video)
    errors = [float((_logits(p, model, video) - reference).norm() / reference.norm().clamp_min(1e-12)) for p in formats]
    clones = [p.place(copy.deepcopy(model)).train() for p in formats]
    times: list[list[float]] = [[] for _ in formats]
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else None):
        for _ in range(rounds + 1):
            for precision, clone, row in zip(formats, clones, times, strict=True):
                row.append(_milliseconds(precision, clone, video, label))
    fastest = [min(row[1:]) for row in times]  # the first round allocates and builds kernels
    return [Choice(p.name, p.layout, ms, error) for p, ms, error in zip(formats, fastest, errors, strict=True)]


@torch.no_grad()
def _logits(precision: Precision, model: nn.Module, video: Tensor) -> Tensor:
    clone = precision.place(copy.deepcopy(model)).eval()  # eval: dropout must not count as disagreement
    with precision.autocast():
        return clone(precision.place_video(video)).float()


def _milliseconds(precision: Precision, model: nn.Module, video: Tensor, label: Tensor) -> float:
    video = precision.place_video(video)
    started = time.perf_counter()
    with precision.autocast():
        loss = F.cross_entropy(model(video), label)
    precision.backward(loss)
    if precision.device.type == "cuda":
        torch.cuda.synchronize(precision.device)
    return (time.perf_counter() - started) * 1000
