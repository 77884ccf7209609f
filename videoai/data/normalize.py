"""From clips to what a model takes: the one permute and the one division by 255, on the device."""

import torch
from torch import Tensor, nn

from videoai.core.types import Batch, Clips, ClipSpec
from videoai.data.augment.operations import apply_ops


class ToModelInput(nn.Module):
    """uint8 [B, T, C, H, W] -> normalised float [B, C, T, H, W]. Nowhere else is a clip permuted or divided by 255.

    Clips of features are floats already, and are permuted alone.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, clip: ClipSpec) -> None:
        super().__init__()
        shape, self.is_pixels = (1, 3, 1, 1, 1), clip.features is None
        self.register_buffer("mean", torch.tensor(clip.mean).view(shape), persistent=False)
        self.register_buffer("std", torch.tensor(clip.std).view(shape), persistent=False)
        self.reverse_channels = clip.channels == "bgr"  # mean and std are in the model's order

    def forward(self, clips: Clips) -> Batch:
        """Moves to the buffers' device, where the operations that workers drew are applied."""
        clips = apply_ops(clips.to(self.mean.device))
        return Batch(self.normalized(clips.video), clips.label, clips.index, clips.sound)

    def normalized(self, video: Tensor) -> Tensor:
        """Frames alone, uint8 [B, T, C, H, W], likewise; uint8 crosses the bus, floats never do."""
        video = video.to(self.mean.device, non_blocking=True)
        video = video.permute(0, 2, 1, 3, 4).float()  # [B, T, C, H, W] -> [B, C, T, H, W]
        if not self.is_pixels:
            return video
        video = video.div_(255)
        if self.reverse_channels:
            video = video.flip(1)
        return video.sub_(self.mean).div_(self.std)

    def pixels(self, video: Tensor) -> Tensor:
        """Back from what a model takes, float [B, C, T, H, W], to frames to look at, uint8 [B, T, C, H, W] in RGB."""
        video = video.float() * self.std + self.mean
        if self.reverse_channels:
            video = video.flip(1)
        return video.mul(255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 1, 3, 4)
