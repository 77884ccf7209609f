"""Any model of the zoo whose features keep their order in time, with a head over time: classes for each frame."""

from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.build import build
from videoai.models.blocks import repeated_blocks
from videoai.models.heads import needs
from videoai.models.temporal_heads import temporal_head


class PerFrame(nn.Module):
    """body: features of a clip; their mean over space at each of their steps, spread over the frames; a head over time.

    Args:
        body: the node of a model, ``{name: small_r3d, ...}``.
        head: ``{name: ms_tcn, ...}`` with the options of a head of temporal_heads.py.
    """

    def __init__(self, num_classes: int, *, body: dict[str, Any], head: dict[str, Any]) -> None:
        super().__init__()
        from videoai.models.table import TARGETS  # which names this class, too

        self.body = build(body, TARGETS, where="model.body", num_classes=0)
        needs(self.body, "forward_features", "num_features", "reset_classifier", setting="task=localize")
        self.body.reset_classifier(0)
        self.num_features = getattr(self.body, "feature_width", self.body.num_features)
        options = {key: value for key, value in head.items() if key != "name"}
        self.head_options = (head["name"], options)
        self.norm = nn.LayerNorm(self.num_features)
        self.head = temporal_head(head["name"], self.num_features, num_classes, **options)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, S, K, T], as the head gives them."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W] -> [B, D, T]."""
        num_frames = video.shape[2]
        steps = over_time(self.body.forward_features(video), num_frames, type(self.body).__name__)
        return self.norm(spread(steps, num_frames).mT).mT

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """[B, D, T] -> [B, S, K, T], or the mean over time [B, D]."""
        return features.mean(-1) if pre_logits else self.head(features)

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head, or none for 0; the body keeps its weights."""
        name, options = self.head_options
        if not num_classes:
            self.head = nn.Identity()
            return
        self.head = temporal_head(name, self.num_features, num_classes, **options).to(self.norm.weight.device)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """The depths of the body; the head comes after them."""
        return {"stem": r"^body\.stem", "blocks": r"^body\.stages\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The body's."""
        return repeated_blocks(self.body)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the body's activations in the backward pass."""
        self.body.set_grad_checkpointing(enable)


def spread(steps: Tensor, num_frames: int) -> Tensor:
    """[B, D, T'] -> [B, D, T], linear between steps. Step i is what a strided convolution centres on frame i * T / T':
    placed in the middle of its T / T' frames, as pictures are resized, all events come later by half of them."""
    length = steps.shape[-1]
    if length == num_frames:
        return steps
    place = torch.arange(num_frames, device=steps.device) * (length / num_frames)
    before = place.long().clamp(max=length - 1)
    return torch.lerp(
        steps[..., before], steps[..., (before + 1).clamp(max=length - 1)], (place - before).to(steps.dtype)
    )


def over_time(features: Any, num_frames: int, name: str) -> Tensor:
    """Maps [B, D, T', H', W'], several of them, or frames [B, T, D] -> [B, D, T'].

    Raises: ValueError: features without an order in time, as the tokens of a transformer.
    """
    if isinstance(features, tuple | list):
        maps = [over_time(one, num_frames, name) for one in features]
        longest = max(one.shape[-1] for one in maps)
        return torch.cat([spread(one, longest) for one in maps], 1)
    if isinstance(features, Tensor) and features.ndim == 5:
        return features.mean((3, 4))
    if isinstance(features, Tensor) and features.ndim == 3 and features.shape[1] == num_frames:
        return features.mT
    shape = list(features.shape) if isinstance(features, Tensor) else type(features).__name__
    raise ValueError(
        f"task=localize: {name} gives features {shape}, whose order in time is not known. Choose a 3-D CNN, a CNN + "
        "RNN or Video Swin: videoai models"
    )
