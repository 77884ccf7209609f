"""Gradient-weighted attention rollout (Chefer et al. 2021, arXiv:2103.15679) where all tokens attend to each other."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from videoai.attribution.maps import Grid, NoMap, feature_maps, token_grid, upsampled, watched_pass


class AttentionWatcher(TorchFunctionMode):
    """Computes each ``scaled_dot_product_attention`` step by step, and keeps its weights [B, heads, L, L]."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Every other function is called as it is."""
        if func is not F.scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        return self._attention(*args, **(kwargs or {}))

    def _attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        **options: Any,
    ) -> Tensor:
        logits = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
        if attn_mask is not None:
            masked = attn_mask.dtype == torch.bool
            logits = logits.masked_fill(~attn_mask, -torch.inf) if masked else logits + attn_mask
        self.weights.append(logits.softmax(-1))
        return self.weights[-1] @ value


def attention_rollout(network: nn.Module, video: Tensor, target: int) -> Tensor:
    """How much the tokens that the head reads depend on each patch, through all layers.

    Args:
        video: float [1, C, T, H, W], normalised.
        target: the number of the output.

    Returns: float [T, H, W], 0 and more.
    Raises: NoMap: not every layer lets all tokens of the clip attend to each other.
    """
    with AttentionWatcher() as watcher:
        score, outputs = watched_pass(network, video, target)
    weights = watcher.weights
    patches = next((one.grid for one in feature_maps(network, outputs, video.shape[2])), None)
    grid = _common_grid(weights, patches)
    if grid is None:
        raise NoMap(
            f"{type(network).__name__} is no transformer in which all tokens of a clip attend to each other, so its "
            "attention cannot be rolled out. Take method=grad_cam or method=occlusion."
        )
    gradients = torch.autograd.grad(score, weights, allow_unused=True)
    steps = [
        (weight.detach() * gradient)[0].relu().mean(0)
        for weight, gradient in zip(weights, gradients, strict=True)
        if gradient is not None
    ]
    return upsampled(rolled_out(steps)[-grid[0] * grid[1] * grid[2] :].reshape(grid), tuple(video.shape[2:]))


def rolled_out(steps: list[Tensor]) -> Tensor:
    """[L]: the mean relevance of each token for those that the last layer hands on to the head (equation 6).

    steps: [L, L] a layer, the gradient-weighted attention of a token (row) to the others, averaged over heads.
    """
    relevance = torch.eye(len(steps[0]), device=steps[0].device)
    for step in steps:
        relevance = relevance + step @ relevance
    read = steps[-1].sum(1) > 0  # the class token alone, or all of them
    return relevance[read].mean(0) if read.any() else relevance.mean(0)


def _common_grid(weights: list[Tensor], patches: Grid | None) -> Grid | None:
    """The grid of the tokens, where each layer's attention is over the same ones, all of a clip's."""
    lengths = {tuple(weight.shape[-2:]) for weight in weights}
    if len(lengths) != 1 or not patches or any(len(weight) != 1 for weight in weights):
        return None
    rows, columns = lengths.pop()
    return token_grid(1, rows, patches) if rows == columns else None
