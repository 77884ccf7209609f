"""Single-label action classification: clips -> augmented batch -> loss, with mixing and weight penalties."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from videoai.core.seeding import generator_for
from videoai.core.types import Batch, Clips
from videoai.data.augment.mix import Mix
from videoai.data.augment.operations import carry_out
from videoai.data.normalize import ToModelInput
from videoai.engine.optim import penalty
from videoai.engine.precision import Precision
from videoai.gan.diff_augment import diff_augment
from videoai.tasks.drawn_features import DrawnFeatures
from videoai.tasks.losses import ClassificationLoss, MultiLabelLoss
from videoai.tasks.synthetic import GeneratedClips, GeneratedTargets


@dataclass(kw_only=True)
class Classify:
    """``train_step``: Clips -> {"loss", "top1"}."""

    model: nn.Module
    to_input: ToModelInput
    mix: Mix
    loss: ClassificationLoss | MultiLabelLoss = ClassificationLoss()  # noqa: RUF009 (frozen)
    generate: GeneratedClips | None = None
    targets: GeneratedTargets | None = None
    drawn: DrawnFeatures | None = None
    l1: float = 0.0
    l2: float = 0.0
    policy: Sequence[str] = ()  # of DiffAugment
    seed: int = 0

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        """``position`` is the micro-batch's number in the run."""
        clips = carry_out(clips.to(precision.device))
        clips = self.generate(clips, position) if self.generate else clips
        batch = self.diff_augmented(self.to_input(clips), position)
        batch = self.mix(self.targets(batch, clips.index) if self.targets else batch, position)
        with precision.autocast():
            logits = self.model(precision.place_video(batch.video))
        loss = self.loss(logits.float(), batch.label)
        if self.drawn:
            loss = self.drawn.mixed(loss, position, len(logits), self.loss)
        if self.l1 or self.l2:
            loss = loss + penalty(self.model, l1=self.l1, l2=self.l2)
        return {"loss": loss, **self.hits(logits.detach(), batch.label)}

    def diff_augmented(self, batch: Batch, position: int) -> Batch:
        """As the discriminator of a GAN sees clips; the operations are defined on [-1, 1]."""
        if not self.policy:
            return batch
        scale, shift = 2 * self.to_input.std, 2 * self.to_input.mean - 1
        draw = generator_for(self.seed, "diff_augment", "clips", position)
        return batch._replace(video=(diff_augment(batch.video * scale + shift, self.policy, draw) - shift) / scale)

    def hits(self, logits: Tensor, label: Tensor) -> dict[str, Tensor]:
        """How often the best class, of logits [B, K], is right: against the heavier label where labels are mixed."""
        hard = label if label.ndim == 1 else label.argmax(1)
        return {"top1": (logits.argmax(1) == hard).float().mean()}
