"""Several processes that each hold the whole model, on torch's DistributedDataParallel (arXiv:2006.15704).

- Gradients are added up, not averaged: the loss of each micro-batch is divided by ``accumulate`` already.
- Nothing is sent before the last micro-batch of a process; then buckets are sent while its backward pass still runs.
- The buckets are the same ones in each step, so that a continued run gives the same bits. DDP makes new ones after its
  first step, in the order in which gradients came, unless it looks for unused parameters. It has to anyway: MViT has
  some, and the graph of a GAN changes from step to step.
- The wrapped module is the learner's whole step: DDP must see every forward pass, and a learner may call parts of the
  model, such as the networks of a GAN.
- Buffers are not overwritten by those of rank 0: running statistics are averaged (``average_buffers``).
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch._C._distributed_c10d import GradBucket
from torch.nn.parallel import DistributedDataParallel

from videoai.core.types import Clips
from videoai.engine.parallel import Learner, Parallel, TrainStep
from videoai.engine.precision import Precision


class Step(nn.Module):
    """A learner's step as a module: what DDP wraps. Only the loss has a gradient."""

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self.model, self.learner = learner.model, learner
        # Without a parameter that is never used DDP warns, in each process, that it looks for some in vain. DDP refuses
        # parameters on the CPU beside those on a GPU.
        device = next((parameter.device for parameter in self.model.parameters()), None)
        self.never_used = nn.Parameter(torch.zeros(1, device=device))

    def forward(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        stats = self.learner.train_step(clips, precision, position)
        return {key: value if key == "loss" else value.detach() for key, value in stats.items()}


class Replicas(Parallel):
    """``parallel=replicate``."""

    def __init__(self, learner: Learner) -> None:
        super().__init__(learner)
        self.step = Step(learner)
        self._ddp: DistributedDataParallel | None = None
        self._learning: list[bool] = []  # whether each parameter learned when the buckets were made

    @contextmanager
    def train_step(self, *, is_first: bool, is_last: bool) -> Iterator[TrainStep]:
        ddp = self._wrapped()
        with nullcontext() if is_last else ddp.no_sync():
            yield ddp

    def _wrapped(self) -> DistributedDataParallel:
        """DDP over what learns now: frozen layers that thaw need buckets, too."""
        learning = [parameter.requires_grad for parameter in self.step.parameters()]
        if self._ddp is None or learning != self._learning:
            self._ddp, self._learning = wrap(self.step), learning
        return self._ddp


def wrap(step: nn.Module) -> DistributedDataParallel:
    """DDP with the settings that the docstring of this module gives reasons for. All processes hold the same weights
    already."""
    with warnings.catch_warnings():
        # torch 2.15 renames it to forward_sync_buffers, which synchronises once all the same, and 2.11 does not know.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
        ddp = DistributedDataParallel(
            step, broadcast_buffers=False, init_sync=False, find_unused_parameters=True, gradient_as_bucket_view=True
        )
    ddp.register_comm_hook(None, add_up)
    return ddp


def add_up(state: object, bucket: GradBucket) -> torch.futures.Future[torch.Tensor]:
    """DDP's own hook without its division by the number of processes."""
    sent = dist.all_reduce(bucket.buffer(), async_op=True)
    return sent.get_future().then(lambda done: done.value()[0])
