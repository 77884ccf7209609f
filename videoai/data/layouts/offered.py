"""Targets that a layout offers beside the label, under names of its own."""

from collections.abc import Mapping, Sequence

from videoai.core.messages import did_you_mean
from videoai.data.lists.target_columns import Kinds
from videoai.settings.data import TargetKind

Offered = Mapping[str, Sequence[TargetKind]]  # name -> the kinds that it may be read as


def check_offered(layout: str, columns: Kinds | None, offered: Offered) -> None:
    """Raises: ValueError: a target that the layout has not, or not of this kind."""
    for name, kind in (columns or {}).items():
        if kind not in offered.get(name, ()):
            there = "; ".join(f"{one} ({' or '.join(kinds)})" for one, kinds in offered.items())
            raise ValueError(
                f"data={layout} has no target {name!r} of kind {kind}; it has {there}.{did_you_mean(name, [*offered])}"
            )
