"""The blocks that a model repeats: the units of activation checkpointing, of compiling, and of sharding."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def repeated_blocks(model: nn.Module) -> list[nn.Module]:
    """What a model's own ``repeated_blocks`` names, in the order of the forward pass: transformer blocks, residual
    blocks or stages. Empty for a model without the method, such as one of the user's own or a GAN.

    Raises: ValueError: one block is named twice or lies inside another, so that they are no units.
    """
    blocks = list(getattr(model, "repeated_blocks", list)())
    inside = [id(module) for block in blocks for module in block.modules()]
    if len(set(inside)) < len(inside):
        raise ValueError(
            f"{type(model).__name__}.repeated_blocks() names modules that share parts. Name each block once, and none "
            "inside another."
        )
    return blocks


def run_blocks(blocks: Iterable[Callable[..., Any]], x: Any, *context: Any, checkpointing: bool) -> Any:
    """The blocks in turn; each is given ``context`` too. With ``checkpointing`` their activations are computed again in
    the backward pass instead of kept (Chen et al. 2016, arXiv:1604.06174): a third more time for a fraction of the
    memory."""
    for block in blocks:
        recompute = checkpointing and torch.is_grad_enabled()
        x = checkpoint(block, x, *context, use_reentrant=False) if recompute else block(x, *context)
    return x
