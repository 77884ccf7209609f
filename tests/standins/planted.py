"""A custom generator with known faults, to test the metrics of generators."""

import torch
from torch import Tensor, nn


class Planted(nn.Module):
    """Gives back clips that it holds, ``per_class`` of each class.

    mode: ``diverse`` = moved by up to four pixels; ``copies`` = as they are; ``collapsed`` = one of each class,
    whatever the latent; ``wrong`` = those of the next class.
    """

    def __init__(
        self, *, num_classes: int, num_frames: int, size: int, mode: str = "diverse", per_class: int = 4
    ) -> None:
        super().__init__()
        self.num_classes, self.num_frames, self.size, self.latent_size = num_classes, num_frames, size, 4
        self.mode, self.per_class = mode, per_class
        self.clips = nn.Parameter(torch.zeros(num_classes, per_class, 3, num_frames, size, size))

    def forward(self, latent: Tensor, label: Tensor, conditioning: float = 1.0) -> Tensor:
        """latent: [B, 4], label: [B] -> [B, 3, T, H, W] in [-1, 1]."""
        share = torch.special.ndtr(latent)  # uniform in 0 .. 1
        which = (share[:, 0] * self.per_class).long().clamp(max=self.per_class - 1)
        if self.mode == "wrong":
            label = (label + 1) % self.num_classes
        if self.mode == "collapsed":
            return self.clips[label, 0]
        video = self.clips[label, which]
        if self.mode == "copies":
            return video
        moves = (share[:, 1:3] * 9).long().clamp(max=8) - 4
        return torch.stack(
            [clip.roll(move, (-2, -1)) for clip, move in zip(video, map(tuple, moves.tolist()), strict=True)]
        )
