"""The networks of a GAN and what is known of how they do: one module, so that one checkpoint holds all of it."""

from torch import nn

from videoai.gan.ada import Augmentation
from videoai.gan.monitor import Monitor


class Gan(nn.Module):
    """What a trainer trains. Only ``generator`` is averaged, evaluated and sampled from."""

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        augmentation: Augmentation,
        monitor: Monitor,
        auxiliary: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.augmentation, self.monitor, self.auxiliary = augmentation, monitor, auxiliary
