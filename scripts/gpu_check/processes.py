"""What several processes rest on, in a group of one: NCCL, gradients through DistributedDataParallel as this project
wraps it, and FSDP2 (``fully_shard``)."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from arguments import parse
from rows import add, finish, part
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from workload import Workload, learner, new_workload

from videoai.core.types import Clips
from videoai.engine.parallel import Step, wrap
from videoai.engine.precision import Precision

LIMIT = 1e-3  # of gradients in fp32, relative L2: kernels add up in another order


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
    wanted = gradients(work, lambda model: learner(work, model).train_step)
    with part(what=f"DistributedDataParallel, {work.name}"):
        given = gradients(work, lambda model: wrap(Step(learner(work, model))))
        compare(f"DistributedDataParallel, {work.name}", given, wanted)
    with part(what=f"FSDP2, {work.name}"):
        given = gradients(work, lambda model: learner(work, sharded(model)).train_step)
        compare(f"FSDP2, {work.name}", given, wanted)


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


def gradients(work: Workload, step_of: Callable[[nn.Module], Callable[..., dict[str, Tensor]]]) -> list[Tensor | None]:
    """Those of a training step on two clips in fp32, from the same weights and random numbers."""
    precision = Precision("fp32", device=work.device)
    model = precision.place(work.fresh_model())
    model.zero_grad(set_to_none=True)
    step = step_of(model)
    torch.manual_seed(0)
    step(few(work), precision, 0)["loss"].backward()
    grads = [parameter.grad for parameter in model.parameters()]
    return [grad.full_tensor() if isinstance(grad, DTensor) else grad for grad in grads]


def sharded(model: nn.Module) -> nn.Module:
    """Its parameters become DTensors on a mesh of one device: the last use of the model."""
    return fully_shard(model, mesh=init_device_mesh(next(model.parameters()).device.type, (1,)))


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
