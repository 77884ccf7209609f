"""Adversarial training of a conditional video GAN as one loss a step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core import process_group
from videoai.core.seeding import generator_for
from videoai.core.types import BatchOp, Clips
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.gan.diff_augment import diff_augment
from videoai.gan.gan import Gan
from videoai.gan.losses import discriminator_hinge, generator_hinge, r1_penalty, sameness
from videoai.gan.sampling import batch_latents
from videoai.gan.spectral_norm import norms_of_step


@dataclass(kw_only=True)
class Generate:
    """``train_step``: Clips -> {"loss", "loss_d", "loss_g", "sign_real", "sign_fake", "augment_p"}, and with an
    auxiliary classifier {"class_real", "class_fake"}, its losses.

    All networks take their step from one backward pass, at the same time and each with a rate of its own: the scheme
    that TTUR is proven for (arXiv:1706.08500), and one pass of the generator cheaper than taking turns.
    """

    model: Gan
    to_input: ToModelInput  # to [-1, 1]
    policy: Sequence[str]  # operations of DiffAugment
    ops: Sequence[BatchOp] = ()  # the user's own operations, on real clips
    class_weight: float = 0.0  # weight of the auxiliary classifier's loss, for the generator
    mode_seeking_weight: float = 0.0  # weight of the mode-seeking loss; 0 = off
    r1: float = 0.0  # weight of the gradient penalty; 0 = off
    r1_every: int = 16  # steps; its weight grows by as much (lazy regularisation, arXiv:1912.04958)
    accumulate: int = 1  # micro-batches per step
    conditioning_steps: tuple[int, int] | None = None  # the class fades in between them; None = there from the start
    seed: int = 0

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        """``position`` is the micro-batch's number in the run: the noise and all other draws depend on it alone. Made
        clips have the classes of the real ones beside them."""
        place, processes = position % self.accumulate, process_group.world_size()
        is_penalized = self.r1 > 0 and position // self.accumulate % self.r1_every == 0
        norms = norms_of_step(self.model.discriminator, place=place, processes=processes, passes=2 + is_penalized)
        with norms:
            values = self.losses(clips, precision, position, is_penalized)
        if place == 0:  # once a step, and in the process that prints
            self.model.monitor.update(values["sign_real"], values["loss_d"])
        if place + processes >= self.accumulate:  # the last that this process takes
            self.model.augmentation.update()
        return {**values, "augment_p": self.model.augmentation.p.clone()}

    def losses(self, clips: Clips, precision: Precision, position: int, is_penalized: bool) -> dict[str, Tensor]:
        """Those that ``train_step`` returns, from two passes of the discriminator, or three."""
        batch = self.to_input(clips)
        for op in self.ops:
            batch = op(batch, position)
        real, label = batch.video, batch.label
        conditioning = self.conditioning(position)
        generator, discriminator = self.model.generator, self.model.discriminator
        size: int = generator.latent_size  # pyright: ignore[reportAssignmentType]
        noise = batch_latents(len(label), size, seed=self.seed, position=position).to(real.device, non_blocking=True)
        with precision.autocast():
            fake = generator(noise, label, conditioning)
            inputs = torch.cat([self.augment(real, "real", position), self.augment(fake.detach(), "fake", position)])
            fooling = precision.place_video(self.augment(fake, "fooling", position))
            scores = discriminator(precision.place_video(inputs), label.repeat(2), conditioning)
            with frozen(discriminator):
                fooled = discriminator(fooling, label, conditioning)
            class_losses = self.class_losses(inputs[: len(real)], fooling, label)
        real_scores, fake_scores = scores.chunk(2)
        loss_d, loss_g = discriminator_hinge(real_scores, fake_scores), generator_hinge(fooled)
        self.model.augmentation.note(real_scores)
        loss = loss_d + loss_g
        if class_losses:
            loss = loss + class_losses["class_real"] + self.class_weight * conditioning * class_losses["class_fake"]
        if self.mode_seeking_weight:
            class_losses["sameness"] = sameness(fake, real, label)
            loss = loss + self.mode_seeking_weight * class_losses["sameness"]
        if is_penalized:
            loss = loss + self.penalty(real, label, position)
        return {
            "loss": loss,
            "loss_d": loss_d,
            "loss_g": loss_g,
            "sign_real": real_scores.sign().mean(),
            "sign_fake": fake_scores.sign().mean(),
            **class_losses,
        }

    def penalty(self, real: Tensor, label: Tensor, position: int) -> Tensor:
        """R1 on augmented real clips, with the weight of the steps that go without it."""
        inputs, conditioning = self.augment(real, "r1", position), self.conditioning(position)
        return self.r1 * self.r1_every * r1_penalty(self.model.discriminator, inputs, label, conditioning)

    def conditioning(self, position: int) -> float:
        """The weight of the class: few clips a class collapse when it is there from the start (arXiv:2201.06578)."""
        if self.conditioning_steps is None:
            return 1.0
        begin, end = self.conditioning_steps
        return min(1.0, max(0.0, (position // self.accumulate - begin) / (end - begin)))

    def class_losses(self, real: Tensor, fake: Tensor, label: Tensor) -> dict[str, Tensor]:
        """The losses of the auxiliary classifier, which learns from real clips alone; {} without one."""
        auxiliary = self.model.auxiliary
        if auxiliary is None:
            return {}
        of_real = F.cross_entropy(auxiliary(real), label)
        with frozen(auxiliary):
            return {"class_real": of_real, "class_fake": F.cross_entropy(auxiliary(fake), label)}

    def augment(self, video: Tensor, what: str, position: int) -> Tensor:
        """As the discriminator sees it."""
        rng = generator_for(self.seed, "diff_augment", what, position)
        return diff_augment(video, self.policy, rng, self.model.augmentation.p)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """What runs inside gives ``module``'s parameters no gradient, but passes it on to its input."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
