"""A network as a source of features: the pooled vector that its head reads, its outputs, or any layer within it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.messages import did_you_mean
from videoai.core.types import ClipSpec
from videoai.inference.exported import ExportedNetwork
from videoai.inference.load import from_state, open_checkpoint
from videoai.models import create_model
from videoai.models.heads import needs
from videoai.models.published import find, is_published

POOLED, OUTPUTS = "pooled", "outputs"


@dataclass(frozen=True)
class Encoder:
    """A network in eval mode, the clip that it was trained on, and its classes where it has any."""

    network: nn.Module
    clip: ClipSpec
    classes: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=lambda: {"classes": [], "config": {"data": {}}})


def open_encoder(source: str, *, trust: Sequence[str] = ()) -> Encoder:
    """A checkpoint, with its averaged weights if there are any, or published weights by id, also those without
    classes.

    Raises: FileNotFoundError, OSError, ValueError.
    """
    if is_published(source) and not (row := find(source)).num_classes:
        return Encoder(create_model(row.model, weights=source, num_classes=0).eval(), row.clip)
    state = open_checkpoint(source)
    loaded = from_state(state, trust=trust)
    return Encoder(loaded.model.eval(), loaded.clip, loaded.classes, state)


class FeatureLayer(nn.Module):
    """video: float [B, 3, T, H, W], normalised -> features float [B, D].

    ``pooled`` is the vector that the head reads, ``outputs`` the logits; another name is a layer, whose output is
    averaged over time, space and tokens.
    """

    def __init__(self, network: nn.Module, layer: str = POOLED) -> None:
        """Raises: ValueError: no such layer, an export, or a network of one's own that lacks ``forward_features``."""
        super().__init__()
        self.network, self.layer = network, layer
        self.seen: list[Tensor] = []
        if layer != OUTPUTS and isinstance(network, ExportedNetwork):
            raise ValueError(
                f"layer={layer}: an export gives its outputs alone. Take layer={OUTPUTS}, or the checkpoint that it "
                "was made from."
            )
        if layer == POOLED:
            needs(network, "forward_features", "forward_head", setting="layer=pooled")
        elif layer != OUTPUTS:
            module = find_layer(network, layer)
            self.channels_last = has_channels_last(module)
            module.register_forward_hook(self._keep)

    def forward(self, video: Tensor) -> Tensor:
        """Raises: ValueError: a layer that is not reached, or gives no tensor of a clip each."""
        if self.layer == POOLED:
            features = self.network.forward_features(video)  # pyright: ignore[reportCallIssue]
            return self.network.forward_head(features, pre_logits=True)  # pyright: ignore[reportCallIssue]
        self.seen.clear()
        outputs = self.network(video)
        return outputs if self.layer == OUTPUTS else self._averaged(len(video))

    def _keep(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self.seen.append(output[0] if isinstance(output, tuple | list) else output)

    def _averaged(self, num_clips: int) -> Tensor:
        """What the layer gave last, averaged over all but clips and channels. Frames that were stacked as [B*T, ...]
        belong to their clip."""
        if not self.seen:
            raise ValueError(f"layer={self.layer}: the forward pass does not call it. Choose another layer.")
        output = self.seen.pop()
        self.seen.clear()
        if not isinstance(output, Tensor) or output.ndim < 2 or len(output) % num_clips:
            given = list(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
            raise ValueError(f"layer={self.layer}: gives {given} for {num_clips} clips. Choose a layer around it.")
        channels_last = output if self.channels_last else output.movedim(1, -1)
        return channels_last.reshape(num_clips, -1, channels_last.shape[-1]).mean(1)


def find_layer(network: nn.Module, name: str) -> nn.Module:
    """The module of that name. Raises: ValueError: there is none."""
    modules = {key: module for key, module in network.named_modules() if key}
    if name not in modules:
        top = [key for key in modules if key.count(".") <= 1]
        hint = did_you_mean(name, modules) or f" There are {', '.join(top[:12])}, ..."
        raise ValueError(f"layer={name}: {type(network).__name__} has no such layer.{hint} Or {POOLED}, {OUTPUTS}.")
    return modules[name]


def has_channels_last(module: nn.Module) -> bool:
    """Whether a layer gives [B, ..., C], as linear layers and layer norms do, rather than [B, C, ...], as convolutions
    and batch norms do: its last part that holds weights of either kind tells."""
    kinds = [part for part in module.modules() if isinstance(part, LAST | FIRST)]
    return bool(kinds) and isinstance(kinds[-1], LAST)


LAST = nn.Linear | nn.LayerNorm
FIRST = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.GroupNorm


@torch.inference_mode()
def num_features(layer: nn.Module, clip: ClipSpec, device: torch.device) -> int:
    """D, by a pass over one black clip. Raises: ValueError: as the layer does, or it gives no [B, D]."""
    given = layer(torch.zeros(1, 3, clip.num_frames, clip.size, clip.size, device=device))
    if not isinstance(given, Tensor) or given.ndim != 2:
        shape = list(given.shape) if isinstance(given, Tensor) else f"a {type(given).__name__}"
        raise ValueError(f"layer: gives {shape} for one clip, and features are [1, D]. Choose another layer.")
    return given.shape[1]
