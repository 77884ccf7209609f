"""Names in the order in which people count."""

import re
from collections.abc import Iterable


def natural_order(names: Iterable[str]) -> list[str]:
    """Sorted with the numbers in names compared as numbers: clip2 before clip10; whole numbers by value."""
    names = list(names)
    if all(re.fullmatch(r"-?[0-9]+", name) for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(
        names, key=lambda name: ([(int(p) if p.isdecimal() else 0, p) for p in re.split(r"(\d+)", name)], name)
    )
