"""Several processes that each hold a part of every weight, gradient, average and optimizer state, on torch's FSDP2
(``fully_shard``; arXiv:2304.11277, arXiv:1910.02054).

- A unit is a block that the model repeats (``repeated_blocks``): its weights are gathered for its forward pass, freed
  behind it, and gathered again for its backward pass, whose gradients are added up and sharded.
- Weights are gathered once a step instead, and freed at its end, where processes have uneven numbers of micro-batches
  (each would wait for gathers that another never makes), and for several networks that are called one by one, such as
  those of a GAN.
- Gradients are added up, not averaged: the loss of each micro-batch is divided by ``accumulate`` already.
- The moving average is sharded alike. For an evaluation whole weights are gathered, once.
- A checkpoint is one file of whole tensors: it continues on any number of processes, and is evaluated anywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.modules.batchnorm import _BatchNorm

from videoai.core import process_group
from videoai.core.checkpoint import weights_hash
from videoai.engine.average import Average
from videoai.engine.parallel import Learner, Parallel, TrainStep
from videoai.engine.precision import Precision

Blocks = Callable[[nn.Module], list[nn.Module]]


class Shards(Parallel):
    """``parallel=shard``."""

    def __init__(
        self,
        learner: Learner,
        average: Average,
        precision: Precision,
        *,
        blocks: Blocks,
        accumulate: int,
        shard_size: int,
    ) -> None:
        """
        Args:
            blocks: the units of a network.
            shard_size: processes that share one copy of the model; several such groups hold a copy each.
        Raises: ValueError: ``shard_size`` does not divide the processes, or fp16.
        """
        super().__init__(learner)
        if precision.name == "fp16":
            raise ValueError(
                "trainer.precision=fp16 with parallel=shard: its loss scale is not shared. Use bf16 or fp32."
            )
        self._started_from = weights_hash(learner.model)
        mesh, trained, averaged = device_mesh(precision.device, shard_size), learner.model, average.averaged
        whole = has_forward(trained)
        self.gathers_once = not whole or accumulate % process_group.world_size() != 0
        self.trained = [
            shard(network, blocks(network), mesh, policy_for(network, precision))
            for network in ([trained] if whole else trained.children())
            if any(True for _ in network.parameters())
        ]
        self.averaged = [] if averaged is None else [shard(averaged, blocks(averaged), mesh, MixedPrecisionPolicy())]
        self._free_after_forward(not self.gathers_once)
        self._learning = self._requires_grad()

    @contextmanager
    def train_step(self, *, is_first: bool, is_last: bool) -> Iterator[TrainStep]:
        if is_first and self._requires_grad() != self._learning:
            self._thaw()
        if is_first and self.gathers_once:
            gather(self.trained)
        for network in self.trained:
            network.set_requires_gradient_sync(is_last)
            network.set_reshard_after_backward(not self.gathers_once)
        yield self.learner.train_step
        if is_last:
            free(self.trained)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Inside, each process holds all of the weights: processes have uneven numbers of batches."""
        gather([*self.trained, *self.averaged])
        self._free_after_forward(False)
        try:
            yield
        finally:
            self._free_after_forward(not self.gathers_once)
            free([*self.trained, *self.averaged])

    def weights_hash(self) -> str:
        return self._started_from

    def full_state(self, state: dict[str, Any]) -> dict[str, Any]:
        return full(state)

    def shard_state(self, state: dict[str, Any], average: Average, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        return {
            **state,
            "model": like(state["model"], self.learner.model.state_dict()),
            "ema": like(state["ema"] or {}, average.state_dict() or {}),
            "optimizer": optimizer_like(state["optimizer"], optimizer),
        }

    def _requires_grad(self) -> list[bool]:
        return [parameter.requires_grad for parameter in self.learner.model.parameters()]

    def _thaw(self) -> None:
        """FSDP keeps a second, whole parameter for each: what learns of the shards must learn of these, too."""
        self._learning = self._requires_grad()
        gather(self.trained)
        for parameter, learns in zip(self.learner.model.parameters(), self._learning, strict=True):
            parameter.requires_grad_(learns)
        free(self.trained)

    def _free_after_forward(self, does: bool) -> None:
        for network in (*self.trained, *self.averaged):
            network.set_reshard_after_forward(does)


def device_mesh(device: torch.device, shard_size: int) -> DeviceMesh:
    """One dimension, "shard"; or with several groups of processes "replicate" and "shard".

    Raises: ValueError: ``shard_size`` does not divide the processes.
    """
    processes = process_group.world_size()
    if processes % shard_size:
        raise ValueError(f"shard_size={shard_size} does not divide the {processes} processes.")
    if shard_size == processes:
        return init_device_mesh(device.type, (processes,), mesh_dim_names=("shard",))
    return init_device_mesh(device.type, (processes // shard_size, shard_size), mesh_dim_names=("replicate", "shard"))


def has_forward(model: nn.Module) -> bool:
    """Whether a model is called as a whole; that of a GAN only holds its networks."""
    return type(model).forward is not nn.Module.forward


def policy_for(network: nn.Module, precision: Precision) -> MixedPrecisionPolicy:
    """bf16 training gathers weights in bf16 and adds up gradients in fp32; batch norms need their weights in fp32."""
    has_batch_norm = any(isinstance(module, _BatchNorm) for module in network.modules())
    if precision.name != "bf16" or has_batch_norm:
        return MixedPrecisionPolicy()
    return MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)


def shard(network: nn.Module, blocks: list[nn.Module], mesh: DeviceMesh, policy: MixedPrecisionPolicy) -> FSDPModule:
    """``fully_shard`` of each block, and of what is left of the network; gradients are added up."""
    for parameter in network.parameters():  # channels-last ones, which FSDP refuses
        parameter.data = parameter.data.contiguous()
    for block in blocks:
        fully_shard(block, mesh=mesh, mp_policy=policy)
    whole = fully_shard(network, mesh=mesh, mp_policy=policy)
    for unit in units([whole]):
        unit.set_gradient_divide_factor(1.0)
        unit.set_force_sum_reduction_for_comms(True)
    return whole


def units(networks: list[FSDPModule]) -> Iterator[FSDPModule]:
    """What is gathered at once."""
    return (module for network in networks for module in network.modules() if isinstance(module, FSDPModule))  # pyright: ignore[reportAttributeAccessIssue]


def gather(networks: list[FSDPModule]) -> None:
    """Every process holds all weights, until ``free``."""
    for unit in units(networks):
        unit.unshard()


def free(networks: list[FSDPModule]) -> None:
    """Every process holds its shards alone."""
    for unit in units(networks):
        unit.reshard()


def full(value: Any) -> Any:
    """Nested plain data with sharded tensors -> the same on the CPU with whole ones; one at a time, and only in rank 0,
    so that memory holds."""
    if isinstance(value, DTensor):
        whole = value.full_tensor()
        return whole.cpu() if process_group.rank() == 0 else whole.new_empty(0)
    if isinstance(value, Mapping):
        return {key: full(one) for key, one in value.items()}
    return [full(one) for one in value] if isinstance(value, list) else value


def like(whole: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors of a checkpoint, sharded as those of the same names in ``own`` are."""
    return {key: shard_like(value, own.get(key)) for key, value in whole.items()}


def shard_like(value: Any, own: Any) -> Any:
    """A whole tensor, sharded as ``own`` is where both have one shape; anything else as it is."""
    if not isinstance(own, DTensor) or not isinstance(value, Tensor) or value.shape != own.shape:
        return value
    value = value.to(own.device)
    return distribute_tensor(value, own.device_mesh, own.placements, src_data_rank=None)  # every process has read it


def optimizer_like(state: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The state of each parameter, sharded as the parameter is."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    parts = {
        number: {key: shard_like(value, parameters[number]) for key, value in one.items()}
        for number, one in state["state"].items()
    }
    return {**state, "state": parts}
