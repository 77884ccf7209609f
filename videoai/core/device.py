"""The device that a run uses."""

import logging
from importlib.util import find_spec

import torch
from torch.nn import attention

from videoai.core import process_group

logger = logging.getLogger(__name__)
HOPPER = 9  # major compute capability of the GPUs that FlashAttention-3 is written for (arXiv:2407.08608)


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
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"device={name}: torch sees no Apple GPU here. Use device=cpu.")
    if device.type == "cuda" and process_group.world_size() > 1:
        return own_gpu(device)
    if device.type == "cuda" and (device.index or 0) >= (num_gpus := torch.cuda.device_count()):
        raise ValueError(
            f"device={name}: torch sees {num_gpus} GPUs here. Choose auto, or one from cuda:0 to cuda:{num_gpus - 1}."
        )
    return device


def take_device(name: str) -> torch.device:
    """``resolve_device`` for a whole run. A GPU that is named by its number becomes torch's current one: what says
    "cuda" alone, such as the thread that pins memory, would take half a GiB of the first GPU, which may be full.
    Convolutions in fp32 are no longer rounded to tf32, as torch has it, unless ``Precision`` chooses that.

    Raises: ValueError: a device that is not there.
    """
    device = resolve_device(name)
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        if device.index is not None:
            torch.cuda.set_device(device)
        prefer_flash_attention_3(device)
    return device


def prefer_flash_attention_3(device: torch.device) -> None:
    """Let torch's attention in bf16 and fp16 run FlashAttention-3 on a Hopper GPU, where its package is installed and
    torch is new enough to offer it; otherwise torch chooses between cuDNN's kernels and its own. Not run on a GPU yet.
    """
    activate = getattr(attention, "activate_flash_attention_impl", None)
    if activate is None or find_spec("flash_attn_interface") is None:
        return
    if torch.cuda.get_device_capability(device)[0] != HOPPER:
        return
    try:
        activate("FA3")
    except (ImportError, RuntimeError) as error:  # another version than torch wants
        logger.warning(
            "FlashAttention-3 is installed and does not work here (%s): torch's own attention is used", error
        )


def own_gpu(device: torch.device) -> torch.device:
    """The GPU of this process, where several on a machine have one each. Raises: ValueError: there are fewer GPUs, or
    one was named."""
    local_rank, num_gpus = process_group.local_rank(), torch.cuda.device_count()
    local_rank = 0 if num_gpus == 1 else local_rank  # a launcher may show each process its own GPU alone
    if device.index is not None or local_rank >= num_gpus:
        raise ValueError(
            f"device={device}: process {local_rank} of this machine takes GPU {local_rank}, and torch sees {num_gpus}. "
            "Start as many processes as there are GPUs, with device=auto."
        )
    device = torch.device("cuda", local_rank)
    torch.cuda.set_device(device)
    return device


def has_bf16(device: torch.device) -> bool:
    """Whether the GPU computes in bf16: by itself, as from capability 8.0 (Ampere) on. Older ones emulate it, slower
    than fp32, and torch counts them in unless told otherwise."""
    if device.type != "cuda":
        return False
    with torch.cuda.device(device):
        return torch.cuda.is_bf16_supported(including_emulation=False)


def emulates_bf16() -> bool:
    """Whether this CPU is known to compute bf16 by other instructions: a step of a small 3-D CNN then took 15 times as
    long as in fp32 (EPYC without AVX-512). False where torch does not tell, and on other architectures than x86."""
    facts = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return facts.get("architecture") == "x86_64" and not (facts.get("amx_bf16") or facts.get("avx512_bf16"))
