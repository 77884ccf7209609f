"""Chooses number format, memory layout and threads of training: by a rule on a GPU, by measuring on a CPU.

Which is fastest depends on the chip, the model and the torch version: bf16 with channels_last_3d was 4.5 times faster
than fp32 for r3d_18 on a CPU with AMX, and slower than fp32 for tiny models. So the probe times real steps and keeps
what agrees with fp32.

Short steps on a CPU are timed on one thread and in CPU time, which other programs hardly change: with twelve of them on
two cores a step of tiny_r3d in bf16 took 72 to 84 ms of CPU time, but 247 to 301 ms by the clock, and on two threads,
which wait for each other, 341 to 1,464 ms of CPU time.
"""

import copy
import logging
import math
import time
from collections.abc import Callable
from typing import NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core.device import emulates_bf16, has_bf16
from videoai.engine.precision import Layout, Precision

logger = logging.getLogger(__name__)

MAX_DISAGREEMENT = 0.05  # relative L2 to fp32's logits: bf16 has 8 bits of mantissa, 18 layers gave 0.5-1.5 % here
# Relative L2 of one weight's gradient to fp32's. Sound bf16 gave 0.01 (ViTs) to 0.26 (SlowFast) in eleven models; the
# AVX-512 kernels of torch 2.15 for some narrow 3-D convolutions, which read memory that nobody wrote, 0.65 to infinity
# (r3d_18, r2plus1d_18, uniformer_s on a Zen 5).
MAX_GRADIENT_ERROR = 0.5
SHORT_STEP_MILLISECONDS = 100.0  # tiny_r3d takes 25 on one thread, r3d_18 thousands
# On two cores, where the loader needs the other one. One thread against two: 160 steps of 200 ms 41 and 55 s, a whole
# run of 784 such steps 196 and 278 s; 60 steps of 320 ms 26.5 and 26.5 s. With loading.num_workers=0 two threads are
# better: 60 steps of 200 ms 26 and 22 s. One EPYC without AVX-512, one or two runs each.
SHORT_STEP_ON_TWO_CORES = 250.0
MAX_GAIN = 5.0  # speed of another format over fp32: 4.5 was measured
MIN_GAIN = 1.1  # faster than fp32 by less is noise, and fp32 is the safer format


class Choice(NamedTuple):
    """One row of the probe."""

    name: str
    layout: str
    milliseconds: (
        float  # forward and backward of one batch, the fastest turn; CPU time on one thread, else by the clock
    )
    disagreement: float  # relative L2 distance of the logits to fp32's
    gradient_error: float = 0.0  # the worst weight in the worst turn, relative L2

    @property
    def is_sound(self) -> bool:
        """Whether it gives what fp32 gives, but for rounding."""
        return self.disagreement <= MAX_DISAGREEMENT and self.gradient_error <= MAX_GRADIENT_ERROR

    def __str__(self) -> str:
        error = "is not finite" if self.gradient_error == math.inf else f"by {self.gradient_error:.0%}"
        wrong = "" if self.is_sound else f", a weight's gradient {error}: wrong here, not used"
        return f"{self.name} {self.layout:<16} {self.milliseconds:8.1f} ms   off fp32 by {self.disagreement:.2%}{wrong}"


def resolve_precision(
    name: str,
    layout: str,
    num_threads: int | str,
    model: nn.Module,
    video: Tensor,
    num_classes: int,
    *,
    device: torch.device,
    report: Callable[[str], None],
) -> tuple[Precision, int]:
    """On a GPU by ``precision_on_gpu``. On a CPU measure where something is ``auto``: the fastest format that agrees
    with fp32 on this model and machine, without bf16 where the CPU emulates it; one thread when a step on it is short,
    otherwise all cores. Sets torch's threads.

    Several threads on short steps spend their time waiting for each other, on the cores that the loader's processes
    need: 257 instead of 158 clips a second for tiny_r3d on two cores with two workers.

    Args:
        video: float [B, C, T, H, W] of the size that will be trained.
        layout: auto = the one that suits a named format.
    Returns: the format, and the number of threads in force.
    Raises: ValueError: unknown name or layout.
    """
    if device.type != "cpu":
        return precision_on_gpu(name, layout, model, video, num_classes, report), torch.get_num_threads()
    formats, everything = candidates(name, layout, device), torch.get_num_threads()
    if name == "auto" and emulates_bf16():
        formats = [precision for precision in formats if precision.name != "bf16"]
    torch.set_num_threads(1 if num_threads == "auto" else int(num_threads))
    alone = num_threads == "auto" and _may_be_short(formats[0], model, video, everything)
    if num_threads == "auto" and not alone:
        torch.set_num_threads(everything)
    if len(formats) == 1 and not alone:
        return formats[0], torch.get_num_threads()
    rows = probe(formats, model, video, num_classes)
    best = choose_fastest(rows)
    if alone:
        torch.set_num_threads(threads_for(best, everything))
    if len(formats) > 1:
        report(f"precision: measured one training step in each format{', on one thread' if alone else ''}")
        for row in rows:
            report(f"  {row}{'  <- chosen' if row is best else ''}")
        if name == "auto" and emulates_bf16():
            report("  bf16 is left out: this CPU has no instructions for it")
    return formats[rows.index(best)], torch.get_num_threads()


