"""Which class does a clip show? A third network beside the two of a GAN (AC-GAN, arXiv:1610.09585)."""

from itertools import pairwise

from torch import Tensor, nn

from videoai.gan.generator import growth

GROUP = 8  # channels in a norm's group


class AuxiliaryClassifier(nn.Module):
    """Trains on real clips alone; its loss asks generated clips to show their class. A discriminator whose gain is
    bounded takes a thousand steps to separate motions; this takes three hundred.

    Norms are over groups, not over the batch, so that clips are independent. Time stays whole one stage longer than in
    the discriminator, because classes may differ in motion alone.

    Args:
        width: channels of the first convolution, a multiple of 8; they double twice.
    Raises: ValueError: another width.
    """

    def __init__(self, *, num_classes: int, num_frames: int, size: int, width: int = 16) -> None:
        super().__init__()
        if width < GROUP or width % GROUP:
            raise ValueError(f"gan.aux_classifier_width={width}: give a multiple of {GROUP}, or 0 for none.")
        stages = len(growth(num_frames, size).factors)
        widths = [3, *(width * 2 ** min(2, stage) for stage in range(stages + 1))]
        layers: list[nn.Module] = []
        for stage, (thin, wide) in enumerate(pairwise(widths)):
            stride = (1, 2, 2) if stage == 0 else 2 if stage < stages else 1
            layers += [nn.Conv3d(thin, wide, 3, stride, 1, bias=False), nn.GroupNorm(wide // GROUP, wide), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] in [-1, 1] -> logits float [B, K]."""
        return self.head(self.layers(video).flatten(2).mean(2)).float()
