"""Number format, memory layout and loss scale of training: autocast and GradScaler, behind one object."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
from torch import Tensor, nn

Layout = Literal["contiguous", "channels_last_3d"]
DTYPES = {"fp32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
FP16_INITIAL_SCALE = 2.0**16  # GradScaler's own default, found again by halving when it overflows


class Precision:
    """Autocast, loss scaling and memory layout behind one object."""

    def __init__(self, name: str, layout: str = "contiguous", *, device: torch.device) -> None:
        if name not in DTYPES:
            raise ValueError(f"precision={name}: choose from auto, {', '.join(DTYPES)}.")
        if name in ("fp16", "tf32") and device.type == "cpu":
            raise ValueError(f"precision={name} needs a GPU; on this CPU choose auto, bf16 or fp32.")
        self.name, self.layout, self.device = name, layout, device
        self.scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16", init_scale=FP16_INITIAL_SCALE)

    def __str__(self) -> str:
        return f"{self.name}, {self.layout}"

    def autocast(self) -> AbstractContextManager[object]:
        """The forward pass runs under this; fp32 is the identity."""
        dtype = DTYPES[self.name]
        return nullcontext() if dtype == torch.float32 else torch.autocast(self.device.type, dtype=dtype)

    def place(self, model: nn.Module) -> nn.Module:
        """Move a model to the device and layout. From here on fp32 means fp32 on this GPU, also in convolutions, for
        which torch takes tf32 (10 bits of mantissa) unless told otherwise; ``tf32`` takes it everywhere."""
        model = model.to(self.device)
        if self.device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = self.name == "tf32"
        if self.layout == "channels_last_3d":  # Module.to(memory_format=) refuses a model that also holds 2-D kernels
            formats = {4: torch.channels_last, 5: torch.channels_last_3d}
            for weight in model.parameters():
                if weight.ndim in formats:
                    weight.data = weight.data.contiguous(memory_format=formats[weight.ndim])
        return model

    def place_video(self, video: Tensor) -> Tensor:
        """video: [B, C, T, H, W] -> the same, in the layout."""
        return video.contiguous(memory_format=memory_format(self.layout))

    def backward(self, loss: Tensor) -> None:
        """Accumulate gradients of a (scaled) loss."""
        self.scaler.scale(loss).backward()

    def clip(self, optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], max_norm: float | None) -> Tensor:
        """Undo the loss scale and clip. Returns: the gradient norm before clipping, a scalar on the device."""
        self.scaler.unscale_(optimizer)
        if max_norm is None:
            return nn.utils.get_total_norm([each.grad for each in parameters if each.grad is not None])
        return nn.utils.clip_grad_norm_(parameters, max_norm)

    def update(self, optimizer: torch.optim.Optimizer, grad_norm: Tensor) -> None:
        """Update the weights and clear the gradients. fp16 skips an update that overflowed and lowers its scale; a
        fused optimizer skips one whose ``grad_norm`` is not finite, which the host need not know."""
        if optimizer.defaults.get("fused") and not self.scaler.is_enabled():
            optimizer.found_inf = torch.isfinite(grad_norm).logical_not().float()  # pyright: ignore[reportAttributeAccessIssue]
        self.scaler.step(optimizer)
        self.scaler.update()
        optimizer.zero_grad(set_to_none=True)


def memory_format(layout: str) -> torch.memory_format:
    """torch's name for a layout."""
    return torch.channels_last_3d if layout == "channels_last_3d" else torch.contiguous_format
