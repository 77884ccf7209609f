"""SlowFast R50 8x8 (Feichtenhofer et al. 2019, arXiv:1812.03982): PyTorchVideo's network behind our contract.

Takes one clip and picks the slow path's frames itself, so that data never knows which model runs. Differs from
PyTorchVideo: no packing transform, any frame size (a plain mean instead of fixed 7x7 pooling windows), dropout before
a linear head of our own, and the stem's max pooling runs frame by frame in 2-D, because MaxPool3d has no deterministic
CUDA backward.
"""

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from videoai.models.layers import make_head
from videoai.models.weights import fetch, load_partial

logger = logging.getLogger(__name__)

ALPHA = 4  # fast frames per slow frame: 32 and 8 ("8x8", section 4.1)
NUM_FEATURES = 2304  # 2048 slow + 256 fast channels
KINETICS_URL = "https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics/SLOWFAST_8x8_R50.pyth"


class SlowFast(nn.Module):
    """A slow path that sees few frames with many channels, a fast path that sees all frames with few."""

    def __init__(self, num_classes: int, *, blocks: nn.ModuleList, dropout: float = 0.5) -> None:
        super().__init__()
        self.blocks = blocks
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(NUM_FEATURES, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised, T a multiple of 4 -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 2304]: both paths' means over time and space, slow first.

        Raises: ValueError: T is not a multiple of 4.
        """
        paths = [slow_frames(video), video]
        for block in self.blocks:
            paths = block(paths)
        return torch.cat([path.mean((2, 3, 4)) for path in paths], dim=1)

    def forward_head(self, features: Tensor) -> Tensor:
        """features: [B, 2304] -> logits [B, K]."""
        return self.head(self.dropout(features))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(NUM_FEATURES, num_classes).to(self.head.weight)


def slow_frames(video: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B, C, T/4, H, W]: first and last frame and evenly between, rounded down.

    32 frames give 0, 4, 8, 13, 17, 22, 26, 31 and not every fourth: the published weights were trained on these.

    Raises: ValueError: T is not a multiple of 4.
    """
    num_frames = video.shape[2]
    if num_frames % ALPHA:
        raise ValueError(
            f"slowfast: clips of {num_frames} frames, but the fast path needs a multiple of {ALPHA}. "
            f"Set clip.num_frames={max(1, num_frames // ALPHA) * ALPHA}."
        )
    num_slow = num_frames // ALPHA
    # integers: a float linspace on another device could land just below a frame number and truncate to the one before
    index = torch.arange(num_slow, device=video.device) * (num_frames - 1) // max(num_slow - 1, 1)
    return video.index_select(2, index)


class FrameMaxPool(nn.Module):
    """MaxPool3d with a window of one frame, as MaxPool2d; keyword arguments as PyTorchVideo passes them."""

    def __init__(self, *, kernel_size: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]) -> None:
        super().__init__()
        assert kernel_size[0] == stride[0] == 1 and padding[0] == 0, "one frame at a time"
        self.pool = nn.MaxPool2d(tuple(kernel_size[1:]), tuple(stride[1:]), tuple(padding[1:]))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C, T, H', W']."""
        pooled = self.pool(x.flatten(0, 1))  # [B, C, T, H, W] -> [B*C, T, H, W]: T stands where 2-D has channels
        return pooled.unflatten(0, x.shape[:2])


def slowfast_r50(num_classes: int, *, pretrained: bool = False, dropout: float = 0.5) -> SlowFast:
    """SlowFast 8x8, ResNet-50: 34.6 M parameters at 400 classes; published input 32 frames, stride 2, 224 px.

    Raises: ValueError: pytorchvideo is missing. OSError: ``pretrained`` and no way to the weights.
    """
    # initial weights: PyTorchVideo's own (He et al. 2015; the last norm of each block starts at zero, as SlowFast)
    network = _create_slowfast()(stem_pool=FrameMaxPool)
    model = SlowFast(num_classes, blocks=network.blocks[:-2], dropout=dropout)  # without its pooling and its head
    if pretrained:
        logger.info("slowfast_r50: %s", load_partial(model, rename(fetch(KINETICS_URL)["model_state"])))
    return model


def rename(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """PyTorchVideo's names -> ours: only the head differs."""
    return {name.replace("blocks.6.proj.", "head."): tensor for name, tensor in published.items()}


def _create_slowfast() -> Callable[..., Any]:
    # from the module itself: pytorchvideo.transforms does not import with current torchvision
    try:
        from pytorchvideo.models.slowfast import create_slowfast
    except ImportError as error:
        raise ValueError(f"slowfast_r50 needs PyTorchVideo ({error}). Run: pip install pytorchvideo") from error
    return create_slowfast
