"""The device that a run uses."""

import torch

from videoai.core import distributed


def resolve_device(name: str) -> torch.device:
    """``auto`` = the first GPU if there is one.

    Raises: ValueError: a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device={name}: choose auto, cpu, cuda or cuda:N.") from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise ValueError(f"device={name}: choose auto, cpu, cuda or cuda:N.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={name}: torch sees no GPU here. Use device=cpu, or run videoai doctor to see why.")
    return own_gpu(device) if device.type == "cuda" and distributed.world_size() > 1 else device


def own_gpu(device: torch.device) -> torch.device:
    """Of several processes on a machine each has a GPU of its own. Raises: ValueError: there are fewer, or one was
    named."""
    number, there = distributed.local_rank(), torch.cuda.device_count()
    number = 0 if there == 1 else number  # a launcher may show each process its own GPU alone
    if device.index is not None or number >= there:
        raise ValueError(
            f"device={device}: process {number} of this machine takes GPU {number}, and torch sees {there}. Start as "
            "many processes as there are GPUs, with device=auto."
        )
    device = torch.device("cuda", number)
    torch.cuda.set_device(device)
    return device
