"""Parts shared by networks on frames: a 2-D network on every frame (timm's or a small one of ours), and the contract.

The frames of a clip lie in the batch, [B, C, T, H, W] -> [B*T, C, H, W], so that any 2-D network runs on video as it
is. What makes video of the frames comes inside the network (``tsm``, ``tanet``) or behind it (``tsn``, ``trn``,
``cnn_rnn``, ``convlstm``).
"""

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast, get_args

import torch
from torch import Tensor, nn

from videoai.core.messages import did_you_mean
from videoai.core.types import Channels
from videoai.models.layers import Difference, FrameCnn, check_choice, make_head, motion_input, num_input_channels

TINY_WIDTH = 16

Pool = Literal["last", "mean", "max", "attention"]


class FrameNetwork(nn.Module):
    """Frames -> backbone -> features -> pool -> head. A subclass says what its features are and how they are pooled.

    Args:
        backbone: of ``create_backbone``.
        num_features: D, what the head reads.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        backbone: nn.Module,
        num_features: int,
        dropout: float,
        temporal_difference: Difference,
    ) -> None:
        super().__init__()
        self.temporal_difference: Difference = temporal_difference
        self.backbone: Any = backbone  # timm's interface, which no type describes
        self.num_features = num_features
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> the frames' maps [B, D, T, H', W'], or [B, T, D] of a backbone that gives
        tokens."""
        return frame_features(self.backbone, motion_input(video, self.temporal_difference))

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """Features -> logits [B, K], or the pooled [B, D]."""
        pooled = self.pool(features)
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def pool(self, features: Tensor) -> Tensor:
        """Features -> [B, D]: each subclass its own."""
        raise NotImplementedError

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """The backbone's depths; what comes behind it has the head's."""
        return {name: _below_backbone(spec) for name, spec in self.backbone.group_matcher(coarse).items()}

    def no_weight_decay(self) -> set[str]:
        """The backbone's own."""
        listed = getattr(self.backbone, "no_weight_decay", set)()
        return {f"backbone.{name}" for name, _ in self.backbone.named_parameters() if name in listed}

    def repeated_blocks(self) -> list[nn.Module]:
        """The backbone's blocks."""
        return blocks_of_backbone(self.backbone)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the backbone's activations in the backward pass."""
        self.backbone.set_grad_checkpointing(enable)


class AcrossFrames(nn.Module):
    """A module inside a 2-D network that looks across the frames of a clip. They lie in the batch, [B*T, C, H, W];
    ``frame_features`` says before each pass how many belong together, so that clips of any length work."""

    num_frames: int = 1

    def by_clip(self, x: Tensor) -> Tensor:
        """[B*T, ...] -> [B, T, ...]."""
        return x.unflatten(0, (-1, self.num_frames))


class PoolState(NamedTuple):
    """What ``PoolOverTime.step`` knows of the frames so far."""

    total: Tensor  # [B, D], the weighted sum; of "max" and "last" the answer
    weight: Tensor  # [B, 1], the sum of weights
    most: Tensor  # [B, 1], the highest score, which all weights are relative to


class PoolOverTime(nn.Module):
    """[B, T, D] -> [B, D]: the "last", the "mean", the "max", or a learned "attention" average."""

    def __init__(self, kind: Pool, num_features: int) -> None:
        super().__init__()
        check_choice("pool", kind, get_args(Pool))
        self.kind: Pool = kind
        # No bias: it would shift all scores alike, which the softmax does not see.
        self.score = nn.Linear(num_features, 1, bias=False) if kind == "attention" else None

    def forward(self, x_BTD: Tensor) -> Tensor:
        if self.score is not None:
            return (self.score(x_BTD).softmax(dim=1) * x_BTD).sum(dim=1)
        if self.kind == "last":
            return x_BTD[:, -1]
        return x_BTD.amax(dim=1) if self.kind == "max" else x_BTD.mean(dim=1)

    def step(self, x_BD: Tensor, state: PoolState | None = None) -> tuple[Tensor, PoolState]:
        """One frame more: what ``forward`` gives of all frames so far, [B, D], and the next state. The weighted mean is
        that of a softmax computed in one pass (Milakov and Gimelshein 2018, arXiv:1805.02867)."""
        score = x_BD.new_zeros(x_BD.shape[0], 1) if self.score is None else self.score(x_BD)
        if state is None or self.kind == "last":
            return x_BD, PoolState(x_BD, torch.ones_like(score), score)
        if self.kind == "max":
            total = torch.maximum(state.total, x_BD)
            return total, state._replace(total=total)
        most = torch.maximum(state.most, score)
        before, now = (state.most - most).exp(), (score - most).exp()
        total, weight = state.total * before + x_BD * now, state.weight * before + now
        return total / weight, PoolState(total, weight, most)


