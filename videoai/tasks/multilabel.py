"""Multi-label action classification: the same step as for one label, judged class by class."""

from dataclasses import dataclass

from torch import Tensor

from videoai.tasks.classify import Classify
from videoai.tasks.losses import MultiLabelLoss


@dataclass(kw_only=True)
class MultiLabel(Classify):
    """``train_step``: Clips with labels [B, K] of 0 and 1 -> {"loss", "hit1"}."""

    loss: MultiLabelLoss = MultiLabelLoss()  # noqa: RUF009 (frozen)

    def hits(self, logits: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Hit@1 (arXiv:1609.08675): how often the best class is one of the true ones, of either clip that was mixed."""
        return {"hit1": (label.gather(1, logits.argmax(1, keepdim=True)) > 0).float().mean()}
