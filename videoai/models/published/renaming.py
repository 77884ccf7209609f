"""Names of a state dict, rewritten by rules: most converters are a table of these."""

import re
from collections.abc import Sequence

from videoai.models.published import StateDict


def rename(state: StateDict, rules: Sequence[tuple[str, str]]) -> StateDict:
    """Every (pattern, replacement) applied to every key by ``re.sub``, in order.

    Raises: ValueError: two keys become one.
    """
    renamed: StateDict = {}
    for key, tensor in state.items():
        name = key
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        if name in renamed:
            raise ValueError(f"weights: '{key}' and another tensor of the file would both be called '{name}'.")
        renamed[name] = tensor
    return renamed
