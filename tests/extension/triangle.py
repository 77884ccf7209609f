"""A learning-rate schedule of a user's own package."""


class Triangle:
    """Rises to 1 in the middle of the run and falls to 0 at its end."""

    def __init__(self, *, total_steps: int, floor: float = 0.0) -> None:
        self.total_steps, self.floor = total_steps, floor

    def __call__(self, step: int) -> float:
        return max(self.floor, 1 - abs(2 * step / self.total_steps - 1))
