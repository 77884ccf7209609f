"""Rename a publisher's tensors to ours by a table of regular expressions."""

import re
from collections.abc import Sequence

import torch

from videoai.models.published import StateDict


def parse_name(pattern: str, name: str) -> dict[str, str]:
    """The named groups of ``pattern`` in a file's name; groups that match nothing are "".

    Raises: ValueError: the name has another form, so a typo in a table of files is an error and not another row.
    """
    match = re.fullmatch(pattern, name)
    if not match:
        raise ValueError(f"published name '{name}' is not of the form {pattern}")
    return match.groupdict(default="")


def rename(state: StateDict, rules: Sequence[tuple[str, str]]) -> StateDict:
    """Apply every (pattern, replacement) to every name, by ``re.sub`` and in order.

    Raises: ValueError: two names become one.
    """
    renamed: StateDict = {}
    origin: dict[str, str] = {}
    for key, tensor in state.items():
        name = key
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        if name in renamed:
            raise ValueError(f"published names '{origin[name]}' and '{key}' both become '{name}'.")
        renamed[name], origin[name] = tensor, key
    return renamed


def fuse(state: StateDict, parts: Sequence[str], whole: str) -> StateDict:
    """Join the rows of layers that we keep as one: ``fuse(state, ("q", "k", "v"), "qkv")`` makes ``a.qkv.weight`` of
    ``a.q.weight``, ``a.k.weight`` and ``a.v.weight``, and so with biases.

    Raises: KeyError: one of the parts is missing.
    """
    fused: StateDict = {}
    for key, tensor in state.items():
        owner, _, leaf = key.rpartition(".")
        prefix, _, part = owner.rpartition(".")
        if part == parts[0]:
            fused[f"{prefix}.{whole}.{leaf}"] = torch.cat([state[f"{prefix}.{part}.{leaf}"] for part in parts])
        elif part not in parts:
            fused[key] = tensor
    return fused
