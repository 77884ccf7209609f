"""Several processes that train one model, as torchrun starts them. One process is the ordinary case: then, and before
the processes have met, every function here does nothing, or gives back what it was given.

The environment says who is who: RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, and MASTER_ADDR and MASTER_PORT to
meet at (https://docs.pytorch.org/docs/stable/elastic/run.html).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

T = TypeVar("T")
PATIENCE = timedelta(minutes=30)  # for another process, which may be fetching weights or rendering clips


def rank() -> int:
    """The number of this process; 0 is the one that writes and speaks."""
    return dist.get_rank() if _has_met() else 0


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if _has_met() else 1


def local_rank() -> int:
    """The number of this process on its machine: which GPU is its own."""
    return int(os.environ.get("LOCAL_RANK", 0)) if _has_met() else 0


def local_world_size() -> int:
    """How many of the processes share this machine's cores."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if _has_met() else 1


def _has_met() -> bool:
    return dist.is_available() and dist.is_initialized()


@contextmanager
def together(device_type: str) -> Iterator[None]:
    """Meet the other processes, if there are any, and part in the end. Raises: ValueError: nobody says where to
    meet."""
    processes = int(os.environ.get("WORLD_SIZE", 1))
    if processes == 1:
        yield
        return
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo", timeout=PATIENCE)
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
def _in_words() -> Iterator[None]:
    """Raises: ConnectionError: in place of a backend's own words, when another process has gone."""
    try:
        yield
    except RuntimeError as error:
        raise ConnectionError(
            f"process {rank()} lost another of the {world_size()} processes, whose own line says why "
            f"({str(error).splitlines()[0][-120:]}). The same command goes on from the last checkpoint."
        ) from error


def add_up(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its sum over all processes: one message for each type and device. As many, and of the same
    shapes, in every process."""
    if world_size() == 1:
        return
    for kind in dict.fromkeys((tensor.dtype, tensor.device) for tensor in tensors):
        alike = [tensor for tensor in tensors if (tensor.dtype, tensor.device) == kind]
        message = torch.cat([tensor.detach().reshape(-1) for tensor in alike])
        with _in_words():
            dist.all_reduce(message)
        for tensor, total in zip(alike, message.split([tensor.numel() for tensor in alike]), strict=True):
            tensor.detach().copy_(total.view_as(tensor))


def average(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor of floating-point numbers by its mean over all processes."""
    if world_size() > 1:
        numbers = [tensor for tensor in tensors if tensor.is_floating_point()]
        add_up(numbers)
        for tensor in numbers:
            tensor.detach().div_(world_size())


def largest(number: int) -> int:
    """The largest of the numbers that the processes give."""
    if world_size() == 1:
        return number
    held = torch.tensor(number)
    with _in_words():
        dist.all_reduce(held, dist.ReduceOp.MAX)
    return int(held)


def wait() -> None:
    """Until all processes are here."""
    largest(0)


def from_first(find: Callable[[], T]) -> T:
    """What ``find`` gives in the first process, in all of them: for what is measured, and may come out otherwise."""
    if world_size() == 1:
        return find()
    held = [find() if rank() == 0 else None]
    with _in_words():
        dist.broadcast_object_list(held, src=0, device=torch.device("cpu"))
    return held[0]  # pyright: ignore[reportReturnType]


def from_all(value: T) -> list[T]:
    """What every process gives, in their order. Plain data and tensors of the CPU."""
    if world_size() == 1:
        return [value]
    held: list[Any] = [None] * world_size()
    with _in_words():
        dist.all_gather_object(held, value)
    return held


@contextmanager
def first_goes_first() -> Iterator[None]:
    """The first process does what is inside alone, then the others: they find the files that it made."""
    if rank() > 0:
        wait()
    yield
    if rank() == 0:
        wait()