def precision_on_gpu(
    name: str, layout: str, model: nn.Module, video: Tensor, num_classes: int, report: Callable[[str], None]
) -> Precision:
    """A rule, not a race: ``auto`` is bf16 where the GPU has it, and channels_last_3d for a model of 3-D convolutions.
    Its gradients are compared with those of fp32 once, on two clips, and fp32 is taken where they are wrong."""
    suiting = "channels_last_3d" if is_convolutional(model) else "contiguous"
    layout = suiting if layout == "auto" else layout
    fp32 = candidates("fp32", layout, video.device)[0]
    if name != "auto":
        return candidates(name, layout, video.device)[0]
    if not has_bf16(video.device):
        report("precision: fp32, since this GPU has no bf16; trainer.precision=fp16 by name")
        return fp32
    bf16 = candidates("bf16", layout, video.device)[0]
    try:
        error = gradient_error_on(bf16, fp32, model, video[:2], num_classes)
    except torch.OutOfMemoryError:
        report("precision: bf16; its gradients were not compared with those of fp32, for which memory is short")
        return bf16
    if error <= MAX_GRADIENT_ERROR:
        report(f"precision: bf16; the gradient of a weight is off fp32 by {error:.0%} at most, on two clips")
        return bf16
    report(f"precision: fp32; with bf16 the gradient of a weight is off by {error:.0%} here")
    return fp32


def is_convolutional(model: nn.Module) -> bool:
    """Whether most of the weights are in 3-D convolutions. A transformer has one, its patch embedding."""
    inside = sum(module.weight.numel() for module in model.modules() if isinstance(module, nn.Conv3d))
    return 2 * inside > sum(parameter.numel() for parameter in model.parameters())


def gradient_error_on(
    precision: Precision, reference: Precision, model: nn.Module, video: Tensor, num_classes: int
) -> float:
    """The gradient error of the worst weight, relative L2; one copy of the model at a time."""
    label = torch.arange(len(video), device=video.device) % num_classes
    wanted = gradients(reference, model, video, label)
    return worst_error(gradients(precision, model, video, label), wanted)


def gradients(precision: Precision, model: nn.Module, video: Tensor, label: Tensor) -> list[Tensor | None]:
    """Those of each parameter after a step of a copy of the model."""
    clone = precision.place(copy.deepcopy(model)).train()
    with torch.random.fork_rng(devices=[video.device] if video.is_cuda else []):
        torch.manual_seed(0)  # the same dropout in every format
        _milliseconds(precision, clone, video, label)
    return [parameter.grad for parameter in clone.parameters()]


def candidates(name: str, layout: str, device: torch.device) -> list[Precision]:
    """The formats to choose from, fp32 first; a named one stands alone. Raises: ValueError: unknown name or layout."""
    if layout not in ("auto", *get_args(Layout)):
        raise ValueError(f"trainer.layout={layout}: choose from auto, {', '.join(get_args(Layout))}.")
    if name != "auto":
        suiting = "contiguous" if name == "fp32" else "channels_last_3d"
        return [Precision(name, suiting if layout == "auto" else layout, device=device)]
    return [
        Precision(name, one, device=device)
        for name in ("fp32", "bf16")
        for one in get_args(Layout)
        if layout in ("auto", one) and (name, one) != ("bf16", "contiguous")  # never fastest where bf16 pays at all
    ]


