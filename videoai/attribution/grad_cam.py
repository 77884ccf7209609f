"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) and LayerCAM (Jiang et al. 2021, IEEE TIP 30, 5875-5888), for any
network with maps, or tokens, that stand for places."""

import torch
from torch import Tensor, nn

from videoai.attribution.maps import FeatureMap, NoMap, feature_maps, upsampled, watched_pass
from videoai.core.messages import did_you_mean

# Rows and columns of the map that is chosen. Grad-CAM averages gradients over a map, which suits the last one; fewer
# places point nowhere. LayerCAM weighs each place by itself, which allows a finer map.
LEAST_CELLS = {"grad_cam": 4, "layer_cam": 8}


def grad_cam(network: nn.Module, video: Tensor, target: int, *, layer: str | None = None) -> tuple[Tensor, str]:
    """The last feature map, its channels weighted by the mean gradient of the target's output, negative sums cut off.

    Args:
        video: float [1, C, T, H, W], normalised.
        target: the number of the output.
        layer: whose map; None = the last one of at least ``LEAST_CELLS`` rows and columns that the output depends on,
            or else the last one.

    Returns: float [T, H, W], 0 and more, and the name of the layer.
    Raises: NoMap: no such map, or the output does not depend on it.
    """
    found, values, slopes = _map_and_gradient(network, video, target, layer, LEAST_CELLS["grad_cam"])
    heat = (values * slopes.mean((1, 2, 3), keepdim=True)).sum(0).relu()
    return upsampled(heat, tuple(video.shape[2:])), found


def layer_cam(network: nn.Module, video: Tensor, target: int, *, layer: str | None = None) -> tuple[Tensor, str]:
    """A finer feature map, each value weighted by its own gradient where that is positive; else as ``grad_cam``."""
    found, values, slopes = _map_and_gradient(network, video, target, layer, LEAST_CELLS["layer_cam"])
    return upsampled((values * slopes.relu()).sum(0).relu(), tuple(video.shape[2:])), found


def _map_and_gradient(
    network: nn.Module, video: Tensor, target: int, layer: str | None, least_cells: int
) -> tuple[str, Tensor, Tensor]:
    """The name of the layer, its values and the gradients of the output, [D, T', H', W'] each."""
    score, outputs = watched_pass(network, video, target)
    maps = feature_maps(network, outputs, video.shape[2])
    chosen = [one for one in maps if one.layer == layer] if layer else maps
    if not chosen:
        raise NoMap(_no_map(network, [one.layer for one in maps], layer))
    gradients = torch.autograd.grad(score, [one.output for one in chosen], allow_unused=True)
    pairs = [(one, gradient) for one, gradient in zip(chosen, gradients, strict=True) if _depends(one, gradient)]
    if not pairs:
        raise NoMap(_no_dependence(network, layer))
    large = [pair for pair in pairs if min(pair[0].grid[1:]) >= least_cells]
    found, gradient = (large or pairs)[-1]
    return found.layer, found.volume(found.output.detach()).float(), found.volume(gradient).float()


def _depends(found: FeatureMap, gradient: Tensor | None) -> bool:
    """Whether the output reads the places, and not their class token alone."""
    return gradient is not None and bool(found.volume(gradient).any())


def _no_map(network: nn.Module, layers: list[str], layer: str | None) -> str:
    if not layer:
        return f"{type(network).__name__} has no feature map over its pictures. Take method=occlusion."
    few = ", ".join(layers[-6:])
    return f"layer={layer}: gives no feature map.{did_you_mean(layer, layers)} The last ones that do: {few}."


def _no_dependence(network: nn.Module, layer: str | None) -> str:
    what = f"layer={layer}" if layer else f"the feature maps of {type(network).__name__}"
    return f"{what}: the output does not depend on it. Take method=occlusion."
