"""Real or not? One trunk looks at the whole clip, another at single frames (DVD-GAN, arXiv:1907.06571)."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from videoai.gan.generator import growth


class Trunk(nn.Module):
    """Strided convolutions, one mean over the clip, and a class-conditional score by projection
    (arXiv:1802.05637): ``w . h + conditioning * <e(y), h>``."""

    def __init__(self, convolutions: Iterable[nn.Module], channels: int, num_classes: int) -> None:
        super().__init__()
        layers = [part for convolution in convolutions for part in (convolution, nn.LeakyReLU(0.2))]
        self.layers = nn.Sequential(*layers)
        self.score, self.classes = nn.Linear(channels, 1), nn.Embedding(num_classes, channels)

    def forward(self, x: Tensor, label: Tensor, conditioning: float) -> Tensor:
        """x: [B, 3, ...]; label: int64 [B] -> float [B]."""
        h = self.layers(x).flatten(2).mean(2)
        return self.score(h)[:, 0] + conditioning * (self.classes(label) * h).sum(1)


class DualDiscriminator(nn.Module):
    """The sum of both trunks' scores.

    Args:
        width: channels of the first convolution; they double with every stage, up to ``8 * width``.
        num_looks: frames that the frame trunk sees, spread over the clip; 0 = no frame trunk.
        spectral_norm: bound every layer's gain to one (arXiv:1802.05957).
    """

    def __init__(
        self,
        *,
        num_classes: int,
        num_frames: int,
        size: int,
        width: int = 24,
        num_looks: int = 2,
        spectral_norm: bool = True,
    ) -> None:
        super().__init__()
        factors = growth(num_frames, size).factors[::-1]  # the way back
        widths = [3, *(width * 2 ** min(3, stage) for stage in range(len(factors)))]
        pairs = list(zip(widths[:-1], widths[1:], factors, strict=True))
        whole = [_conv3d(thin, wide, factor) for thin, wide, factor in pairs]
        whole.append(nn.Conv3d(widths[-1], widths[-1], 3, padding=1))  # its field of view spans the clip
        self.clip = Trunk(whole, widths[-1], num_classes)
        frames = [nn.Conv2d(thin, wide, 4, stride=2, padding=1) for thin, wide, _ in pairs]
        self.frame = Trunk(frames, widths[-1], num_classes) if num_looks else None
        self.looks = [
            (2 * look + 1) * num_frames // (2 * num_looks) for look in range(num_looks)
        ]  # middles of equal parts
        self.normed = _normalise(self) if spectral_norm else []

    def forward(self, video: Tensor, label: Tensor, conditioning: float = 1.0) -> Tensor:
        """video: float [B, 3, T, H, W] in [-1, 1]; label: int64 [B]; conditioning: weight of the class in [0, 1] ->
        float [B]."""
        with parametrize.cached():
            self._norm_weights(video.device.type)
            score = self.clip(video, label, conditioning)
            if self.frame:
                frames = video[:, :, self.looks].transpose(1, 2).flatten(0, 1)
                each = self.frame(frames, label.repeat_interleave(len(self.looks)), conditioning)
                score = score + each.view(len(video), len(self.looks)).mean(1)
            return score.float()

    def _norm_weights(self, device: str) -> None:
        """One power iteration in fp32 also under autocast; the cache keeps its result for the pass."""
        if self.normed:
            with torch.autocast(device, enabled=False):
                for layer in self.normed:
                    layer.weight  # noqa: B018


def _conv3d(thin: int, wide: int, factor: tuple[int, int]) -> nn.Module:
    time, space = factor
    return nn.Conv3d(thin, wide, (4 if time == 2 else 3, 4, 4), stride=(time, space, space), padding=1)


def _normalise(module: nn.Module) -> list[nn.Module]:
    layers = [part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Conv3d | nn.Linear | nn.Embedding)]
    return [spectral_norm(layer) for layer in layers]
