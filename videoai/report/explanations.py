"""How well explanations point at a truth, as a table and a sentence."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from videoai.core.messages import whole_percent
from videoai.report.metrics import confidence_interval


class Points(NamedTuple):
    """One method on the same clips."""

    name: str
    clips: int
    in_space: int  # clips whose hottest point lies on the object
    in_time: int  # clips that move in a third of their frames, whose hottest frame is one of these
    deletion: float  # mean probability as the hottest pixels go: low is good
    insertion: float  # as they come: high is good
    seconds: float  # a clip

    def to_dict(self) -> dict[str, Any]:
        """With intervals of 95 % (Wilson)."""
        shares = {"space": self.in_space, "time": self.in_time}
        return {
            **self._asdict(),
            **{key: hits / self.clips for key, hits in shares.items()},
            **{f"{key}_interval": confidence_interval(hits, self.clips) for key, hits in shares.items()},
        }


def explanation_table(rows: Sequence[Points]) -> str:
    """A line a method."""
    width = max(len(row.name) for row in rows)
    head = f"{'':<{width}}  in space                 in time                  deletion  insertion  s/clip"
    return "\n".join([head, *(_line(row, width) for row in rows)])


def _line(row: Points, width: int) -> str:
    shares = "  ".join(_share(hits, row.clips) for hits in (row.in_space, row.in_time))
    return f"{row.name:<{width}}  {shares}  {row.deletion:8.3f}  {row.insertion:9.3f}  {row.seconds:6.2f}"


def _share(hits: int, clips: int) -> str:
    low, high = confidence_interval(hits, clips)
    return f"{100 * hits / clips:5.1f} % ({100 * low:5.1f} to {100 * high:5.1f})"


def verdict(rows: Sequence[Points], space: float, during: float) -> str:
    """The best methods against the baselines and chance. rows: two baselines first."""
    methods = [row for row in rows[2:] if "random" not in row.name]
    chance = f"chance {whole_percent(space)} in space and {whole_percent(during)} in time"
    if not methods:
        return f"No method suits this network; {chance}."
    best_space, best_time = (max(methods, key=lambda row: getattr(row, key)) for key in ("in_space", "in_time"))
    base_space, base_time = (max(rows[:2], key=lambda row: getattr(row, key)) for key in ("in_space", "in_time"))
    return (
        f"In space {best_space.name} points at the object in {whole_percent(best_space.in_space / best_space.clips)} "
        f"of the clips ({base_space.name} in {whole_percent(base_space.in_space / base_space.clips)}), in time "
        f"{best_time.name} in {whole_percent(best_time.in_time / best_time.clips)} ({base_time.name} in "
        f"{whole_percent(base_time.in_time / base_time.clips)}); {chance}."
    )
