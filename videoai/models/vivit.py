"""ViViT (Arnab et al. 2021, arXiv:2103.15691), model 1: tubelets of two frames, joint space-time attention.

A class token, one learned position a token, and GELU in its tanh form, as the authors' JAX code. Their faster variants
(factorised encoder, factorised attention) have no published PyTorch weights and are not here.
"""

from videoai.models.video_vit import BASE, LARGE, SMALL, VideoViT, Width


def vivit_s(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """ViT-S, which the paper does not have, for 16 frames; 22.6 M parameters at 400 classes."""
    return _vivit(num_classes, SMALL, num_frames, size, dropout, drop_path)


def vivit_b_16x2(
    num_classes: int, *, num_frames: int = 32, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """ViViT-B/16x2 for 32 frames; 89.0 M parameters at 400 classes."""
    return _vivit(num_classes, BASE, num_frames, size, dropout, drop_path)


def vivit_l_16x2(
    num_classes: int, *, num_frames: int = 32, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """ViViT-L/16x2 for 32 frames; 307.5 M parameters at 400 classes."""
    return _vivit(num_classes, LARGE, num_frames, size, dropout, drop_path)


def _vivit(num_classes: int, width: Width, num_frames: int, size: int, dropout: float, drop_path: float) -> VideoViT:
    return VideoViT(
        num_classes,
        width=width,
        tubelet=(2, 16, 16),
        num_frames=num_frames,
        size=size,
        positions="joint",
        class_token=True,
        pool="class_token",
        gelu="tanh",
        dropout=dropout,
        drop_path=drop_path,
    )
