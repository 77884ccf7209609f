"""Single-label action classification: clips -> augmented batch -> loss, with mixing and weight penalties."""

from dataclasses import dataclass

from torch import Tensor, nn

from videoai.core.types import Clips
from videoai.data.augment import Mix, ToModelInput
from videoai.data.operations import carry_out
from videoai.engine.optim import penalty
from videoai.engine.precision import Precision
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

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, Tensor]:
        """``position`` is the micro-batch's number in the run."""
        clips = carry_out(clips.to(precision.device))
        clips = self.generate(clips, position) if self.generate else clips
        batch = self.to_input(clips)
        batch = self.mix(self.targets(batch, clips.index) if self.targets else batch, position)
        with precision.autocast():
            logits = self.model(precision.place_video(batch.video))
        loss = self.loss(logits.float(), batch.label)
        if self.drawn:
            loss = self.drawn.mixed(loss, position, len(logits), self.loss)
        if self.l1 or self.l2:
            loss = loss + penalty(self.model, l1=self.l1, l2=self.l2)
        return {"loss": loss, **self.hits(logits.detach(), batch.label)}

    def hits(self, logits: Tensor, label: Tensor) -> dict[str, Tensor]:
        """How often the best class, of logits [B, K], is right: against the heavier label where labels are mixed."""
        hard = label if label.ndim == 1 else label.argmax(1)
        return {"top1": (logits.argmax(1) == hard).float().mean()}
