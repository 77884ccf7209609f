"""What a live run took: delays and counts, in bounded memory."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

KEPT = 100_000  # the newest delays; 8 bytes each


@dataclass
class Delays:
    """Delays in seconds, of which the newest are kept."""

    values: deque[float] = field(default_factory=lambda: deque[float](maxlen=KEPT))

    def add(self, seconds: float) -> None:
        """One more."""
        self.values.append(seconds)

    def milliseconds(self) -> dict[str, float] | None:
        """Percentiles; None where there is nothing."""
        if not self.values:
            return None
        cuts = np.percentile(np.array(self.values) * 1000, (50, 95, 99, 100))
        return {name: round(float(cut), 1) for name, cut in zip(("p50", "p95", "p99", "max"), cuts, strict=True)}


@dataclass
class Measured:
    """All delays of a run."""

    latency: Delays = field(default_factory=Delays)  # from the arrival of a decision's newest frame to the decision
    staleness: Delays = field(default_factory=Delays)  # age of the newest frame behind an answer when the next comes
    queue: Delays = field(default_factory=Delays)  # from that arrival until the window is taken
    model: Delays = field(default_factory=Delays)  # a forward pass takes so long
    tell: Delays = field(default_factory=Delays)  # from scores to lines, of one window
    num_windows: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        names = ("latency", "staleness", "queue", "model", "tell")
        delays = {f"{name}_ms": getattr(self, name).milliseconds() for name in names}
        return {"windows": self.num_windows, **delays}