def choose_fastest(rows: list[Choice]) -> Choice:
    """The fastest row that agrees with fp32, if it is faster than the first by MIN_GAIN; otherwise the first."""
    best = min([rows[0], *(row for row in rows if row.is_sound)], key=lambda row: row.milliseconds)
    return best if rows[0].milliseconds / best.milliseconds >= MIN_GAIN else rows[0]


def threads_for(row: Choice, everything: int) -> int:
    """One thread for a step that is short on it, otherwise all."""
    return 1 if row.milliseconds <= short_step(everything) else everything


def short_step(everything: int) -> float:
    """Milliseconds up to which a step is short, where torch has so many threads."""
    return SHORT_STEP_MILLISECONDS if everything > 2 else SHORT_STEP_ON_TWO_CORES


def probe(
    formats: list[Precision], model: nn.Module, video: Tensor, num_classes: int, *, rounds: int = 4
) -> list[Choice]:
    """Time forward and backward of copies of ``model``, and compare what comes out with the first format, fp32.

    The formats take turns, and the fastest turn of each counts: other programs' load then hits all of them alike.
    """
    device = formats[0].device
    label = torch.arange(len(video), device=device) % num_classes
    reference = _logits(Precision("fp32", device=device), model, video)
    errors = [float((_logits(p, model, video) - reference).norm() / reference.norm().clamp_min(1e-12)) for p in formats]
    clones = [p.place(copy.deepcopy(model)).train() for p in formats]
    times: list[list[float]] = [[] for _ in formats]
    wrong = [0.0 for _ in formats]
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):
        for turn in range(rounds + 1):
            for number, (precision, clone) in enumerate(zip(formats, clones, strict=True)):
                torch.manual_seed(turn)  # the same dropout in all formats
                clone.zero_grad(set_to_none=True)
                times[number].append(_milliseconds(precision, clone, video, label))
                wrong[number] = max(wrong[number], _gradient_error(clone, clones[0]))
    fastest = [min(row[1:]) for row in times]  # the first round allocates and builds kernels
    columns = zip(formats, fastest, errors, wrong, strict=True)
    return [Choice(p.name, p.layout, ms, error, worst) for p, ms, error, worst in columns]


def _gradient_error(clone: nn.Module, reference: nn.Module) -> float:
    """The gradient error of the worst weight."""
    return worst_error([p.grad for p in clone.parameters()], [p.grad for p in reference.parameters()])


def worst_error(given: list[Tensor | None], wanted: list[Tensor | None]) -> float:
    """The largest relative L2 distance of a weight's gradient; norms and biases do not count."""
    worst = 0.0
    for mine, other in zip(given, wanted, strict=True):
        if mine is not None and other is not None and mine.ndim > 1:
            error = float((mine - other).norm() / other.norm().clamp_min(1e-12))
            worst = max(worst, error if math.isfinite(error) else math.inf)
    return worst


def _may_be_short(precision: Precision, model: nn.Module, video: Tensor, everything: int) -> bool:
    """Whether a step may be short, estimated from one clip in the first format: on one thread a batch of a large
    model would take a minute a turn."""
    clone, label = precision.place(copy.deepcopy(model)).eval(), torch.zeros(1, dtype=torch.int64)
    with torch.random.fork_rng(devices=[]):
        one_clip = min(_milliseconds(precision, clone, video[:1], label) for _ in range(2))
    return len(video) * one_clip <= MAX_GAIN * short_step(everything)


@torch.no_grad()
def _logits(precision: Precision, model: nn.Module, video: Tensor) -> Tensor:
    clone = precision.place(copy.deepcopy(model)).eval()  # eval: dropout must not count as disagreement
    with precision.autocast():
        return clone(precision.place_video(video)).float()


def _milliseconds(precision: Precision, model: nn.Module, video: Tensor, label: Tensor) -> float:
    video = precision.place_video(video)
    clock = time.process_time if precision.device.type == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    with precision.autocast():
        outputs = model(video)
        # Outputs for frames have no label here, and their gradients any.
        loss = F.cross_entropy(outputs, label) if outputs.ndim == 2 else outputs.float().square().mean()
    precision.backward(loss)
    if precision.device.type == "cuda":
        torch.cuda.synchronize(precision.device)
    return (clock() - started) * 1000
