"""How far generated clips are from real ones, on features [N, D] of one frozen encoder; nothing here sees a video.

No number here says whether a classifier learns from the clips: samples can agree with their labels and lie near real
ones, and still be too alike to teach anything. Precision, recall and coverage need the same N on both sides.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

NEIGHBOURS = 3  # k of arXiv:1904.06991, section 2
MAX_DIMENSIONS = 64  # neighbourhoods say little in more: every point is nearly as far as every other
NEAR = 0.05  # quantile of test-to-train distances: nearer than this to a training clip counts as a copy


class Overlap(NamedTuple):
    """Shares, 0 .. 1."""

    precision: float  # share of generated clips near real ones
    recall: float  # share of real clips near generated ones; low = few kinds of clips
    coverage: float  # share of real clips with a generated clip nearer than their k-th real neighbour


def frechet_distance(one: Tensor, other: Tensor) -> float:
    """Between the Gaussians of two sets of features (arXiv:1706.08500), float [N, D] and [M, D] -> 0 .. infinity.

    It falls with N alone: compare values of one N and one encoder only, and name the encoder beside them.

    Raises: ValueError: fewer than two rows, or different D.
    """
    one, other = _checked(one), _checked(other, like=one)
    shift = one.mean(0) - other.mean(0)
    a, b = ((part - part.mean(0)) / (len(part) - 1) ** 0.5 for part in (one, other))  # a.T @ a is the covariance
    # tr((A B)^1/2) is the sum of the singular values of a @ b.T: no matrix root, exact also where N < D
    root = torch.linalg.svdvals(a @ b.T).sum()
    return max(0.0, float(shift.square().sum() + a.square().sum() + b.square().sum() - 2 * root))


def kernel_distance(one: Tensor, other: Tensor) -> float:
    """Squared maximum mean discrepancy under (x.y / D + 1)^3, unbiased (arXiv:1801.01401), [N, D] and [M, D].

    Its mean does not depend on N, so it is the one to read when N < 2 D; below zero means none to be seen.

    Raises: ValueError: fewer than two rows, or different D.
    """
    one, other = _checked(one), _checked(other, like=one)

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: Tensor) -> Tensor:
        values = kernel(x, x)
        return (values.sum() - values.trace()) / (len(x) * (len(x) - 1))

    return float(within(one) + within(other) - 2 * kernel(one, other).mean())


def principal(reference: Tensor, *others: Tensor) -> list[Tensor]:
    """All sets in the first MAX_DIMENSIONS principal directions of ``reference`` [N, D] -> float64 [., <= 64]."""
    reference = _checked(reference)
    centre = reference.mean(0)
    axes = torch.linalg.svd(reference - centre, full_matrices=False).Vh[:MAX_DIMENSIONS]
    return [(_checked(part, like=reference, least=0) - centre) @ axes.T for part in (reference, *others)]


def overlap(real: Tensor, generated: Tensor, k: int = NEIGHBOURS) -> Overlap:
    """Precision and recall (arXiv:1904.06991) and coverage (arXiv:2002.09797). real: [N, D], generated: [M, D].

    Raises: ValueError: not more than ``k`` rows, or different D.
    """
    real, generated = _checked(real, least=k + 1), _checked(generated, like=real, least=k + 1)
    between = _distances(real, generated)
    inside_real = between <= _radius(real, k)[:, None]
    inside_generated = between <= _radius(generated, k)[None, :]
    shares = (inside_real.any(0), inside_generated.any(1), inside_real.any(1))
    return Overlap(*(float(share.double().mean()) for share in shares))


def nearest(features: Tensor, train: Tensor) -> Tensor:
    """float64 [N], how far each row is from the nearest of ``train`` [M, D]."""
    train = _checked(train, least=1)
    return _distances(_checked(features, like=train, least=0), train).amin(1)


def memorisation(train: Tensor, test: Tensor, generated: Tensor) -> float:
    """Share of generated clips that lie nearer to a training clip than all but NEAR of the test clips do, 0 .. 1.

    About NEAR when they lie as test clips do. A collapse onto a place between clips stays unseen: read ``recall``.
    """
    return float((nearest(generated, train) < copy_distance(train, test)).double().mean())


def copy_distance(train: Tensor, test: Tensor) -> float:
    """The distance below which a clip counts as a copy of a training clip."""
    return float(nearest(_checked(test, least=1), train).quantile(NEAR))


def typical_distance(train: Tensor) -> float:
    """As ``copy_distance``, from training clips alone: each against the others. For the sample filter."""
    train = _checked(train)
    return float(_radius(train, 1).quantile(NEAR))


def diversity(generated: Tensor, generated_label: Tensor, real: Tensor, real_label: Tensor, num_classes: int) -> Tensor:
    """float64 [K], mean distance of two generated clips of a class over that of two real ones; NaN = too few of either.

    0 = all alike, 1 = as different from each other as real ones.
    """
    return _spread(generated, generated_label, num_classes) / _spread(real, real_label, num_classes)


def _spread(features: Tensor, label: Tensor, num_classes: int) -> Tensor:
    classes = [features[label == number].double() for number in range(num_classes)]
    return torch.stack([F.pdist(rows).mean() if len(rows) > 1 else torch.tensor(torch.nan) for rows in classes])


def _radius(features: Tensor, k: int) -> Tensor:
    return _distances(features, features).kthvalue(k + 1, dim=1).values  # + 1: each is its own nearest


def _distances(one: Tensor, other: Tensor) -> Tensor:
    # Not through a matrix product: that leaves 1e-7 between equal rows, and a copy must be at 0.
    return torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")


def _checked(features: Tensor, *, like: Tensor | None = None, least: int = 2) -> Tensor:
    if features.ndim != 2 or len(features) < least or (like is not None and features.shape[1] != like.shape[1]):
        width = "D" if like is None else like.shape[1]
        raise ValueError(f"features are {list(features.shape)}, but [N, {width}] with N >= {least} is needed.")
    return features.double().cpu()
