"""Video ViTs that were pre-trained on masked clips, as they are fine-tuned: all tokens, and the mean of them.

VideoMAE (Tong et al. 2022, arXiv:2203.12602) and V2 (Wang et al. 2023, arXiv:2303.16727): fixed sine and cosine
positions, no bias of keys; V2's small and base models are distilled and have the same network. UMT (Li et al. 2023,
arXiv:2303.16058): the same over single frames, spread over the whole video; for other clips than 8 frames at 224 px
its authors learn the positions. MAE-ST (Feichtenhofer et al. 2022, arXiv:2205.09113), as PySlowFast builds it: a class
token that the head does not read, learned positions for time and for space. Pre-training itself is not here.
"""

from functools import partial
from typing import Literal

from videoai.models.video_vit import BASE, GIANT, HUGE, LARGE, SMALL, VideoViT, Width


def videomae(
    width: Width,
    patch: int,
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.1,
    norm_eps: tuple[float, float] = (1e-6, 1e-6),
) -> VideoViT:
    """VideoMAE at any width, over patches of 2 frames and ``patch`` pixels square."""
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


def umt(
    width: Width,
    num_classes: int,
    *,
    num_frames: int = 8,
    size: int = 224,
    positions: Literal["sincos", "joint"] = "sincos",
    dropout: float = 0.0,
    drop_path: float = 0.1,
) -> VideoViT:
    """UMT at any width. ``positions``: fixed, or "joint": learned, one a token."""
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


def mae_st(
    width: Width,
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.3,
    drop_path: float = 0.1,
) -> VideoViT:
    """MAE-ST at any width."""
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


# The names of the zoo, with their parameters at 400 classes.
videomae_small = partial(videomae, SMALL, 16)  # 22.0 M
videomae_base = partial(videomae, BASE, 16)  # 86.5 M
videomae_large = partial(videomae, LARGE, 16, drop_path=0.2)  # 304.3 M
videomae_huge = partial(videomae, HUGE, 16, drop_path=0.2)  # 632.1 M
umt_base = partial(umt, BASE)  # 85.9 M
umt_large = partial(umt, LARGE, drop_path=0.2)  # 303.5 M
mae_st_base = partial(mae_st, BASE)  # 86.7 M
mae_st_large = partial(mae_st, LARGE, drop_path=0.2)  # 304.5 M
mae_st_huge = partial(mae_st, HUGE, dropout=0.5, drop_path=0.2)  # 632.4 M


def videomae2_giant(
    num_classes: int, *, num_frames: int = 16, size: int = 224, dropout: float = 0.0, drop_path: float = 0.25
) -> VideoViT:
    """VideoMAE V2 ViT-g over 14x14 patches, the teacher of the distilled ones; 1012.2 M parameters at 400 classes."""
    return videomae(GIANT, 14, num_classes, num_frames=num_frames, size=size, dropout=dropout, drop_path=drop_path)
