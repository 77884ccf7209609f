"""Optimizers: decay only where it helps. Norms and biases are left alone (arXiv:1812.01187, section 3.1)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.build import bind

OPTIMIZERS = {"adamw": "torch.optim:AdamW", "sgd": "torch.optim:SGD"}


def build_optimizer(
    node: Mapping[str, Any], model: nn.Module, *, layer_decay: float | None = None, trust: Sequence[str] = ()
) -> torch.optim.Optimizer:
    """``{"name": "adamw", "lr": 1e-3, "weight_decay": 0.05}`` -> an optimizer over groups that decay and groups that do
    not.

    Args:
        layer_decay: every layer learns at this fraction of the rate of the layer above it (ULMFiT, arXiv:1801.06146;
            BEiT, arXiv:2106.08254); None = all layers alike.
        trust: packages that a ``_target_`` may come from; it is called with ``params``, groups of parameters, and the
            node's other keys.

    Raises: ValueError: unknown name or option, or a model that does not name its layers.
    """
    if "lr" not in node:
        raise ValueError("optim.lr is not set. Add optim.lr=..., the learning rate.")
    if isinstance(node["lr"], str | bool | None):
        raise ValueError(f"optim.lr={node['lr']!r}: give a number above 0, without quotes.")
    options = dict(node)
    weight_decay = options.pop("weight_decay", 0.0)
    if not isinstance(weight_decay, int | float) or not 0 <= weight_decay < math.inf:
        raise ValueError(f"optim.weight_decay={weight_decay}: give a number from 0 up.")
    groups = parameter_groups(model, weight_decay) if layer_decay is None else layers(model, weight_decay, layer_decay)
    for group in groups:
        group["lr"] = options["lr"] * group.pop("lr_scale", 1.0)
    if "betas" in options:
        options["betas"] = tuple(options["betas"])
    if options.get("momentum") == 0:
        options.pop("nesterov", None)  # which torch allows with a momentum alone
    given = {id(parameter) for group in groups for parameter in group["params"]}
    if node.get("name") == "adamw" and "foreach" not in options and next(model.parameters()).is_cuda:
        # One kernel instead of three passes, which can skip an update (Precision.update). Not for SGD: where torch 2.15
        # skips the first one, it goes on from memory that nobody wrote, and it refuses parameters that thaw later.
        options.setdefault("fused", True)
    target = str(node.get("_target_") or node.get("name"))
    make = bind(options, OPTIMIZERS, where="optim", trust=trust, params=groups)
    try:
        made = make()
    except Exception as error:  # torch's own do not say which setting they are about
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise ValueError(f"optim: {target} refuses its options: {kind}{error}") from error
    check_optimizer(made, target, given)
    return made


def load_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Continue from a checkpoint's ``state``. Which implementation computes a step follows the device of this run, not
    that of the run that wrote it. Raises: ValueError: the state of other groups of parameters."""
    groups = [
        {**saved, **{key: own[key] for key in ("fused", "foreach") if key in own}}
        for saved, own in zip(state["param_groups"], optimizer.param_groups, strict=True)
    ]
    optimizer.load_state_dict({**state, "param_groups": groups})


def check_optimizer(made: Any, target: str, given: set[int]) -> None:
    """Raises: ValueError: no optimizer, or not one of the parameters whose ids are ``given``."""
    if not isinstance(made, torch.optim.Optimizer):
        raise ValueError(f"optim: {target} made a {type(made).__name__}, and no torch.optim.Optimizer.")
    taken = {id(parameter) for group in made.param_groups for parameter in group["params"]}
    if taken != given:
        raise ValueError(
            f"optim: {target} takes {len(taken & given)} of the model's {len(given)} parameters and "
            f"{len(taken - given)} others. It must update all that it is given as params."
        )


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups: matrices and kernels decay; vectors (norms, biases) and what the model itself names do not."""
    exempt = getattr(model, "no_weight_decay", set)()
    decay: list[nn.Parameter] = []
    keep: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (keep if parameter.ndim <= 1 or name in exempt else decay).append(parameter)
    groups = [{"params": decay, "weight_decay": weight_decay}, {"params": keep, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def layers(model: nn.Module, weight_decay: float, layer_decay: float) -> list[dict[str, Any]]:
    """As ``parameter_groups``, a pair of groups a layer, each with its ``lr_scale``.

    Raises: ValueError: the model has no ``group_matcher``.
    """
    if not hasattr(model, "group_matcher"):
        raise ValueError(
            f"finetune.layer_decay={layer_decay}: {type(model).__name__} does not name its layers. Give it a "
            "group_matcher (see videoai/models/__init__.py), or set finetune.layer_decay=null."
        )
    from timm.optim import param_groups_layer_decay  # pyright: ignore[reportPrivateImportUsage]

    exempt = getattr(model, "no_weight_decay", set)()
    return param_groups_layer_decay(model, weight_decay, exempt, layer_decay=layer_decay)


def penalty(model: nn.Module, *, l1: float, l2: float) -> Tensor:
    """l1 * sum |w| + l2 / 2 * sum w^2 over the decaying weights: classic regularisation, added to the loss."""
    weights = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    total = weights[0].new_zeros(())
    for weight in weights:
        total = total + l1 * weight.abs().sum() + 0.5 * l2 * weight.square().sum()
    return total
