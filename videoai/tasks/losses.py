"""Classification losses: cross-entropy for one label, binary cross-entropy for several, and what makes up for classes
of very different sizes."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.engine.optim import penalty
from videoai.tasks.drawn_features import DrawnFeatures
from videoai.tasks.task import Criterion


@dataclass(frozen=True, kw_only=True)
class TrainingLoss:
    """A task's loss of a batch, with what a run adds: features drawn beside its clips, and a penalty on the weights."""

    criterion: Criterion
    model: nn.Module
    drawn: DrawnFeatures | None = None
    l1: float = 0.0
    l2: float = 0.0

    def __call__(self, logits: Tensor, target: Tensor, position: int) -> Tensor:
        """``position`` is the micro-batch's number in the run."""
        loss = self.criterion(logits, target)
        if self.drawn:
            loss = self.drawn.mixed(loss, position, len(logits), self.criterion)
        if self.l1 or self.l2:
            loss = loss + penalty(self.model, l1=self.l1, l2=self.l2)
        return loss


@dataclass(frozen=True, kw_only=True)
class ClassificationLoss:
    """Logits [B, K] and labels, int64 [B] or soft [B, K] -> a scalar. By default plain cross-entropy."""

    label_smoothing: float = 0.0
    focal: float = 0.0  # gamma of focal loss (arXiv:1708.02002): each class's term times (1 - p) ** gamma
    weight: Tensor | None = None  # [K], weight of each class
    log_prior: Tensor | None = None  # [K], added to the logits in training only: balanced softmax (arXiv:2007.10740)

    def __call__(self, logits: Tensor, label: Tensor) -> Tensor:
        if self.log_prior is not None:
            logits = logits + self.log_prior
        if self.weight is None and not self.focal:
            return F.cross_entropy(logits, label, label_smoothing=self.label_smoothing)
        target = self._smooth(label if label.ndim == 2 else F.one_hot(label, logits.shape[1]).to(logits.dtype))
        log_p = logits.log_softmax(1)
        terms = target * log_p * (1 - log_p.exp()).pow(self.focal)
        if self.weight is not None:
            terms = terms * self.weight
        return -terms.sum(1).mean()  # over clips and not over weights: a rare class keeps its weight in any batch

    def _smooth(self, target: Tensor) -> Tensor:
        return target.lerp(torch.full_like(target, 1 / target.shape[1]), self.label_smoothing)


def classification_loss(
    counts: Tensor,
    *,
    label_smoothing: float = 0.0,
    focal: float = 0.0,
    effective_number: float = 0.0,
    balanced_softmax: bool = False,
) -> ClassificationLoss:
    """The loss for classes of which ``counts`` clips, [K], come in an epoch; on the device of ``counts``."""
    counts = counts.float().clamp(min=1)  # a class that never comes must not be infinitely rare
    return ClassificationLoss(
        label_smoothing=label_smoothing,
        focal=focal,
        weight=effective_number_weights(counts, effective_number) if effective_number else None,
        log_prior=(counts / counts.sum()).log() if balanced_softmax else None,
    )


@dataclass(frozen=True, kw_only=True)
class MultiLabelLoss:
    """Logits [B, K] and labels float [B, K], 0 .. 1 -> a scalar: the mean binary cross-entropy of all classes.

    With gammas and a margin the asymmetric loss (arXiv:2009.14119): a positive of probability p costs
    (1 - p) ** gamma_pos * -log(p), a negative q ** gamma_neg * -log(1 - q) with q = max(p - margin, 0). One gamma for
    both and no margin is focal loss, for sigmoids (arXiv:1708.02002).
    """

    label_smoothing: float = 0.0  # moves each target towards 1/2
    gamma_pos: float = 0.0
    gamma_neg: float = 0.0
    margin: float = 0.0
    pos_weight: Tensor | None = None  # [K], weight of the positives of each class
    has_unknown: bool = False  # labels may be NaN = not annotated; the mean is over the others

    def __call__(self, logits: Tensor, label: Tensor) -> Tensor:
        if self.has_unknown:
            is_known = ~label.isnan()
            terms = self._terms(logits, label.nan_to_num(0.0)) * is_known
            return terms.sum() / is_known.sum().clamp(min=1)
        return self._terms(logits, label).mean()

    def _terms(self, logits: Tensor, label: Tensor) -> Tensor:
        """[B, K], what each clip and class costs."""
        target = label.to(logits.dtype).lerp(torch.full_like(logits, 0.5), self.label_smoothing)
        if not (self.gamma_pos or self.gamma_neg or self.margin):
            return F.binary_cross_entropy_with_logits(logits, target, pos_weight=self.pos_weight, reduction="none")
        p, weight = logits.sigmoid(), 1.0 if self.pos_weight is None else self.pos_weight
        positive = target * F.logsigmoid(logits) * (1 - p).pow(self.gamma_pos)
        return -(positive * weight + (1 - target) * self._negative(logits, p))

    def _negative(self, logits: Tensor, p: Tensor) -> Tensor:
        """log(1 - q) * q ** gamma_neg of each."""
        if not self.margin:
            return F.logsigmoid(-logits) * p.pow(self.gamma_neg)
        q = (p - self.margin).clamp(min=1e-8)  # not 0, whose root has no slope
        return torch.log1p(-q) * q.pow(self.gamma_neg)


def multi_label_loss(
    counts: Tensor,
    num_clips: int | Tensor,
    *,
    label_smoothing: float = 0.0,
    focal: float = 0.0,
    gamma_pos: float = 0.0,
    gamma_neg: float = 0.0,
    margin: float = 0.0,
    pos_weight: float = 0.0,
    has_unknown: bool = False,
) -> MultiLabelLoss:
    """The loss for classes that ``counts``, [K], of the ``num_clips`` clips of an epoch have; on the device of counts.

    num_clips: of each class those that were annotated for it, or one number for all.
    pos_weight: positives of a class weigh (negatives / positives) ** pos_weight; 0 = as they are, 1 = as much as all
        negatives together.
    """
    num_clips = torch.as_tensor(num_clips, device=counts.device)
    positives = counts.float().clamp(min=1).minimum(num_clips.float().clamp(min=1))
    negatives = (num_clips - positives).clamp(min=1)  # a class that every clip has still counts
    weight = (negatives / positives) ** pos_weight if pos_weight else None
    return MultiLabelLoss(
        label_smoothing=label_smoothing,
        gamma_pos=gamma_pos or focal,
        gamma_neg=gamma_neg or focal,
        margin=margin,
        pos_weight=weight,
        has_unknown=has_unknown,
    )


def effective_number_weights(counts: Tensor, beta: float) -> Tensor:
    """[K], (1 - beta) / (1 - beta ** n) scaled to sum to K (arXiv:1901.05555). beta: 0 = all alike, near 1 = 1/n."""
    weights = (1 - beta) / (1 - torch.as_tensor(beta, dtype=torch.float64) ** counts.double().cpu())
    return (weights * len(counts) / weights.sum()).float().to(counts.device)
