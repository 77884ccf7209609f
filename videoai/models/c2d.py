"""C2D (Wang et al. 2018, arXiv:1711.07971): a 2-D ResNet over frames that pools time in pairs after its first stage.

The baseline of 3-D networks: no kernel sees more than one frame, so the order of frames cannot matter beyond the pairs.
Two checkpoint variants: mmaction2 pools the stem without padding; both publish networks that never
pool time ("nopool").
"""

from videoai.models.resnet3d import Depth, ResNet3d, repeat_kernels


def c2d_r50(
    num_classes: int,
    *,
    dropout: float = 0.5,
    temporal_pool: bool = True,
    stem_pool_padding: int = 1,
    inflate: str | None = None,
) -> ResNet3d:
    """C2D on ResNet-50: 24.3 M parameters at 400 classes."""
    return _c2d(50, num_classes, dropout, temporal_pool, stem_pool_padding, inflate)


def c2d_r101(
    num_classes: int,
    *,
    dropout: float = 0.5,
    temporal_pool: bool = True,
    stem_pool_padding: int = 1,
    inflate: str | None = None,
) -> ResNet3d:
    """C2D on ResNet-101: 43.3 M parameters at 400 classes."""
    return _c2d(101, num_classes, dropout, temporal_pool, stem_pool_padding, inflate)


def _c2d(
    depth: Depth, num_classes: int, dropout: float, temporal_pool: bool, stem_pool_padding: int, inflate: str | None
) -> ResNet3d:
    return ResNet3d(
        num_classes,
        stem_kernel=1,
        kernels=repeat_kernels(depth, (1,), (1,), (1,), (1,)),
        temporal_pool=temporal_pool,
        stem_pool_padding=stem_pool_padding,
        dropout=dropout,
        inflate=inflate,
    )
