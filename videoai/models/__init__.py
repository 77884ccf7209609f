"""The model zoo: ``create_model`` by name, ``from_published`` from a state dict that others published.

A model is any ``nn.Module`` with ``forward(video: float [B, C, T, H, W], normalised) -> logits [B, K]`` (no softmax).
There is no base class. The models of the zoo also have

    forward_features(video) -> features          before pooling: a map [B, D, T', H', W'] or tokens [B, L, D];
                                                 several pathways give a tuple of maps
    forward_head(features, pre_logits=False)     pool, then logits [B, K]; ``pre_logits``: the pooled vector [B, D]
    reset_classifier(num_classes)                a fresh head, in place; 0 = none: logits are the pooled vector
    num_features                                 D, what the head reads
    feature_width                                D of forward_features, only where the pool changes it
    group_matcher(coarse=False)                  timm's form: which parameters belong to which depth, for layer decay
    no_weight_decay() -> set of parameter names  optional: what does not decay beside norms and biases (position tables,
                                                 tokens)
    running_buffers                              optional: names of buffers that clips change, beside those of norms;
                                                 several processes average them
    repeated_blocks() -> list of modules         what the network repeats: transformer blocks, residual blocks or
                                                 stages, in the order of the forward pass, none inside another. They
                                                 are compiled, checkpointed and sharded one by one, so each must be
                                                 called as a module, ``block(x)``
    is_causal, step(frame, state) -> logits, state
                                                 optional: answers frame by frame; ``memory.py`` has the contract
    set_grad_checkpointing(enable=True)          recompute activations in the backward pass instead of keeping them

and, once published weights are loaded, ``clip``: the ClipSpec that these weights were trained on.

To add one: a module in this package, a row in ``table.py``, ``configs/model/<name>.yaml``. A model in your own package
needs no row: ``_target_: mypkg.net.MyNet``. Weights that others publish: ``published/``. Importing this package imports
no model.
"""

from typing import Any

from torch import nn

from videoai.core.build import build
from videoai.models.layers import check_num_classes
from videoai.models.published import build_loaded, from_published, read_published
from videoai.models.table import MODELS, TARGETS, Family, ModelCard

__all__ = ["MODELS", "TARGETS", "Family", "ModelCard", "create_model", "from_published", "names"]


def names() -> list[str]:
    """All model names, in the order of the table."""
    return list(MODELS)


def create_model(
    name: str, *, num_classes: int | None = None, pretrained: bool = False, weights: str | None = None, **options: Any
) -> nn.Module:
    """Build a model of the zoo, e.g. ``create_model("slow_8x8_r50", pretrained=True, num_classes=12)``.

    Args:
        num_classes: None = those of the weights. Another number than theirs gets a fresh head; 0 = no head: what the
            model gives is the pooled vector.
        pretrained: load the weights that the model's row names.
        weights: load these: an id such as ``pyslowfast/SLOW_8x8_R50``, or ``ID:FILE`` for a file you already have.

    Raises: ValueError: unknown name, weights of another model, or an option that the model does not take; each says
    what there is. OSError: the weights cannot be downloaded.
    """
    if not isinstance(pretrained, bool):
        raise ValueError(f"create_model('{name}', pretrained={pretrained!r}): give True or False, or weights=ID.")
    if pretrained and not weights:
        weights = default_weights(name)
    node = {"name": name, **options}
    if not weights:
        if num_classes is None:
            raise ValueError(f"create_model('{name}'): say num_classes=..., or weights with their classes.")
        check_num_classes(num_classes)
        return build(node, TARGETS, where="model", num_classes=num_classes)
    return build_loaded(node, weights, num_classes, lambda: read_published(weights))


def default_weights(name: str) -> str:
    """The id of the weights that ``pretrained=True`` means. Raises: ValueError: there are none, or no such model."""
    card = MODELS.get(name)
    if card is None or card.pretrained is None:
        having = ", ".join(other for other, row in MODELS.items() if row.pretrained)
        raise ValueError(
            f"model.pretrained=true: there are no published weights for '{name}'. They exist for {having}."
        )
    return card.pretrained
