"""The loss of classes and ends of actions at the points of a pyramid, as ActionFormer defines it (arXiv:2202.07925)."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.models.temporal_pyramid import Points, points_of

# As published for THUMOS14, in the code of arXiv:2202.07925.
ALPHA, GAMMA = 0.25, 2.0  # focal loss (arXiv:1708.02002)
RADIUS = 1.5  # strides around an action's middle within which points learn it
RANGES = ((0.0, 4.0), (4.0, 8.0), (8.0, 16.0), (16.0, float("inf")))  # steps to the farther end that a level learns


class Assigned(NamedTuple):
    """What each point learns."""

    classes: Tensor  # float [B, K, P], 0 or 1
    ends: Tensor  # float [B, 2, P], steps to begin and end; of no meaning where no class is 1


@dataclass(frozen=True, kw_only=True)
class EventLoss:
    """Outputs [B, 1, K + 2, P] of ActionFormer and targets [B, 3 K, T] of ``EventEnds`` -> a scalar: focal loss of the
    classes, and DIoU loss of the ends where there is an action, both over the number of points with one.

    Differs: that number is the batch's own instead of its moving average, so that a step depends on its batch alone.
    """

    gamma: float = GAMMA

    def __call__(self, outputs: Tensor, target: Tensor) -> Tensor:
        outputs = outputs[:, -1]
        found = assigned(target.unflatten(1, (3, -1)), points_of(target.shape[-1]))
        is_action = found.classes.amax(1) > 0  # [B, P]
        count = is_action.sum().clamp(min=1)
        classes = focal(outputs[:, :-2], found.classes, self.gamma).sum()
        ends = diou_loss(outputs[:, -2:].mT[is_action], found.ends.mT[is_action]).sum()
        return (classes + ends) / count


def assigned(target: Tensor, points: Points) -> Assigned:
    """The action of each point: one that holds there, whose middle is near and whose farther end is in the range of the
    point's level; of several the shortest.

    Args:
        target: float [B, 3, K, T]: whether each class holds at a step, and the steps to its begin and its end.
    """
    step, stride = points.step.to(target.device), points.stride.to(target.device)
    holds, begin, end = target[..., step].unbind(1)  # [B, K, P]
    low, high = target.new_tensor(RANGES)[stride.log2().round().long()].unbind(1)
    farther = torch.maximum(begin, end)
    is_near = (end - begin).abs() / 2 <= RADIUS * stride
    learns = (holds > 0) & is_near & (farther >= low) & (farther < high)
    length = (begin + end).masked_fill(~learns, torch.inf)
    shortest, which = length.min(1, keepdim=True)
    ends = torch.cat([begin.gather(1, which), end.gather(1, which)], 1)
    return Assigned((learns & (length <= shortest + 1e-3)).to(target.dtype), ends)


def focal(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    """-alpha (1 - p)^gamma log p of a positive, -(1 - alpha) p^gamma log (1 - p) of a negative; of the same shape."""
    p, entropy = logits.sigmoid(), F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    wrong = p + target - 2 * p * target
    return (ALPHA * target + (1 - ALPHA) * (1 - target)) * wrong**gamma * entropy


def diou_loss(given: Tensor, wanted: Tensor) -> Tensor:
    """1 - IoU + (distance of the middles / length of what covers both)^2, in one dimension (arXiv:1911.08287).

    Args:
        given, wanted: [N, 2], distances to begin and end from one place inside.
    Returns: [N].
    """
    shared = torch.minimum(given, wanted).sum(1)
    union = given.sum(1) + wanted.sum(1) - shared
    covered = torch.maximum(given, wanted).sum(1).clamp(min=1e-6)
    apart = ((given[:, 1] - given[:, 0]) - (wanted[:, 1] - wanted[:, 0])) / 2
    return 1 - shared / union.clamp(min=1e-6) + (apart / covered) ** 2
