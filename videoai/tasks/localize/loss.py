"""The loss of per-frame classes: binary cross-entropy at each frame, and smoothness between neighbours."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from videoai.tasks.losses import MultiLabelLoss

SMOOTH, TRUNCATED = 0.15, 4.0  # weight of the truncated MSE and its limit, as published (arXiv:1903.01945)


@dataclass(frozen=True, kw_only=True)
class PerFrameLoss:
    """Logits [B, S, K, T] and labels float [B, K, T], 0 .. 1 -> a scalar; each of the S guesses counts alike."""

    classes: MultiLabelLoss

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        wanted = target[:, None].expand_as(logits)
        return self.classes(logits, wanted) + SMOOTH * truncated_change(logits)


def truncated_change(logits: Tensor) -> Tensor:
    """The mean squared change of log p from a frame to the next, each change TRUNCATED at most; the earlier frame is
    held fixed, as published."""
    log_p = F.logsigmoid(logits)
    change = (log_p[..., 1:] - log_p[..., :-1].detach()).abs().clamp(max=TRUNCATED)
    return change.square().mean()
