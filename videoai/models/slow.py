"""Slow: the Slow pathway of SlowFast alone (Feichtenhofer et al. 2019, arXiv:1812.03982), called SlowOnly by mmaction2.

Few frames far apart; kernels of three frames in the last two stages only; time is never pooled. With non-local blocks
(Wang et al. 2018, arXiv:1711.07971) after the odd blocks of the middle stages as PySlowFast, or the even ones as
mmaction2.
"""

from typing import Literal, get_args

from videoai.models.layers import check_choice
from videoai.models.nonlocal_block import Affinity, NonLocalSpec, Variant
from videoai.models.resnet3d import Depth, Kernels, ResNet3d, repeat_kernels

After = Literal["odd", "even"]


def slow_kernels(depth: Depth) -> Kernels:
    """Temporal kernels: three frames in the blocks of the last two stages."""
    return repeat_kernels(depth, (1,), (1,), (3,), (3,))


def slow_4x16_r50(num_classes: int, *, dropout: float = 0.5, inflate: str | None = None) -> ResNet3d:
    """Slow on ResNet-50, 4 frames: 32.5 M parameters at 400 classes."""
    return _slow(50, num_classes, dropout, None, inflate)


def slow_8x8_r50(num_classes: int, *, dropout: float = 0.5, inflate: str | None = None) -> ResNet3d:
    """Slow on ResNet-50, 8 frames: the network of ``slow_4x16_r50``."""
    return _slow(50, num_classes, dropout, None, inflate)


def slow_8x8_r101(num_classes: int, *, dropout: float = 0.5, inflate: str | None = None) -> ResNet3d:
    """Slow on ResNet-101: 60.4 M parameters at 400 classes."""
    return _slow(101, num_classes, dropout, None, inflate)


def slow_nl_4x16_r50(
    num_classes: int,
    *,
    dropout: float = 0.5,
    affinity: Affinity = "softmax",
    affinity_scaled: bool = True,
    non_local_variant: Variant = "pyslowfast",
    non_local_after: After = "odd",
    inflate: str | None = None,
) -> ResNet3d:
    """Slow on ResNet-50 with five non-local blocks, 4 frames: 39.8 M parameters at 400 classes."""
    non_local = _non_local(affinity, affinity_scaled, non_local_variant, non_local_after)
    return _slow(50, num_classes, dropout, non_local, inflate)


def slow_nl_8x8_r50(
    num_classes: int,
    *,
    dropout: float = 0.5,
    affinity: Affinity = "softmax",
    affinity_scaled: bool = True,
    non_local_variant: Variant = "pyslowfast",
    non_local_after: After = "odd",
    inflate: str | None = None,
) -> ResNet3d:
    """Slow on ResNet-50 with five non-local blocks, 8 frames: the network of ``slow_nl_4x16_r50``."""
    non_local = _non_local(affinity, affinity_scaled, non_local_variant, non_local_after)
    return _slow(50, num_classes, dropout, non_local, inflate)


def _non_local(affinity: Affinity, scaled: bool, variant: Variant, after: After) -> NonLocalSpec:
    check_choice("non_local_after", after, get_args(After))
    odd, even = ((), (1, 3), (1, 3, 5), ()), ((), (0, 2), (0, 2, 4), ())
    return NonLocalSpec(affinity, scaled, variant, after=odd if after == "odd" else even)


def _slow(
    depth: Depth, num_classes: int, dropout: float, non_local: NonLocalSpec | None, inflate: str | None
) -> ResNet3d:
    return ResNet3d(
        num_classes, stem_kernel=1, kernels=slow_kernels(depth), non_local=non_local, dropout=dropout, inflate=inflate
    )
