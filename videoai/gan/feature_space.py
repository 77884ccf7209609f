"""More features of the same classes: augmentation behind a frozen body, in front of a head that learns.

An augmenter is fitted to pooled features by its constructor and has one method:

    draw(labels int64 [M], generator) -> Drawn(features float [M, D], target float [M, K])

It depends on no clips, model or data set: ``augmenter("gaussian", features, labels, num_classes=K)`` takes arrays. A
new one is a class with the keywords of ``Gaussian`` and a line in AUGMENTERS and MIN_SHOTS.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from videoai.core.build import build

AUGMENTERS = {
    "gaussian": "videoai.gan.feature_space:Gaussian",
    "feature_mixup": "videoai.gan.feature_space:FeatureMixup",
    "smote": "videoai.gan.feature_space:Smote",
    "feature_gan": "videoai.gan.feature_gan:FeatureGan",
}
MIN_SHOTS = {"gaussian": 1, "feature_mixup": 1, "smote": 2, "feature_gan": 5}
REASONS = {
    "smote": "it draws on the line between two clips of a class",
    "feature_gan": "from fewer clips it learned nothing that helped",  # measured: docs/gan.md, Feature space
}
NUM_NEIGHBOURS = 5  # SMOTE's, arXiv:1106.1813, section 4.2


class Drawn(NamedTuple):
    """M drawn features."""

    features: Tensor  # float [M, D]
    target: Tensor  # float [M, K], rows sum to 1


class FeatureAugmenter(Protocol):
    """Draws features that never were."""

    def draw(self, labels: Tensor, generator: Generator) -> Drawn:
        """One for each of ``labels``, int64 [M]; all randomness comes from ``generator``, which is the CPU's."""
        ...


def augmenter(
    name: str,
    features: Tensor,
    labels: Tensor,
    *,
    num_classes: int,
    others: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    min_shots: int | None = None,
    **options: Any,
) -> FeatureAugmenter:
    """Fit one of AUGMENTERS.

    Args:
        features: float [N, D], pooled.
        labels: int64 [N], in [0, num_classes).
        others: features [M, D] and labels [M] of further classes, numbered on their own. They are never drawn: they
            tell ``gaussian`` and ``feature_gan`` how clips of one class differ; few shots cannot.
        min_shots: an error for classes with fewer; None = MIN_SHOTS.
        options: arguments of the augmenter, such as ``num_steps`` of ``feature_gan``.

    Raises: ValueError: unknown name, or a class with too few features.
    """
    if name in MIN_SHOTS:
        check_enough_clips(name, labels.bincount(minlength=num_classes).tolist(), min_shots=min_shots)
    settings = {"num_classes": num_classes, "others": others, "seed": seed, **options}
    return build({"name": name}, AUGMENTERS, where="augment.features", features=features, labels=labels, **settings)


def check_enough_clips(
    name: str, counts: Sequence[int], classes: Sequence[str] = (), min_shots: int | None = None
) -> None:
    """counts: K, features of each class. Raises: ValueError: naming the smallest class if it is too small."""
    least, label = min((count, label) for label, count in enumerate(counts))
    needed = MIN_SHOTS[name] if min_shots is None else max(min_shots, 1)
    if least < needed:
        called = f"'{classes[label]}'" if classes else f"number {label}"
        reason = f": {REASONS[name]}" if name in REASONS else ""
        raise ValueError(
            f"augment.features={name} needs {needed} or more clips of a class, but class {called} has {least}{reason}. "
            f"Use augment.features=gaussian, add clips, or leave the class out."
        )


class Gaussian:
    """A normal distribution around the mean of each class, with the covariance within classes that all share."""

    def __init__(
        self,
        features: Tensor,
        labels: Tensor,
        *,
        num_classes: int,
        others: tuple[Tensor, Tensor] | None = None,
        seed: int = 0,
    ) -> None:
        """Raises: ValueError: no class has two features, so the spread within a class cannot be estimated."""
        self.num_classes = num_classes
        self.mean = class_means(features, labels, num_classes)
        residuals, freedom = _within(features, labels)
        if others:
            more, further = _within(*others)
            residuals, freedom = torch.cat([residuals, more]), freedom + further
        if not freedom:
            raise ValueError(
                "augment.features=gaussian: no class has two clips, so the spread of a class is unknown. Add "
                "a second clip to some class, or features of other classes."
            )
        # R'R of the QR decomposition is residuals' residuals, so normal noise times R has the pooled covariance, of any
        # rank and without forming it
        self.factor = torch.linalg.qr(residuals, mode="r").R / freedom**0.5

    def draw(self, labels: Tensor, generator: Generator) -> Drawn:
        """As FeatureAugmenter."""
        noise = torch.randn(len(labels), len(self.factor), generator=generator).to(self.factor)
        return Drawn(self.mean[labels] + noise @ self.factor, one_hot(labels, self.num_classes, self.mean))


