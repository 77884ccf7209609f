"""The feature maps of a network, found by watching its forward pass."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

Grid = tuple[int, int, int]  # steps in time, rows, columns
FEATURES = "forward_features"  # the name of what it gives, which no module may give

OVER_TIME = nn.Conv1d | nn.BatchNorm1d | nn.RNNBase  # layers that know no place


class NoMap(ValueError):
    """A network that a method cannot explain, since no layer shows where in the clip it looks."""


class FeatureMap(NamedTuple):
    """What one layer gave for one clip: a value for each place of a grid over the clip."""

    layer: str
    output: Tensor  # as the layer gave it, part of the graph
    grid: Grid
    channels_last: bool

    @property
    def is_tokens(self) -> bool:
        """Rather than a map."""
        return self.output.ndim == 3

    def volume(self, values: Tensor) -> Tensor:
        """``values`` of the shape of ``output`` -> [C, T', H', W'], without class tokens."""
        if values.ndim == 5:
            return values[0].movedim(-1, 0) if self.channels_last else values[0]
        if values.ndim == 4 and not self.channels_last:
            return values.movedim(1, 0)  # the frames of one clip as a batch
        steps, rows, columns = self.grid
        tokens = values if len(values) == steps else values.reshape(1, -1, values.shape[-1])
        places = steps // len(tokens) * rows * columns
        return tokens[:, -places:].reshape(steps, rows, columns, -1).movedim(-1, 0)


@contextmanager
def watching(network: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Within it, each layer's last output by its name, in the order in which the layers end. A block that hands on the
    tensor of its last layer gives it the block's name."""
    outputs: dict[str, Tensor] = {}
    names: dict[int, str] = {}  # the tensors seen, by id

    def keep(name: str, module: nn.Module, output: Any) -> None:
        if not isinstance(output, Tensor) or not output.requires_grad:
            return
        held = names.get(id(output))
        if held is not None and (isinstance(module, nn.Sequential) or not held.startswith(f"{name}.")):
            return
        outputs.pop(held or name, None)
        outputs[name], names[id(output)] = output, name

    hooks = [
        module.register_forward_hook(lambda module, _inputs, output, name=name: keep(name, module, output))
        for name, module in part_that_sees(network).named_modules()
        if name
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def part_that_sees(network: nn.Module) -> nn.Module:
    """The part whose layers look at pictures: ``network.pictures``, where it says so, else all of it."""
    return getattr(network, "pictures", network)


def watched_pass(network: nn.Module, video: Tensor, target: int) -> tuple[Tensor, dict[str, Tensor]]:
    """The target's output for one clip [1, C, T, H, W], part of the graph, and the outputs of the layers. Its own
    ``forward_features`` and ``forward_head``, where it has them, give one more."""
    video = video.detach().requires_grad_()
    with torch.enable_grad(), watching(network) as outputs:
        if not hasattr(network, FEATURES) or not hasattr(network, "forward_head"):
            return network(video)[0, target], outputs
        features = network.forward_features(video)  # pyright: ignore[reportCallIssue]
        score = network.forward_head(features)[0, target]  # pyright: ignore[reportCallIssue]
    if isinstance(features, Tensor) and all(features is not one for one in outputs.values()):
        outputs[FEATURES] = features
    return score, outputs


def feature_maps(network: nn.Module, outputs: Mapping[str, Tensor], num_frames: int) -> list[FeatureMap]:
    """Those outputs of one clip that are maps over its pictures, or tokens that each stand for a place, in order.

    Layers without weights do not say where their channels stand, so they are left out.
    """
    modules, found = dict(part_that_sees(network).named_modules()), list[FeatureMap]()
    patches: Grid | None = None
    for name, output in outputs.items():
        weights = None if name == FEATURES else last_weights(modules[name])
        if isinstance(weights, OVER_TIME) or (weights is None and name != FEATURES):
            continue
        channels_last = isinstance(weights, nn.Linear | nn.LayerNorm)
        grid = grid_of(tuple(output.shape), channels_last, num_frames, patches)
        if not grid or grid[1] * grid[2] == 1:
            continue
        if isinstance(weights, nn.Conv2d | nn.Conv3d) and not any(one.is_tokens for one in found):
            patches = grid
        elif output.ndim == 3:
            patches = grid  # where the next ones lie, which may be pooled 2x2, as in MViT
        found.append(FeatureMap(name, output, grid, channels_last))
    return found


def grid_of(shape: tuple[int, ...], channels_last: bool, num_frames: int, patches: Grid | None) -> Grid | None:
    """How the values of one clip lie; None = not on a grid. ``patches``: the grid of the patch embedding, if any."""
    if len(shape) == 5 and shape[0] == 1:
        return shape[1:4] if channels_last else shape[2:]
    if len(shape) == 4 and not channels_last and shape[0] <= num_frames:
        return (shape[0], *shape[2:])
    if len(shape) == 3 and patches:
        return token_grid(shape[0], shape[1], patches)
    if len(shape) == 4 and patches and shape[:3] == (1, patches[0], patches[1] * patches[2]):
        return patches
    return None


def token_grid(batch: int, length: int, patches: Grid) -> Grid | None:
    """The grid of tokens [batch, length, D], perhaps with a class token before them: of a whole clip (batch 1), or of
    one frame each. It is that of the tokens or patches before, or half of it in each direction of the picture."""
    steps, rows, columns = patches
    in_one = {1: steps, steps: 1}.get(batch)  # steps that one row of the batch holds
    if in_one is None:
        return None
    for height, width in ((rows, columns), (-(-rows // 2), -(-columns // 2))):
        if height * width > 1 and length - in_one * height * width in (0, 1):
            return steps, height, width
    return None


def last_weights(module: nn.Module) -> nn.Module | None:
    """The last part of a layer that holds weights: it decides where the channels stand."""
    holders = [part for part in module.modules() if next(part.parameters(recurse=False), None) is not None]
    return holders[-1] if holders else None


def upsampled(volume: Tensor, shape: tuple[int, ...]) -> Tensor:
    """[T', H', W'] -> [T, H, W], linear in each direction."""
    return torch.nn.functional.interpolate(volume[None, None], size=shape, mode="trilinear", align_corners=False)[0, 0]
