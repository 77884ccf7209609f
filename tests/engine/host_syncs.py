"""Where a step would make the host wait for a GPU, found without one.

The meta device stands in for the GPU: its tensors have no values, so whatever asks for one fails at that place, and the
backward pass runs as on any other device.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

META = torch.device("meta")
READS = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "unique_dim", "bincount", "equal")


class HostSync(Exception):
    """On a GPU the host would wait here."""


class NoHostSyncs(TorchDispatchMode):
    """Inside, an operation for which a GPU would make the host wait raises ``HostSync``: one that reads a value or
    whose shape depends on values; a copy to the device, other than a non-blocking one; any copy from it."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if why := reason_to_wait(func.overloadpacket.__name__, args, kwargs):
            raise HostSync(f"{func}: {why}")
        return func(*args, **kwargs)


def reason_to_wait(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Why the host would wait for this operation; "" = it would not."""
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    on_device = [tensor for tensor in tensors if tensor.device == META]
    on_host = [tensor for tensor in tensors if tensor.device != META and tensor.ndim]  # a scalar is passed by value
    if name == "lift_fresh":  # torch.tensor calls it, also for a list that is used as an index
        return "copies numbers of Python to the device" if on_device else ""
    if name in ("_to_copy", "copy_"):
        device = kwargs.get("device", args[0].device)
        is_blocking = not (kwargs.get("non_blocking") or args[2:3] == (True,))
        if tensors[-1].device == META:
            return "copies to the host" if device != META else ""
        return "copies to the device, and waits" if device == META and is_blocking else ""
    if not on_device:
        return ""
    masks = [leaf for leaf in tree_leaves(args[1:2]) if isinstance(leaf, Tensor) and leaf.dtype == torch.bool]
    if name in READS or (name in ("index", "index_put", "index_put_") and masks):
        return "reads values from the device"
    return "takes a tensor of the host together with tensors of the device" if on_host else ""
