"""Spectral norms (arXiv:1802.05957) as a function of the step, however many of its micro-batches a process takes.

torch improves its estimate of a layer's gain in each pass in training. Of a step of several micro-batches only the
passes of the first one do so here, and a process that takes others repeats them: no estimate depends on clips.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import _SpectralNorm


@contextmanager
def norms_of_step(model: nn.Module, *, place: int, processes: int, passes: int) -> Iterator[None]:
    """Run the passes of a micro-batch inside, in training mode.

    Args:
        place: which micro-batch of the step it is; process r of n takes r, r + n, ...
        passes: how many of them the first micro-batch has.
    """
    if place == 0:
        yield
        return
    if place < processes:
        improve(model, passes)
    norms = [module for module in model.modules() if isinstance(module, _SpectralNorm)]
    for norm in norms:
        norm.eval()
    try:
        yield
    finally:
        for norm in norms:
            norm.train()


@torch.no_grad()
def improve(model: nn.Module, passes: int) -> None:
    """What this many passes do to the estimates, without clips."""
    for layer in model.modules():
        if parametrize.is_parametrized(layer):
            for name, parts in layer.parametrizations.items():  # pyright: ignore[reportAttributeAccessIssue, reportCallIssue]
                if any(isinstance(part, _SpectralNorm) for part in parts):
                    for _ in range(passes):
                        getattr(layer, name)
