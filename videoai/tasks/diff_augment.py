"""DiffAugment (arXiv:2006.10738) of a classifier's batch: clips as the discriminator of a GAN sees them."""

from collections.abc import Sequence

from videoai.core.seeding import generator_for
from videoai.core.types import Batch
from videoai.data.normalize import ToModelInput
from videoai.gan.diff_augment import diff_augment


class DiffAugment:
    """A batch operation; its kernels are defined on pixels in [-1, 1]."""

    def __init__(self, policy: Sequence[str], *, to_input: ToModelInput, seed: int) -> None:
        self.policy, self.seed = policy, seed
        self.scale, self.shift = 2 * to_input.std, 2 * to_input.mean - 1

    def __call__(self, batch: Batch, position: int) -> Batch:
        rng = generator_for(self.seed, "diff_augment", "clips", position)
        video = diff_augment(batch.video * self.scale + self.shift, self.policy, rng)
        return batch._replace(video=(video - self.shift) / self.scale)
