"""How well several targets of a video are told: each head alone, and all classes of a video at once."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from videoai.report.metrics import label_ranks
from videoai.report.result_files import rounded
from videoai.report.value_metrics import filled, value_score

TOP = 5  # the rank of top-5
UNREAD = 1_000_000  # the rank of what could not be read: behind every class


class HeadScores(NamedTuple):
    """The answers of one head."""

    name: str
    kind: str  # "class" or "value"
    scores: Tensor  # float64 [N, k], NaN = could not be read
    targets: Tensor  # int64 [N], -1 = missing; or float64 [N], NaN
    mean: float  # the mean of training, where it is a value

    @property
    def known(self) -> Tensor:
        """bool [N], whether the truth is known."""
        return self.targets >= 0 if self.kind == "class" else ~self.targets.isnan()

    def ranks(self) -> Tensor:
        """int64 [N], how many classes are ranked before the true one; unreadable videos are last, missing ones -1."""
        ranks = label_ranks(self.scores, self.targets.clamp(min=0))
        ranks = torch.where(self.scores.isnan().any(1), UNREAD, ranks)
        return torch.where(self.known, ranks, -1)

    def results(self) -> dict[str, Any]:
        """What results.json says of it."""
        known = self.known
        counts = {"kind": self.kind, "n": int(known.sum()), "n_missing": int((~known).sum())}
        if self.kind == "class":
            ranks = self.ranks()[known]
            shares = {"top1": _share(ranks < 1), "uar": _recall(ranks < 1, self.targets[known])}
            return {**counts, **shares, **({"top5": _share(ranks < TOP)} if self.is_large else {})}
        score = value_score(filled(self.scores, [self.mean])[:, 0], self.targets, self.name)
        return {**counts, **{key: rounded(getattr(score, key)) for key in ("ccc", "pearson", "rmse", "mae", "sagr")}}

    @property
    def is_large(self) -> bool:
        """Whether top-5 says something."""
        return self.scores.shape[1] > TOP


def measured(heads: list[HeadScores]) -> dict[str, Any]:
    """``mean`` over heads of top-1 or CCC, ``joint_top1`` and ``joint_top5`` of videos whose classes are all known:
    every head has the right class as its best, or among its five best, where any has more than five."""
    each = {head.name: head.results() for head in heads}
    first = [one["top1"] if one["kind"] == "class" else one["ccc"] for one in each.values()]
    results: dict[str, Any] = {"mean": rounded(sum(first) / len(first))}
    if classes := [head for head in heads if head.kind == "class"]:
        ranks = torch.stack([head.ranks() for head in classes])
        worst = ranks.amax(0)[(ranks >= 0).all(0)]
        results |= {"n_joint": len(worst), "joint_top1": _share(worst < 1)}
        if any(head.is_large for head in classes):
            results["joint_top5"] = _share(worst < TOP)
    return {**results, "heads": each}


def is_joint_right(heads: list[HeadScores]) -> Tensor:
    """bool [N]: every head with a known class has it as its best, and there is one."""
    ranks = torch.stack([head.ranks() for head in heads if head.kind == "class"])
    return (ranks <= 0).all(0) & (ranks >= 0).any(0)


def _recall(right: Tensor, targets: Tensor) -> float:
    """The share of right answers of each class, averaged over the classes that there are."""
    of_class = [_share(right[targets == one]) for one in targets.unique()]
    return round(sum(of_class) / max(1, len(of_class)), 6)


def _share(right: Tensor) -> float:
    return round(right.double().mean().item(), 6) if len(right) else 0.0
