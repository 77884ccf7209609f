"""TimeSformer (Bertasius et al. 2021, arXiv:2102.05095): a ViT-B over 16x16 patches of single frames.

Divided attention, over time and then over space, is the paper's model; joint and space-only attention are what it is
compared with. A class token; one learned position a place in the frame and, but for space only, one a frame.
"""

from videoai.models.video_vit import BASE, Attention, VideoViT


def timesformer_base(
    num_classes: int, *, num_frames: int = 8, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """Divided attention, 8 frames at 224 px; 121.6 M parameters at 400 classes."""
    return _timesformer(num_classes, "divided", num_frames, size, dropout, drop_path)


def timesformer_hr(
    num_classes: int, *, num_frames: int = 16, size: int = 448, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """TimeSformer-HR: the same for 16 frames at 448 px; 122.0 M parameters at 400 classes."""
    return _timesformer(num_classes, "divided", num_frames, size, dropout, drop_path)


def timesformer_large(
    num_classes: int, *, num_frames: int = 96, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """TimeSformer-L: the same for 96 frames at 224 px, large in time only; 121.6 M parameters at 400 classes."""
    return _timesformer(num_classes, "divided", num_frames, size, dropout, drop_path)


def timesformer_joint_base(
    num_classes: int, *, num_frames: int = 8, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """Joint space-time attention, 8 frames at 224 px; 86.1 M parameters at 400 classes."""
    return _timesformer(num_classes, "joint", num_frames, size, dropout, drop_path)


def timesformer_space_base(
    num_classes: int, *, num_frames: int = 8, size: int = 224, dropout: float = 0.0, drop_path: float = 0.1
) -> VideoViT:
    """Attention over space only, frames averaged at the end: it cannot see their order. 86.1 M parameters."""
    return _timesformer(num_classes, "space", num_frames, size, dropout, drop_path)


def _timesformer(
    num_classes: int, attention: Attention, num_frames: int, size: int, dropout: float, drop_path: float
) -> VideoViT:
    return VideoViT(
        num_classes,
        width=BASE,
        tubelet=(1, 16, 16),
        num_frames=num_frames,
        size=size,
        positions="space" if attention == "space" else "separate",
        attention=attention,
        class_token=True,
        pool="class_token",
        dropout=dropout,
        drop_path=drop_path,
    )
