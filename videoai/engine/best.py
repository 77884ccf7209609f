"""Keeps the best evaluation of a run."""

import math
from dataclasses import dataclass


@dataclass(kw_only=True)
class Best:
    """The best evaluation so far; plain data in the checkpoint."""

    value: float = -math.inf
    loss: float = math.inf
    step: int = -1
    stale: int = 0  # evaluations since

    def update(self, value: float, loss: float, step: int, *, lower_is_better: bool = False) -> bool:
        """True when this evaluation is better: higher (or lower), or as good with a lower loss. What is not finite
        never is."""
        sign = -1 if lower_is_better else 1
        best = sign * self.value if self.step >= 0 else -math.inf  # before the first everything is better
        if math.isfinite(value) and math.isfinite(loss) and (sign * value, -loss) > (best, -self.loss):
            self.value, self.loss, self.step, self.stale = value, loss, step, 0
            return True
        self.stale += 1
        return False
