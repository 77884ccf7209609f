"""The network that made features, by what a table or a checkpoint says of it. Either may come from a stranger: the path
is opened, a URL is not fetched on its word, and the hash of the weights decides."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from videoai.core.checkpoint import weights_hash
from videoai.core.messages import command_line
from videoai.core.paths import is_url
from videoai.inference.features import Encoder, open_encoder
from videoai.models.published import is_published


def open_recorded(
    facts: Mapping[str, Any], what: str, given: str | None, *, key: str = "checkpoint", trust: Sequence[str] = ()
) -> Encoder:
    """Args:
        facts: of a table, ``FeatureTable.provenance``, or what a checkpoint keeps of it.
        what: what was made with the network, in messages: its path.
        given: where the network lies, if somebody says so; ``key``: the setting that does.
    Raises: OSError, ValueError: it is not there, or another one.
    """
    source = given or recorded_path(facts, what, key)
    encoder = open_encoder(source, trust=trust)
    check_same_weights(source, encoder.network, facts, what, key)
    return encoder


def check_same_weights(
    source: str, network: nn.Module, facts: Mapping[str, Any], what: str, key: str = "checkpoint"
) -> None:
    """Raises: ValueError: another network than the one that made the features."""
    given, recorded = weights_hash(network), facts.get("weights")
    if given != recorded:
        again = command_line("features extract", f"checkpoint={source}", "...")
        raise ValueError(
            f"{key}={source}: its weights are {given}, and {what} was made with {recorded} "
            f"({facts.get('checkpoint')}). Give that checkpoint, or make the features again: {again}"
        )


def recorded_path(facts: Mapping[str, Any], what: str, key: str = "checkpoint") -> str:
    """Where the network is said to lie. Raises: FileNotFoundError; ValueError: a URL."""
    source = str(facts.get("checkpoint") or "")
    if is_published(source):
        return source
    if is_url(source):
        raise ValueError(f"{what} was made with {source}, which is not fetched on its word. Add {key}={source}")
    path = os.path.join(str(facts.get("folder") or ""), source)
    for place in (source, path):
        if os.path.isfile(place):
            return place
    raise FileNotFoundError(f"{what} was made with {path}, which is not there. Say where it is: {key}=PATH")
