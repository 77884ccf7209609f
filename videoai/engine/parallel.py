"""One process, or several that train one model together: what the trainer asks of them.

A step of several processes is the step that one process makes of the same ``accumulate`` micro-batches, but for the
order of sums and the statistics of batch norms.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from videoai.core import process_group
from videoai.core.checkpoint import weights_hash
from videoai.core.cores import available_cores
from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.precision import Precision

logger = logging.getLogger(__name__)
Mode = Literal["auto", "none", "replicate", "shard"]
TrainStep = Callable[[Clips, Precision, int], dict[str, Tensor]]


class Learner(Protocol):
    """What a trainer trains: a model, and the step that turns clips into a loss."""

    @property
    def model(self) -> nn.Module: ...

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        """At least ``{"loss": scalar}``; everything else is logged as its mean."""
        ...


class Parallel:
    """``parallel=none``, and the base of the others: one process, which holds all of the model."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    @contextmanager
    def train_step(self, *, is_first: bool, is_last: bool) -> Iterator[TrainStep]:
        """What to call for a micro-batch; its backward pass belongs inside, too. ``is_first``, ``is_last``: of this
        process in a step. The last one's backward pass sends the gradients of all of them."""
        yield self.learner.train_step

    def evaluating(self) -> AbstractContextManager[object]:
        """Inside, the model and its average may be called as often as each process likes."""
        return nullcontext()

    def weights_hash(self) -> str:
        """Hash of the weights that this process started from; the same in all of them."""
        return weights_hash(self.learner.model)

    def full_state(self, state: dict[str, Any]) -> dict[str, Any]:
        """A checkpoint's content -> the same, with whole tensors. Only rank 0 has a use for it."""
        return state

    def shard_state(self, state: dict[str, Any], average: Average, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        """The inverse of ``full_state``: what this process holds of a checkpoint."""
        return state


def parallelize(
    mode: Mode,
    learner: Learner,
    average: Average,
    precision: Precision,
    *,
    blocks: Callable[[nn.Module], list[nn.Module]],
    accumulate: int,
    shard_size: int | None,
) -> Parallel:
    """How the processes of the group train the learner's model; ``auto`` = replicate where there are several. To be
    called before the optimizer is made: a sharded model has other parameters.

    Args:
        blocks: the units in which a network is sharded.
        accumulate: micro-batches of a step, over all processes.
        shard_size: processes that share one copy of a sharded model; None = all.
    Raises: ValueError: several processes with ``none``, or what a sharded model cannot do.
    """
    processes = process_group.world_size()
    if mode == "none" and processes > 1:
        raise ValueError(f"parallel=none, but {processes} processes were started. Set parallel=replicate or shard.")
    if processes == 1:
        if mode == "shard":
            logger.info("parallel=shard has no effect in one process: torchrun starts several")
        return Parallel(learner)
    if precision.device.type == "cpu" and process_group.local_world_size() > available_cores():
        logger.warning(
            "more processes than cores: they may starve each other; trainer.step_timeout=300 ends such a step"
        )
    if mode != "shard":
        from videoai.engine.replicate import Replicas

        return Replicas(learner)
    from videoai.engine.shard import Shards  # takes a second to import

    size = processes if shard_size is None else shard_size
    return Shards(learner, average, precision, blocks=blocks, accumulate=accumulate, shard_size=size)


def average_buffers(model: nn.Module) -> None:
    """Make the running statistics of a step means over all processes. Other buffers, such as tables of positions, stay
    as they are, to the bit."""
    if process_group.world_size() > 1:
        process_group.all_reduce_mean(list(running_statistics(model)))


def running_statistics(model: nn.Module) -> Iterator[Tensor]:
    """The buffers that clips change: those of norms in training, and those that a module names in
    ``running_buffers``. Those of a SyncBatchNorm are the same in all processes already."""
    for module in model.modules():
        if isinstance(module, nn.SyncBatchNorm):
            continue
        if isinstance(module, _NormBase) and module.training and module.running_mean is not None:
            yield module.running_mean
            yield module.running_var  # pyright: ignore[reportReturnType]
        yield from (getattr(module, name) for name in getattr(module, "running_buffers", ()))