class FeatureMixup:
    """Manifold mixup at the last layer (arXiv:1806.05236): between a clip of the class and one of any class, the own
    class heavier; the target is as mixed as the feature."""

    def __init__(
        self,
        features: Tensor,
        labels: Tensor,
        *,
        num_classes: int,
        others: tuple[Tensor, Tensor] | None = None,  # a target has no place for them: not used
        seed: int = 0,
    ) -> None:
        self.features, self.labels, self.num_classes = features, labels, num_classes
        self.members = Members(labels, num_classes)

    def draw(self, labels: Tensor, generator: Generator) -> Drawn:
        """As FeatureAugmenter."""
        partner = torch.randint(len(self.features), labels.shape, generator=generator)
        base = self.features[self.members.choose(labels, generator)]
        share = torch.rand(len(labels), 1, generator=generator).to(base) / 2  # Beta(1, 1), the smaller end
        pure = one_hot(labels, self.num_classes, base)
        mixed = one_hot(self.labels[partner], self.num_classes, base)
        return Drawn(base.lerp(self.features[partner], share), pure.lerp(mixed, share))


class Smote:
    """A point on the line from a feature to one of its nearest of the same class (SMOTE, arXiv:1106.1813). Near is
    measured with every dimension divided by its standard deviation."""

    def __init__(
        self,
        features: Tensor,
        labels: Tensor,
        *,
        num_classes: int,
        others: tuple[Tensor, Tensor] | None = None,  # lie on no such line: not used
        seed: int = 0,
    ) -> None:
        self.features, self.num_classes = features, num_classes
        self.members = Members(labels, num_classes)
        self.neighbours = torch.zeros(len(features), NUM_NEIGHBOURS, dtype=torch.int64)
        self.num_neighbours = (self.members.count - 1).clamp(0, NUM_NEIGHBOURS)[labels.cpu()]
        scaled = Standard(features).apply(features)
        for label in range(num_classes):
            rows = (labels == label).nonzero().flatten()
            distance = torch.cdist(scaled[rows], scaled[rows]).fill_diagonal_(float("inf"))
            nearest = distance.topk(min(NUM_NEIGHBOURS, max(len(rows) - 1, 0)), largest=False).indices
            self.neighbours[rows.cpu(), : nearest.shape[1]] = rows[nearest].cpu()

    def draw(self, labels: Tensor, generator: Generator) -> Drawn:
        """As FeatureAugmenter."""
        row = self.members.choose(labels, generator)
        neighbour = self.neighbours[row, draw_below(self.num_neighbours[row], generator)]
        share = torch.rand(len(labels), 1, generator=generator).to(self.features)
        drawn = self.features[row].lerp(self.features[neighbour], share)
        return Drawn(drawn, one_hot(labels, self.num_classes, drawn))


class Members:
    """Which rows have which label, so that one of them can be drawn for each of many labels."""

    def __init__(self, labels: Tensor, num_classes: int) -> None:
        labels = labels.cpu()
        self.rows = labels.argsort(stable=True)
        self.count = labels.bincount(minlength=num_classes)
        self.first = self.count.cumsum(0) - self.count

    def choose(self, labels: Tensor, generator: Generator) -> Tensor:
        """labels: int64 of any shape -> rows of that shape, drawn evenly."""
        return self.rows[self.first[labels] + draw_below(self.count[labels], generator)]


class Standard:
    """Mean 0 and standard deviation 1 in every dimension that varies."""

    def __init__(self, features: Tensor) -> None:
        self.mean = features.mean(0)
        deviation = features.std(0, correction=0)
        self.deviation = torch.where(deviation > 0, deviation, 1)

    def apply(self, features: Tensor) -> Tensor:
        """[N, D] as measured -> [N, D] standardised."""
        return (features - self.mean) / self.deviation

    def undo(self, features: Tensor) -> Tensor:
        """The way back."""
        return features * self.deviation + self.mean


def class_means(features: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """[K, D]; zeros for a class without features."""
    sums = features.new_zeros(num_classes, features.shape[1]).index_add(0, labels, features)
    return sums / labels.bincount(minlength=num_classes).clamp(min=1)[:, None]


def one_hot(labels: Tensor, num_classes: int, like: Tensor) -> Tensor:
    """[M, K] of ``like``'s type, where it lies."""
    return F.one_hot(labels, num_classes).to(like)


def draw_below(limits: Tensor, generator: Generator) -> Tensor:
    """int64, one in [0, limit) for each of ``limits``."""
    return (torch.rand(limits.shape, generator=generator, dtype=torch.float64) * limits).long()


def _within(features: Tensor, labels: Tensor) -> tuple[Tensor, int]:
    """Features without the mean of their class, and their degrees of freedom."""
    num_classes = int(labels.max()) + 1
    present = int((labels.bincount() > 0).sum())
    return features - class_means(features, labels, num_classes)[labels], len(features) - present
