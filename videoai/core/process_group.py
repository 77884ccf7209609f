"""Collectives for several processes that train one model, as torchrun or srun starts them. In a single process, and
before the process group is initialised, every function here does nothing, or returns what it was given.

The environment names the processes: RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, and MASTER_ADDR and MASTER_PORT for
the rendezvous (https://docs.pytorch.org/docs/stable/elastic/run.html).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from videoai.core.launcher import LostProcess, launched_local_rank, launched_processes
from videoai.core.slurm import name_processes

T = TypeVar("T")
BACKENDS = ("gloo", "nccl", "connection")  # in the text of their errors
TIMEOUT = timedelta(minutes=30)  # another process may be downloading weights or rendering clips


def rank() -> int:
    """The number of this process; rank 0 writes files and logs."""
    return dist.get_rank() if is_initialized() else 0


def world_size() -> int:
    """The number of processes in the group."""
    return dist.get_world_size() if is_initialized() else 1


def local_rank() -> int:
    """The number of this process on its machine, which is the number of its GPU."""
    return launched_local_rank() if is_initialized() else 0


def local_world_size() -> int:
    """The number of processes on this machine, which share its cores."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if is_initialized() else 1


def is_initialized() -> bool:
    """Whether this process is in a process group."""
    return dist.is_available() and dist.is_initialized()


@contextmanager
def process_group(device_type: str) -> Iterator[None]:
    """Initialise the process group if WORLD_SIZE asks for one and there is none yet, and destroy it at the end.

    Raises: ValueError: the environment does not say where the processes meet.
    """
    name_processes(os.environ)
    processes = launched_processes()
    if processes == 1 or is_initialized():
        yield
        return
    try:
        store, rank, size = next(rendezvous("env://", timeout=TIMEOUT))
        # A restarted process must not meet those of the attempt before, whose addresses are still in the store.
        store = PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
        backend = "cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=TIMEOUT)
    except ValueError as error:
        raise ValueError(
            f"WORLD_SIZE={processes}, but the processes cannot meet ({str(error)[:120]}). Start them with torchrun "
            "--nproc-per-node N -m videoai train ..., or unset WORLD_SIZE to train in one."
        ) from error
    try:
        yield
    finally:
        dist.destroy_process_group()


@contextmanager
def as_connection_error() -> Iterator[None]:
    """Raises: LostProcess: another process ended; in place of the backend's own error."""
    try:
        yield
    except RuntimeError as error:
        if not (isinstance(error, dist.DistError) or any(name in str(error).lower() for name in BACKENDS)):
            raise
        raise LostProcess(
            f"process {rank()} lost another of the {world_size()} processes, whose own line says why "
            f"({str(error).splitlines()[0][-120:]}). The same command goes on from the last checkpoint."
        ) from error


def all_reduce_sum(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its sum over all processes, in one message for each dtype and device. Every process passes
    the same number of tensors, of the same shapes."""
    if world_size() == 1:
        return
    for kind in dict.fromkeys((tensor.dtype, tensor.device) for tensor in tensors):
        alike = [tensor for tensor in tensors if (tensor.dtype, tensor.device) == kind]
        message = torch.cat([tensor.detach().reshape(-1) for tensor in alike])
        with as_connection_error():
            dist.all_reduce(message)
        for tensor, total in zip(alike, message.split([tensor.numel() for tensor in alike]), strict=True):
            tensor.detach().copy_(total.view_as(tensor))


def all_reduce_mean(tensors: Sequence[Tensor]) -> None:
    """Replace each floating-point tensor by its mean over all processes; others stay."""
    if world_size() > 1:
        numbers = [tensor for tensor in tensors if tensor.is_floating_point()]
        all_reduce_sum(numbers)
        for tensor in numbers:
            tensor.detach().div_(world_size())


def all_reduce_max(number: int) -> int:
    """Returns: the largest of the numbers that the processes pass."""
    if world_size() == 1:
        return number
    largest = torch.tensor(number)
    with as_connection_error():
        dist.all_reduce(largest, dist.ReduceOp.MAX)
    return int(largest)


def barrier() -> None:
    """Wait until all processes have called it."""
    all_reduce_max(0)


def broadcast_from_rank0(find: Callable[[], T]) -> T:
    """Call ``find`` in rank 0 only and return its result in all processes: for measurements, which differ."""
    if world_size() == 1:
        return find()
    values = [find() if rank() == 0 else None]
    with as_connection_error():
        dist.broadcast_object_list(values, src=0, device=torch.device("cpu"))
    return values[0]  # pyright: ignore[reportReturnType]


def all_gather(value: T) -> list[T]:
    """Returns: the value of every process, by rank. Plain data and CPU tensors."""
    if world_size() == 1:
        return [value]
    values: list[Any] = [None] * world_size()
    with as_connection_error():
        dist.all_gather_object(values, value)
    return values


@contextmanager
def first_on_node() -> Iterator[None]:
    """The first process of each machine runs the body first, the others after it: they find the files that it made."""
    if local_rank() > 0:
        barrier()
    yield
    if local_rank() == 0:
        barrier()
