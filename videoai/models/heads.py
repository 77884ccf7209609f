"""Find the parameters of a model's head, and replace the head by an attentive probe."""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.checkpoint import weights_hash
from videoai.models.attentive_probe import AttentiveProbe
from videoai.models.blocks import repeated_blocks
from videoai.models.layers import check_choice


def with_head(model: nn.Module, head: str, num_classes: int) -> nn.Module:
    """The model itself (``linear``), or with attention over its unpooled features (``attentive``).

    Raises: ValueError: unknown kind of head, or a model that shows no unpooled features.
    """
    check_choice("head", head, ("linear", "attentive"), group="finetune")
    if head == "linear":
        return model
    needs(model, "forward_features", "reset_classifier", "num_features", setting="finetune.head=attentive")
    return AttentiveModel(model, num_classes)


class SelectedLinear(nn.Linear):
    """A linear layer that reads some columns of its input alone."""

    columns: Tensor  # int64 [d]

    def __init__(self, columns: Sequence[int], num_outputs: int) -> None:
        super().__init__(len(columns), num_outputs)
        self.register_buffer("columns", torch.tensor(columns), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """[..., D] -> [..., K]"""
        return super().forward(features.index_select(-1, self.columns))


def with_columns(model: nn.Module, columns: Sequence[int]) -> nn.Module:
    """The model with a fresh linear head on these of its pooled features; () = the model as it is.

    Raises: ValueError: a head that is not one linear layer, or columns that it does not have.
    """
    if not columns:
        return model
    head = linear_head(model, setting="finetune.features")
    if min(columns) < 0 or max(columns) >= head.in_features or len(set(columns)) < len(columns):
        raise ValueError(
            f"finetune.columns: the columns are {len(set(columns))} numbers from {min(columns)} to {max(columns)}, and "
            f"the pooled features of {type(model).__name__} are 0 to {head.in_features - 1}, each once. Select them "
            "from features of this model."
        )
    where = next(name for name, module in model.named_modules() if module is head)
    model.set_submodule(where, SelectedLinear(columns, head.out_features))
    return model


def body_hash(model: nn.Module) -> str:
    """``weights_hash`` of everything below the head: the same network under a head for other classes."""
    try:
        return weights_hash(model, head_parameters(model))
    except ValueError:  # no head, as in an encoder, or one that it does not name
        return weights_hash(model)


class AttentiveModel(nn.Module):
    """A model of the zoo whose head is an attentive probe. Same contract."""

    def __init__(self, model: Any, num_classes: int) -> None:
        super().__init__()
        self.num_features = getattr(model, "feature_width", model.num_features)
        model.reset_classifier(0)
        self.model = model
        self.probe = AttentiveProbe(self.num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Any:
        """The model's own unpooled features."""
        return self.model.forward_features(video)

    def forward_head(self, features: Any, pre_logits: bool = False) -> Tensor:
        """Features -> logits [B, K], or the probe's pooled [B, D]."""
        return self.probe(features, pre_logits=pre_logits)

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh classifier after the pooling; everything else keeps its weights."""
        self.probe.reset_classifier(num_classes)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """The model's depths; the probe comes after all of them."""
        return prefixed(self.model.group_matcher(coarse), "model")

    def no_weight_decay(self) -> set[str]:
        """The model's own, and the probe's query."""
        return {f"model.{name}" for name in getattr(self.model, "no_weight_decay", set)()} | {"probe.pool.query_token"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The model's own."""
        return repeated_blocks(self.model)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the model's activations in the backward pass."""
        self.model.set_grad_checkpointing(enable)


def prefixed(matcher: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A ``group_matcher`` of a model that stands below ``name`` in another one."""

    def below(pattern: Any) -> Any:
        if isinstance(pattern, str):
            return re.sub(r"^\^", rf"^{name}\.", pattern)
        return [(below(one), *rest) for one, *rest in pattern]

    return {layer: below(pattern) for layer, pattern in matcher.items()}


def head_parameters(model: nn.Module) -> list[str]:
    """Names of what ``reset_classifier`` replaces (all of an attentive probe).

    Raises: ValueError: the model cannot reset its classifier, or resets nothing.
    """
    if isinstance(model, AttentiveModel):
        return [name for name, _ in model.named_parameters() if name.startswith("probe.")]
    needs(model, "reset_classifier", setting="finetune.freeze=true")
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    bare: Any = copy.deepcopy(model, shared)  # modules are copied, tensors are not
    bare.reset_classifier(0)
    kept = {name for name, _ in bare.named_parameters()}
    head = [name for name, _ in model.named_parameters() if name not in kept]
    if not head:
        raise ValueError(
            f"finetune.freeze=true: {type(model).__name__}.reset_classifier(0) takes no parameter away, so nothing is "
            "known to be the head, and nothing would learn. It must put nn.Identity() in the head's place."
        )
    return head


def num_outputs(model: nn.Module) -> int:
    """How many classes the model's head has. Raises: ValueError: as ``head_parameters``."""
    return len(model.get_parameter(head_parameters(model)[-1]))


def linear_head(model: nn.Module, *, setting: str) -> nn.Linear:
    """The one linear layer that turns the pooled features of a model into logits.

    Raises: ValueError: another head, which cannot be fed pooled features.
    """
    owners = {name.rpartition(".")[0] for name in head_parameters(model)}
    head = model.get_submodule(owners.pop()) if len(owners) == 1 else None
    if not isinstance(head, nn.Linear):
        raise ValueError(
            f"{setting} needs a head that is one linear layer over pooled features, which stay as they are; that of "
            f"{type(model).__name__} is more. Use finetune=linear_probe with a model that has such a head."
        )
    return head


def checkpoint_activations(model: Any) -> None:
    """Raises: ValueError: the model does not offer it."""
    needs(model, "set_grad_checkpointing", setting="trainer.activation_checkpointing=true")
    model.set_grad_checkpointing()


def needs(model: nn.Module, *methods: str, setting: str) -> None:
    """Raises: ValueError: a model of the user's own lacks what a setting needs."""
    lacking = [method for method in methods if not hasattr(model, method)]
    if lacking:
        raise ValueError(
            f"{setting}: {type(model).__name__} has no {lacking[0]}. videoai/models/__init__.py says what it does; add "
            f"it, or leave the setting."
        )
