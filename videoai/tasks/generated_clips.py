"""What a generated clip teaches: how much it counts, and how sure its label is."""

from collections.abc import Sequence

import torch
from torch import Tensor

from videoai.core.seeding import generator_for
from videoai.core.types import Batch
from videoai.data.augment.mix import soft
from videoai.data.normalize import ToModelInput
from videoai.gan.sampling import MakesClips, to_pixels


class GeneratedTargets:
    """Labels of batches that hold generated clips turn soft, [B, K], and a generated clip's row sums to its weight.

    Every term of the classification loss is linear in the label, so a row that sums to 0.5 counts half; only the
    uniform share that ``trainer.label_smoothing`` adds is not scaled. Batches without generated clips stay as they are.
    """

    def __init__(self, *, num_real: int, num_classes: int, confidence: Tensor, weight: float = 1.0) -> None:
        """confidence: float [N], one per generated clip, 1 = no smoothing; the clip with index ``num_real`` is the
        first."""
        self.num_real, self.num_classes, self.weight = num_real, num_classes, weight
        self.confidence = confidence.float()

    def __call__(self, batch: Batch, position: int) -> Batch:
        is_generated = batch.index >= self.num_real
        if not is_generated.any():
            return batch
        of_clip = self.confidence[(batch.index - self.num_real).clamp(min=0)]
        sure = torch.where(is_generated, of_clip, 1.0).to(batch.video.device, non_blocking=True)[:, None]
        weight = torch.where(is_generated, self.weight, 1.0).to(batch.video.device, non_blocking=True)[:, None]
        label = soft(batch.label, self.num_classes).to(batch.video.dtype)
        return batch._replace(label=weight * (sure * label + (1 - sure) / self.num_classes))


class GeneratedClips:
    """Fills the places that real clips leave free in a batch with clips of a frozen generator, on the device."""

    def __init__(
        self,
        generator: MakesClips,
        *,
        to_input: ToModelInput,
        label_of: Sequence[int],
        wanted: Sequence[int],
        batch_size: int,
        num_real: int,
        until: int,
        seed: int,
    ) -> None:
        """generator: on the device, in evaluation mode. label_of: the data's label of each of its classes; wanted: its
        classes to draw from; until: the first batch without generated clips."""
        self.generator, self.to_input = generator, to_input
        self.label_of, self.wanted = torch.tensor(label_of), torch.tensor(wanted)
        self.batch_size, self.num_real, self.until, self.seed = batch_size, num_real, until, seed

    @torch.no_grad()
    def __call__(self, batch: Batch, position: int) -> Batch:
        missing = self.batch_size - len(batch.label)
        if position >= self.until or missing <= 0:
            return batch
        rng, device = generator_for(self.seed, "generate", position), batch.video.device
        label = self.wanted[torch.randint(len(self.wanted), (missing,), generator=rng)]
        latent = torch.randn(missing, self.generator.latent_size, generator=rng)
        wanted = (part.to(device, non_blocking=True) for part in (latent, label))
        pixels = to_pixels(self.generator(*wanted))  # bytes, as those of a file would be
        parts = (batch.video, self.to_input.normalized(pixels))
        return Batch(
            # As [B, T, C, H, W] in memory, like every other batch: sums over a clip then round alike.
            video=torch.cat([video.transpose(1, 2) for video in parts]).transpose(1, 2),
            label=torch.cat([batch.label, self.label_of[label].to(device, non_blocking=True)]),
            index=torch.cat([batch.index, torch.full((missing,), self.num_real)]),
        )
