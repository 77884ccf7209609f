"""I3D (Carreira & Zisserman 2017, arXiv:1705.07750) as a ResNet, alone or with non-local blocks (arXiv:1711.07971).

Kernels of three frames in every block of the first stage and in every other one after it; time is pooled in pairs after
the first stage. Two checkpoint variants: PySlowFast and pytorchvideo read 8 frames, mmaction2 reads 32 and its stem
takes every fourth (``stem_stride=4``). ``nonlocal_block.py`` says how non-local blocks differ.
"""

from typing import Literal, get_args

from videoai.models.layers import check_choice
from videoai.models.nonlocal_block import Affinity, NonLocalSpec, Variant
from videoai.models.resnet3d import Depth, ResNet3d, repeat_kernels

TemporalKernels = Literal["alternate", "every"]


def i3d_r50(
    num_classes: int,
    *,
    dropout: float = 0.5,
    stem_stride: int = 1,
    temporal_kernels: TemporalKernels = "alternate",
    inflate: str | None = None,
) -> ResNet3d:
    """I3D on ResNet-50: 28.0 M parameters at 400 classes."""
    return _i3d(50, num_classes, dropout, stem_stride, temporal_kernels, None, inflate)


def i3d_r101(
    num_classes: int,
    *,
    dropout: float = 0.5,
    stem_stride: int = 1,
    temporal_kernels: TemporalKernels = "alternate",
    inflate: str | None = None,
) -> ResNet3d:
    """I3D on ResNet-101: 51.8 M parameters at 400 classes."""
    return _i3d(101, num_classes, dropout, stem_stride, temporal_kernels, None, inflate)


def i3d_nl_r50(
    num_classes: int,
    *,
    dropout: float = 0.5,
    stem_stride: int = 1,
    affinity: Affinity = "softmax",
    affinity_scaled: bool = True,
    non_local_variant: Variant = "pyslowfast",
    inflate: str | None = None,
) -> ResNet3d:
    """I3D on ResNet-50 with five non-local blocks: 35.4 M parameters at 400 classes."""
    spec = NonLocalSpec(affinity, affinity_scaled, non_local_variant)
    return _i3d(50, num_classes, dropout, stem_stride, "alternate", spec, inflate)


def i3d_nl_r101(
    num_classes: int,
    *,
    dropout: float = 0.5,
    stem_stride: int = 1,
    affinity: Affinity = "softmax",
    affinity_scaled: bool = True,
    non_local_variant: Variant = "pyslowfast",
    inflate: str | None = None,
) -> ResNet3d:
    """I3D on ResNet-101 with five non-local blocks: 59.1 M parameters at 400 classes."""
    spec = NonLocalSpec(affinity, affinity_scaled, non_local_variant)
    return _i3d(101, num_classes, dropout, stem_stride, "alternate", spec, inflate)


def _i3d(
    depth: Depth,
    num_classes: int,
    dropout: float,
    stem_stride: int,
    temporal_kernels: TemporalKernels,
    non_local: NonLocalSpec | None,
    inflate: str | None,
) -> ResNet3d:
    check_choice("temporal_kernels", temporal_kernels, get_args(TemporalKernels))
    alternate, every = ((3,), (3, 1), (3, 1), (1, 3)), ((3,), (3,), (3,), (3,))
    return ResNet3d(
        num_classes,
        stem_kernel=5,
        kernels=repeat_kernels(depth, *(every if temporal_kernels == "every" else alternate)),
        stem_stride=stem_stride,
        temporal_pool=True,
        non_local=non_local,
        dropout=dropout,
        inflate=inflate,
    )
