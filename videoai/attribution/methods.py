"""The methods by name, and which one suits a network."""

from contextlib import suppress
from typing import NamedTuple

import torch
from torch import Tensor, nn

from videoai.attribution.attention_rollout import attention_rollout
from videoai.attribution.grad_cam import grad_cam, layer_cam
from videoai.attribution.integrated_gradients import integrated_gradients
from videoai.attribution.maps import NoMap
from videoai.attribution.occlusion import occlusion, temporal_occlusion
from videoai.settings.verbs import ExplainMethod, Method


class Attribution(NamedTuple):
    """How much one output of a network depends on each pixel of a clip."""

    heat: Tensor  # float [T, H, W] on the CPU, 0 and more
    method: Method
    layer: str | None  # which grad_cam and layer_cam read


def attribute(
    network: nn.Module, video: Tensor, target: int, method: ExplainMethod, *, layer: str | None = None
) -> Attribution:
    """Explain one output for one clip.

    Args:
        network: in eval mode; video float [1, C, T, H, W], normalised -> [1, K].
        target: 0 to K - 1.
        method: auto = attention rollout where all tokens attend to each other, Grad-CAM where there is a feature map,
            otherwise occlusion.
        layer: of Grad-CAM and LayerCAM; None = it chooses.

    Raises: ValueError: the network cannot be explained so.
    """
    if method == "auto":
        return _first_that_suits(network, video, target, layer)
    with torch.backends.cudnn.flags(enabled=not _has_rnn(network)):  # cuDNN's RNNs have no backward pass in eval mode
        heat, found = _heat(network, video, target, method, layer)
    return Attribution(heat.float().cpu(), method, found)


def _heat(
    network: nn.Module, video: Tensor, target: int, method: Method, layer: str | None
) -> tuple[Tensor, str | None]:
    match method:
        case "grad_cam":
            return grad_cam(network, video, target, layer=layer)
        case "layer_cam":
            return layer_cam(network, video, target, layer=layer)
        case "attention_rollout":
            return attention_rollout(network, video, target), None
        case "integrated_gradients":
            return integrated_gradients(network, video, target).sum(0).relu(), None
        case "occlusion":
            return occlusion(network, video, target), None
        case "temporal_occlusion":
            return temporal_occlusion(network, video, target), None


def _has_rnn(network: nn.Module) -> bool:
    return any(isinstance(module, nn.RNNBase) for module in network.modules())


def _first_that_suits(network: nn.Module, video: Tensor, target: int, layer: str | None) -> Attribution:
    if layer:
        return attribute(network, video, target, "grad_cam", layer=layer)
    for method in ("attention_rollout", "grad_cam"):
        with suppress(NoMap):
            return attribute(network, video, target, method)
    return attribute(network, video, target, "occlusion")
