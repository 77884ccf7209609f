"""Whether 3-D convolutions in bf16 are right on a device: some releases of cuDNN gave wrong ones
(https://github.com/pytorch/pytorch/issues/163539)."""

import math
from typing import get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.engine.precision import Layout, memory_format

MAX_CONV3D_ERROR = 0.02  # a CPU gave 0.006: 8 bits of mantissa; kernels that read the wrong memory give about 1
SHAPE, CHANNELS = (1, 64, 4, 14, 14), 64  # as in a block of r3d_18, of fewer pixels


def bf16_conv3d_error(device: torch.device) -> float:
    """The relative L2 distance of a 3 x 3 x 3 convolution in bf16 on ``device`` to fp32 on the CPU: of its output or
    of one of its gradients, in either memory layout, whichever is farthest off; NaN where one is not finite."""
    generator = torch.Generator().manual_seed(0)
    video = torch.randn(SHAPE, generator=generator)
    weight = torch.randn(CHANNELS, SHAPE[1], 3, 3, 3, generator=generator)
    wanted, errors = conv3d_and_gradients(video, weight), []
    for layout in map(memory_format, get_args(Layout)):
        placed = (tensor.to(device, torch.bfloat16, memory_format=layout) for tensor in (video, weight))
        errors += map(relative_error, conv3d_and_gradients(*placed), wanted)
    return math.nan if any(map(math.isnan, errors)) else max(errors)


def relative_error(given: Tensor, wanted: Tensor) -> float:
    """Relative L2."""
    return float((given.cpu().float() - wanted).norm() / wanted.norm())


def conv3d_and_gradients(video: Tensor, weight: Tensor) -> list[Tensor]:
    """The output, and the gradients of half the sum of its squares for the video and the weight."""
    video, weight = (tensor.detach().requires_grad_() for tensor in (video, weight))
    output = F.conv3d(video, weight, padding=1)
    return [output.detach(), *torch.autograd.grad(output, (video, weight), output.detach())]
