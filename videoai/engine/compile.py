"""Compiling a model in training with torch.compile: each of its blocks by itself, or the whole.

Blocks that are alike share one graph, so that a deep network compiles in the time of its different blocks; the whole
gives the compiler more to fuse and takes minutes. Modules are compiled in place, which keeps the names of the state
dict. Copies, such as a moving average of the weights, are not compiled, and evaluation never runs compiled code
(``not_compiled``): its numbers do not depend on the compiler.
"""

import copy
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.engine.precision import Precision

logger = logging.getLogger(__name__)

Units = Literal["blocks", "model"]
BACKEND = "inductor"
MAX_GRAPHS = 8  # a block, torch's own limit: training, frozen, recomputed


def compile_in_place(model: nn.Module, blocks: Sequence[nn.Module], units: Units) -> None:
    """Compile ``blocks`` of the model, each to one graph, or the model, with graph breaks where it needs them. Nothing
    happens before the first forward pass; then for each shape again, so shapes should stay the same."""
    from torch import _dynamo

    parts = blocks if units == "blocks" else [model]
    # torch counts the graphs of a piece of code, which all blocks of a kind share
    limit = MAX_GRAPHS * len(parts)
    _dynamo.config.recompile_limit = max(_dynamo.config.recompile_limit, limit)
    _dynamo.config.accumulated_recompile_limit = max(_dynamo.config.accumulated_recompile_limit, limit)
    for part in parts:
        part.compile(fullgraph=units == "blocks", dynamic=False, backend=BACKEND)


def compile_error(
    model: nn.Module, blocks: Sequence[nn.Module], units: Units, precision: Precision, video: Tensor, num_classes: int
) -> str:
    """Try it: compile a copy and run one training step. Returns: what is in the way, with the name of the block; "" =
    nothing.

    Args:
        video: float [B, 3, T, H, W], normalised, of the size that will be trained.
    """
    if units == "blocks" and not blocks:
        return f"{type(model).__name__} names no repeated_blocks, which videoai/models/__init__.py describes"
    clone, parts = copy.deepcopy((model, list(blocks)))
    compile_in_place(clone.train(), parts, units)
    label = torch.arange(len(video), device=video.device) % num_classes
    try:
        with torch.random.fork_rng(devices=[video.device] if video.is_cuda else []):
            with precision.autocast():
                loss = F.cross_entropy(clone(precision.place_video(video)), label)
            precision.backward(loss)
    except torch.OutOfMemoryError:
        logger.info("compile: not tried on a copy of the model, for which memory is short")
    except Exception as error:  # whatever the compiler or a stranger's code raises
        reason = getattr(error, "inner_exception", error)  # Dynamo wraps the error of a backend
        lines = str(reason).strip().splitlines() or [type(reason).__name__]
        return f"{_failed(clone, parts, error.__traceback__)} does not compile: {lines[0]}"
    return ""


def not_compiled() -> AbstractContextManager[None]:
    """Inside, compiled modules run as they are written."""
    return torch.compiler.set_stance("force_eager")  # pyright: ignore[reportReturnType]


def _failed(model: nn.Module, blocks: Sequence[nn.Module], traceback: TracebackType | None) -> str:
    """The block whose call failed: ``stages.0 (ResidualBlock)``; otherwise the class of the model."""
    names = {id(module): name for name, module in model.named_modules()}
    known, failed = {id(block) for block in blocks}, type(model).__name__
    while traceback:
        called = traceback.tb_frame.f_locals.get("self")
        if id(called) in known:
            failed = f"{names[id(called)]} ({type(called).__name__})"
        traceback = traceback.tb_next
    return failed
