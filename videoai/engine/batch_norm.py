"""The running statistics of batch norms."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def bn_stats_frozen(model: nn.Module) -> Iterator[None]:
    """Keep the running means and variances of batch norms unchanged; they normalise as before.

    For the backward pass: activation checkpointing runs the forward pass again inside it, and the same clips would
    count twice. This covers checkpointing in this package, in timm and in a custom model.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    kept = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:  # not track_running_stats: it changes what is saved for the gradient, which checkpoint compares
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
