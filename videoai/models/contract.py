"""Check a user's own model on one batch before a run: the contract of ``models/__init__.py``."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.func import functional_call

WANTED = "A model takes video float [B, 3, T, H, W] and returns logits [B, K], without softmax"


@torch.no_grad()
def check_contract(
    model: nn.Module, video: Tensor, num_classes: int, autocast: Callable[[], AbstractContextManager[object]]
) -> None:
    """Run a model in both modes, as training and evaluation will; its buffers stay as they are.

    Args:
        video: float [B, 3, T, H, W], normalised, on the model's device.

    Raises: ValueError: it fails, or returns no logits [B, num_classes] that can learn; the message names its class.
    """
    name, shape = type(model).__name__, list(video.shape)
    for training in (False, True):
        model.train(training)
        buffers = {key: buffer.clone() for key, buffer in model.named_buffers()}
        try:
            with torch.random.fork_rng(), autocast(), torch.set_grad_enabled(training):
                logits = functional_call(model, buffers, (video,))
        except Exception as error:  # whatever a stranger's code raises is one line here, with the traceback under debug
            raise ValueError(
                f"model {name}: fails on a video {shape} with {type(error).__name__}: {error}. {WANTED}."
            ) from error
        if not isinstance(logits, Tensor) or list(logits.shape) != [len(video), num_classes]:
            given = list(logits.shape) if isinstance(logits, Tensor) else f"a {type(logits).__name__}"
            raise ValueError(
                f"model {name}: returns {given} for a video {shape}. {WANTED}: here {[len(video), num_classes]}."
            )
        if not training and is_softmax(logits):
            raise ValueError(f"model {name}: returns probabilities; each row adds up to 1. {WANTED}.")
        if training and not logits.requires_grad:
            raise ValueError(f"model {name}: its logits depend on no parameter, so that it cannot learn. {WANTED}.")


def is_softmax(logits: Tensor) -> bool:
    """Whether every row is a distribution."""
    total = logits.float().sum(1)
    return logits.shape[1] > 1 and bool(
        (logits >= 0).all() and torch.allclose(total, torch.ones_like(total), atol=1e-2)
    )
