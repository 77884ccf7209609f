"""Video ViTs that were pre-trained on masked clips, as they are fine-tuned: all tokens, and the mean of them.

VideoMAE (Tong et al. 2022, arXiv:2203.12602) and V2 (Wang et al. 2023, arXiv:2303.16727): fixed sine and cosine
positions, no bias of keys; V2's small and base models are distilled and have the same network. UMT (Li et al. 2023,
arXiv:2303.16058): the same over single frames, spread over the whole video; for other clips than 8 frames at 224 px
its authors learn the positions. MAE-ST (Feichtenhofer et al. 2022, arXiv:2205.09113), as PySlowFast builds it: a class
token that the head does not read, learned positions for time and for space. Pre-training itself is not here.
"""

from typing import Literal

from videoai.models.video_vit import BASE, GIANT, HUGE, LARGE, SMALL, VideoViT, Width


def videomae_small(
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.1,
    norm_eps: tuple[float, float] = (1e-6, 1e-6),
) -> VideoViT:
    """VideoMAE ViT-S; 22.0 M parameters at 400 classes."""
    return _videomae(num_classes, SMALL, 16, num_frames, size, dropout, drop_path, norm_eps)


def videomae_base(
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.1,
    norm_eps: tuple[float, float] = (1e-6, 1e-6),
) -> VideoViT:
    """VideoMAE ViT-B; 86.5 M parameters at 400 classes."""
    return _videomae(num_classes, BASE, 16, num_frames, size, dropout, drop_path, norm_eps)


def videomae_large(
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.2,
    norm_eps: tuple[float, float] = (1e-6, 1e-6),
) -> VideoViT:
    """VideoMAE ViT-L; 304.3 M parameters at 400 classes."""
    return _videomae(num_classes, LARGE, 16, num_frames, size, dropout, drop_path, norm_eps)


def videomae_huge(
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.2,
    norm_eps: tuple[float, float] = (1e-6, 1e-6),
) -> VideoViT:
    """VideoMAE ViT-H; 632.1 M parameters at 400 classes."""
    return _videomae(num_classes, HUGE, 16, num_frames, size, dropout, drop_path, norm_eps)


def videomae2_giant(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.0, drop_path: float = 0.25
) -> VideoViT:
    """VideoMAE V2 ViT-g over 14x14 patches, the teacher of the distilled ones; 1012.2 M parameters at 400 classes."""
    return _videomae(num_classes, GIANT, 14, num_frames, size, dropout, drop_path, (1e-6, 1e-6))


def _videomae(
    num_classes: int,
    width: Width,
    patch: int,
    num_frames: int,
    size: int,
    dropout: float,
    drop_path: float,
    norm_eps: tuple[float, float],
) -> VideoViT:
    return VideoViT(
        num_classes,
        width=width,
        tubelet=(2, patch, patch),
        num_frames=num_frames,
        size=size,
        positions="sincos",
        key_bias=False,
        norm_eps=norm_eps,
        dropout=dropout,
        drop_path=drop_path,
    )


def umt_base(
    num_classes: int,
    *,
    num_frames: int = 8,
    size: int = 224,
    positions: Literal["sincos", "joint"] = "sincos",
    dropout: float = 0.0,
    drop_path: float = 0.1,
) -> VideoViT:
    """UMT ViT-B; 85.9 M parameters at 400 classes. ``positions``: fixed, or "joint": learned, one a token."""
    return _umt(num_classes, BASE, num_frames, size, positions, dropout, drop_path)


def umt_large(
    num_classes: int,
    *,
    num_frames: int = 8,
    size: int = 224,
    positions: Literal["sincos", "joint"] = "sincos",
    dropout: float = 0.0,
    drop_path: float = 0.2,
) -> VideoViT:
    """UMT ViT-L; 303.5 M parameters at 400 classes. ``positions`` as in ``umt_base``."""
    return _umt(num_classes, LARGE, num_frames, size, positions, dropout, drop_path)


def _umt(
    num_classes: int,
    width: Width,
    num_frames: int,
    size: int,
    positions: Literal["sincos", "joint"],
    dropout: float,
    drop_path: float,
) -> VideoViT:
    return VideoViT(
        num_classes,
        width=width,
        tubelet=(1, 16, 16),
        num_frames=num_frames,
        size=size,
        positions=positions,
        key_bias=False,
        dropout=dropout,
        drop_path=drop_path,
    )


def mae_st_base(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.3, drop_path: float = 0.1
) -> VideoViT:
    """MAE-ST ViT-B; 86.7 M parameters at 400 classes."""
    return _mae_st(num_classes, BASE, num_frames, size, dropout, drop_path)


def mae_st_large(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.3, drop_path: float = 0.2
) -> VideoViT:
    """MAE-ST ViT-L; 304.5 M parameters at 400 classes."""
    return _mae_st(num_classes, LARGE, num_frames, size, dropout, drop_path)


def mae_st_huge(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.5, drop_path: float = 0.2
) -> VideoViT:
    """MAE-ST ViT-H; 632.4 M parameters at 400 classes."""
    return _mae_st(num_classes, HUGE, num_frames, size, dropout, drop_path)


def _mae_st(num_classes: int, width: Width, num_frames: int, size: int, dropout: float, drop_path: float) -> VideoViT:
    return VideoViT(
        num_classes,
        width=width,
        tubelet=(2, 16, 16),
        num_frames=num_frames,
        size=size,
        positions="separate",
        class_token=True,
        dropout=dropout,
        drop_path=drop_path,
    )