def frame_features(backbone: Any, video: Tensor) -> Tensor:
    """video: float [B, C, T, H, W] -> the frames' maps [B, D, T, H', W'], or what the backbone itself pools of each
    frame, [B, T, D], where it gives tokens or works on after its pooling."""
    num_frames = video.shape[2]
    for module in backbone.modules():
        if isinstance(module, AcrossFrames):
            module.num_frames = num_frames
    frames = video.transpose(1, 2).flatten(0, 1)  # [B, C, T, H, W] -> [B*T, C, H, W]
    check_frame_size(backbone, tuple(video.shape[3:]))
    features = backbone.forward_features(frames)
    if getattr(backbone, "output_fmt", None) == "NHWC":
        features = features.permute(0, 3, 1, 2)  # [B*T, H', W', D] -> [B*T, D, H', W']
    if features.ndim != 4 or features.shape[1] != width_of(backbone):
        return backbone.forward_head(features, pre_logits=True).unflatten(0, (-1, num_frames))  # [B, T, D]
    return features.unflatten(0, (-1, num_frames)).transpose(1, 2)  # [B*T, D, H', W'] -> [B, D, T, H', W']


def blocks_of_backbone(backbone: Any) -> list[nn.Module]:
    """The modules that a 2-D network repeats. timm's networks name the parameters of each by a pattern such as
    ``^layer(\\d+)\\.(\\d+)``; what the whole pattern matches, and ends in a number, is a block."""
    if isinstance(backbone, FrameCnn):
        return backbone.repeated_blocks()
    spec = backbone.group_matcher(coarse=False)["blocks"]
    patterns = [spec] if isinstance(spec, str) else [pattern for pattern, _ in spec]
    blocks = "|".join(f"(?:{pattern})" for pattern in patterns)
    return [module for name, module in backbone.named_modules() if re.fullmatch(blocks, name) and name[-1].isdigit()]


def check_frame_size(backbone: Any, size: tuple[int, ...]) -> None:
    """Raises: ValueError: a transformer of timm is made for one size of image, and this is another."""
    patches = getattr(backbone, "patch_embed", None)
    made_for = getattr(patches, "img_size", None)
    if made_for and getattr(patches, "strict_img_size", False) and tuple(made_for) != size:
        raise ValueError(
            f"model.backbone: this {type(backbone).__name__} takes frames of {made_for[0]}x{made_for[1]} pixels alone, "
            f"the clip has {size[0]}x{size[1]}. Set clip.size={made_for[0]} clip.resize={made_for[0]} or more, or "
            "choose a convolutional backbone such as resnet50."
        )


def pool_frames(backbone: Any, features: Tensor) -> Tensor:
    """[B, D, T, H', W'], pooled as the backbone does, or [B, T, D] -> [B, T, D]."""
    if features.ndim == 3:
        return features
    maps = features.transpose(1, 2).flatten(0, 1)  # [B, D, T, H', W'] -> [B*T, D, H', W']
    if getattr(backbone, "output_fmt", None) == "NHWC":
        maps = maps.permute(0, 2, 3, 1)  # [B*T, D, H', W'] -> [B*T, H', W', D]
    return backbone.forward_head(maps, pre_logits=True).unflatten(0, (features.shape[0], -1))


def width_of(backbone: nn.Module) -> int:
    """D, the channels of a frame once it is pooled."""
    return cast(int, getattr(backbone, "head_hidden_size", None) or backbone.num_features)


def create_backbone(name: str, *, pretrained: bool, temporal_difference: Difference = "none") -> nn.Module:
    """A 2-D network without classifier, behind timm's interface.

    Args:
        name: "tiny" (our own, for 32-64 px) or any 2-D model of timm.
        pretrained: its ImageNet weights; difference channels start as copies of the colour filters.

    Raises: ValueError: no such backbone. OSError: its weights cannot be fetched.
    """
    in_channels = num_input_channels(temporal_difference)
    if name == "tiny":
        if pretrained:
            backbone_statistics(name)  # raises
        return FrameCnn(in_channels, width=TINY_WIDTH)
    timm = _timm_that_knows(name)
    try:
        return timm.create_model(name, pretrained=pretrained, in_chans=in_channels, num_classes=0)
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        raise OSError(
            f"model.backbone={name}: cannot fetch its pretrained weights ({error}). Put them into the Hugging Face "
            "cache (HF_HOME) on a machine with network, or set model.backbone_pretrained=false."
        ) from error


class Statistics(NamedTuple):
    """Normalisation of pixels in [0, 1]."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    channels: Channels = "rgb"


def backbone_statistics(name: str) -> Statistics:
    """The normalisation that the ImageNet weights of a backbone were trained with. Builds nothing.

    Raises: ValueError: no such backbone, or it has no weights.
    """
    config = None if name == "tiny" else _timm_that_knows(name).get_pretrained_cfg(name)
    if config is None:
        raise ValueError(f"model.backbone={name} has no pretrained weights. Set model.backbone_pretrained=false.")
    return Statistics(tuple(config.mean), tuple(config.std))


def _timm_that_knows(name: str) -> Any:
    import timm

    if not timm.is_model(name):
        near = did_you_mean(name, timm.list_models())
        raise ValueError(
            f"model.backbone='{name}' is neither 'tiny' nor a model of timm {timm.__version__}.{near} "
            "timm.list_models() lists them."
        )
    return timm


def _below_backbone(spec: str | Sequence[tuple[str, Any]]) -> Any:
    """timm's pattern, or list of (pattern, depth), for names that start with ``backbone.``."""
    if not isinstance(spec, str):
        return [(_below_backbone(pattern), depth) for pattern, depth in spec]
    anywhere = re.sub(r"(?<!\[)\^", "", spec)
    return rf"^backbone\.(?:{anywhere})"
