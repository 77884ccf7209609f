"""What several processes rest on, in a group of one: NCCL, and gradients through DistributedDataParallel and FSDP2 as
``parallel=replicate`` and ``parallel=shard`` wrap a model."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from arguments import parse
from rows import add, finish, part
from torch import Tensor, distributed
from torch.distributed.tensor import DTensor
from workload import Workload, learner, new_workload

from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.parallel import Learner, Parallel
from videoai.engine.precision import Precision
from videoai.engine.replicate import Replicas
from videoai.engine.shard import Shards
from videoai.models.blocks import repeated_blocks

LIMIT = 1e-3  # relative L2 distance of gradients in fp32: kernels add up in another order


def main() -> None:
    options = parse(__doc__)
    device = torch.device(options.device, 0) if options.device == "cuda" else torch.device("cpu")
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"  # as core/process_group.py
    with tempfile.TemporaryDirectory() as folder:
        meet = f"file://{Path(folder) / 'meet'}"
        distributed.init_process_group(backend, init_method=meet, rank=0, world_size=1)
        with part(what="all_reduce"):
            collectives(device, 2**10 if options.small else 2**27)
        for name in ("r3d_18", "videomae_base"):
            check_wrappers(new_workload(name, options.device, small=options.small))
        distributed.destroy_process_group()
    finish()


def check_wrappers(work: Workload) -> None:
    """The gradients of a model through each of them are those without."""
    wanted = gradients(work, lambda learner, precision: Parallel(learner))
    with part(what=f"replicate, {work.name}"):
        given = gradients(work, lambda learner, precision: Replicas(learner))
        compare(f"replicate, {work.name}", given, wanted)
    with part(what=f"shard, {work.name}"):  # the last use of the model, whose parameters become DTensors
        compare(f"shard, {work.name}", gradients(work, shards), wanted)


def shards(learner: Learner, precision: Precision) -> Parallel:
    """On a mesh of one device."""
    how = {"blocks": repeated_blocks, "accumulate": 1, "shard_size": 1}
    return Shards(learner, Average(learner.model), precision, **how)


def collectives(device: torch.device, numbers: int) -> None:
    """A tensor on the device through NCCL, and objects, which go by the CPU."""
    tensor = torch.ones(numbers, device=device)
    distributed.all_reduce(tensor)  # the first one makes the communicator
    began = time.perf_counter()
    distributed.all_reduce(tensor)
    assert float(tensor.sum()) == numbers  # waits for the device
    add(what="all_reduce", backend=distributed.get_backend(), GB=4 * numbers / 1e9, seconds=time.perf_counter() - began)
    gathered: list[object] = [None]
    distributed.all_gather_object(gathered, {"rank": 0})
    distributed.broadcast_object_list(gathered, src=0, device=torch.device("cpu"))
    distributed.barrier()
    add(what="objects, barrier", value=str(gathered))


def gradients(work: Workload, wrap: Callable[[Learner, Precision], Parallel]) -> list[Tensor | None]:
    """Those of a training step on two clips in fp32, from the same weights and random numbers."""
    precision = Precision("fp32", device=work.device)
    model = precision.place(work.fresh_model())
    model.zero_grad(set_to_none=True)
    parallel = wrap(learner(work, model), precision)
    torch.manual_seed(0)
    with parallel.train_step(is_first=True, is_last=True) as train_step:
        precision.backward(train_step(few(work), precision, 0)["loss"])
    grads = [parameter.grad for parameter in model.parameters()]
    return [grad.full_tensor() if isinstance(grad, DTensor) else grad for grad in grads]


def few(work: Workload) -> Clips:
    """Two clips."""
    clips = work.clips
    return clips._replace(video=clips.video[:2], label=clips.label[:2], index=clips.index[:2], view=clips.view[:2])


def compare(what: str, given: list[Tensor | None], wanted: list[Tensor | None]) -> None:
    """Raises: ValueError: a gradient is missing, or another one than without the wrapper."""
    pairs = [(mine, other) for mine, other in zip(given, wanted, strict=True) if other is not None]
    errors = [1.0 if mine is None else float((mine - other).norm() / other.norm()) for mine, other in pairs]
    add(what=what, value=f"gradients of {len(pairs)} parameters, off by {max(errors):.1g} at most")
    if not max(errors) <= LIMIT:
        raise ValueError(f"a gradient is missing or off by {max(errors):.1g}, above {LIMIT}")


if __name__ == "__main__":
    main()
