"""The statistics of batch norms: those of several processes together, and the running ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
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
        norm.momentum, norm.num_batches_tracked = 0.0, _uncounted(norm)
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count


def _uncounted(norm: _BatchNorm) -> Tensor | None:
    """A counter that nobody reads; SyncBatchNorm has no forward pass without one."""
    count = norm.num_batches_tracked
    return count.clone() if isinstance(norm, nn.SyncBatchNorm) and count is not None else None


def synchronize_batch_norms(model: nn.Module) -> int:
    """Let each batch norm of ``model`` normalise by the clips of all processes: torch's SyncBatchNorm, with the same
    weights and names. It works on GPUs, and needs equally many micro-batches in each process, or they wait for each
    other without end. Layers in which timm joins a batch norm with an activation are such, too.

    Returns: how many there are.
    """
    from timm.layers.norm_act import convert_sync_batchnorm

    convert_sync_batchnorm(model)
    return sum(isinstance(module, nn.SyncBatchNorm) for module in model.modules())
