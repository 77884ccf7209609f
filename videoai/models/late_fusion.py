"""A network of pictures and one of sounds that answer together, or the one of sounds alone.

Late fusion: the logits of both are added. That is one linear layer over both pooled features side by side, because
W [f; g] = W_f f + W_g g (arXiv:2203.15332), and it works with every model of the zoo, whatever its head.
Modality dropout in training (ModDrop, arXiv:1501.00102; both, sound alone, picture alone of a clip as in
arXiv:2201.02184) teaches each to answer alone. So a clip without sound is answered by its picture.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from videoai.models.blocks import repeated_blocks
from videoai.models.heads import prefixed

# Natural logarithms of power between silence, -13.8, and full scale come to lie between about -1 and 1.
MIDDLE, HALF_RANGE = -7.0, 7.0


class SoundNet(nn.Module):
    """A small CNN on log-mel spectrograms in the manner of PANNs' Cnn6 (arXiv:1912.10211): four blocks of
    convolution, batch norm, ReLU and 2 x 2 average pooling; the mean over bands, then mean and maximum over time."""

    def __init__(self, num_classes: int, *, width: int = 16) -> None:
        super().__init__()
        self.width = width
        widths = [1, width, 2 * width, 4 * width, 8 * width]
        self.blocks = nn.Sequential(*(_block(*pair) for pair in pairwise(widths)))
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, sound: Tensor) -> Tensor:
        """sound: float [B, M, S], log-mel; NaN = none, which counts as nothing unusual -> logits [B, K]."""
        maps = self.blocks(((sound - MIDDLE) / HALF_RANGE).nan_to_num(0.0)[:, None]).mean(2)
        return self.head(maps.mean(2) + maps.amax(2))


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.AvgPool2d(2)
    )


class LateFusion(nn.Module):
    """``modalities=[v,a]``.

    Args:
        drop: chance that training takes the sound of a clip away; ``drop_video``: the picture, where there is sound.
    """

    def __init__(self, video: nn.Module, sound: SoundNet, *, drop: float = 0.25, drop_video: float = 0.25) -> None:
        super().__init__()
        self.video, self.sound, self.width = video, sound, sound.width
        self.drop, self.drop_video = drop, drop_video

    def forward(self, video: Tensor, sound: Tensor | None = None) -> Tensor:
        """video: float [B, 3, T, H, W], normalised; sound: float [B, M, S], a clip of NaN has none; None = no clip has
        any -> logits [B, K] (no softmax)."""
        if sound is None:
            return self.video(video)
        is_seen, is_heard = self.kept(~sound[:, 0, 0].isnan())
        return is_seen[:, None] * self.video(video) + is_heard[:, None] * self.sound(sound)

    def kept(self, has_sound: Tensor) -> tuple[Tensor, Tensor]:
        """bool [B], which clips have sound -> bool [B] each, whose picture and whose sound count. Draws in training
        alone, from torch's generator, which a step seeds by its position."""
        if not self.training:
            return torch.ones_like(has_sound), has_sound
        draw = torch.rand(len(has_sound), device=has_sound.device)
        is_heard = has_sound & (draw >= self.drop)
        return ~is_heard | (draw < 1 - self.drop_video), is_heard

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head of the picture. Without classes the network of sounds goes too: all of it learns where the head
        alone does."""
        self.video.reset_classifier(num_classes)  # pyright: ignore[reportCallIssue]
        self.sound = SoundNet(num_classes, width=self.width) if num_classes else nn.Identity()

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """The depths of the picture's network; that of sounds counts as its head."""
        return prefixed(self.video.group_matcher(coarse), "video")  # pyright: ignore[reportCallIssue]

    def no_weight_decay(self) -> set[str]:
        """Those of the picture's network."""
        return {f"video.{name}" for name in getattr(self.video, "no_weight_decay", set)()}

    def repeated_blocks(self) -> list[nn.Module]:
        """Those of the picture's network."""
        return repeated_blocks(self.video)


class SoundOnly(nn.Module):
    """``modalities=[a]``: called as the others are, it does not look at the picture."""

    def __init__(self, sound: SoundNet, num_mels: int, num_steps: int) -> None:
        super().__init__()
        self.sound, self.shape = sound, (num_mels, num_steps)

    def forward(self, video: Tensor, sound: Tensor | None = None) -> Tensor:
        """sound: float [B, M, S]; None, as where speed and precision are tried, is a sound of nothing -> logits
        [B, K]."""
        return self.sound(video.new_zeros(len(video), *self.shape) if sound is None else sound)


def outputs_of(model: nn.Module, video: Tensor, sound: Tensor | None) -> Tensor:
    """What a model says of clips, which a model that only sees gets without ``sound``."""
    return model(video) if sound is None else model(video, sound)
