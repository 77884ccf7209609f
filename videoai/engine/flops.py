"""How much arithmetic a step needs and a GPU can do, for the model FLOPs utilisation (MFU; PaLM, arXiv:2204.02311,
appendix B)."""

import logging
import re

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

logger = logging.getLogger(__name__)

# Peak of bf16 products with float32 sums, dense, FLOP/s, from NVIDIA's data sheets; where these give the figure with
# sparsity it is halved. The first pattern that is found in torch.cuda.get_device_name counts.
PEAKS = (
    (r"\bMIG\b|Laptop|4090 D", None),  # a part of a card, or a slower one of the same name
    (r"\bB200\b", 2250e12),
    (r"\bH200\b", 989e12),
    (r"\bH100 NVL\b", 835e12),
    (r"\bH100 PCIe\b", 756e12),
    (r"\bH100\b", 989e12),  # SXM: "NVIDIA H100 80GB HBM3"
    (r"\bA100\b", 312e12),
    (r"\bL40S\b", 362e12),
    (r"\bL4\b", 121e12),
    (r"\bA10\b", 125e12),
    (r"\bRTX 4090\b", 165e12),  # NVIDIA Ada GPU architecture, table of the AD102
    (r"\bRTX 3090\b", 71e12),  # NVIDIA Ampere GA102 GPU architecture
)


def peak_flops(name: str) -> float | None:
    """FLOP/s that the GPU of this name can do in bf16; None = not known here."""
    return next((peak for pattern, peak in PEAKS if re.search(pattern, name)), None)


def seconds_at_peak(model: nn.Module, device: torch.device, *, num_frames: int, size: int) -> float | None:
    """How long a clip would take in training if the GPU worked at its peak; None = its peak or the model's FLOPs are
    not known."""
    peak = peak_flops(torch.cuda.get_device_name(device)) if device.type == "cuda" else None
    if peak is None:
        return None
    try:
        return count_flops(model, num_frames=num_frames, size=size) / peak
    except Exception as error:  # a model of the user's own may do anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        logger.info("mfu is not logged, the FLOPs of this model cannot be counted: %s", reason)
        return None


@torch.no_grad()
def count_flops(model: nn.Module, *, num_frames: int, size: int) -> float:
    """FLOPs of one clip in training, where all weights learn: three times those of the forward pass, since the backward
    pass has two products for each of its own. Activations that are computed again do not count. A multiplication and an
    addition are two. Counted on the meta device, which computes nothing.

    torch's counter takes grouped convolutions for dense ones in the backward pass, so that alone is not counted.

    Raises: Exception: a model that does not run there, of any kind.
    """
    tensors = {
        name: torch.empty_like(tensor, device="meta")
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]
    }
    clips = 2  # a batch norm in training refuses one value per channel
    with FlopCounterMode(display=False) as counter:
        functional_call(model, tensors, (torch.empty((clips, 3, num_frames, size, size), device="meta"),))
    return 3 * counter.get_total_flops() / clips
