"""How much a model relies on motion or sound: the same videos with the frames of each clip shuffled, held or turned
round, or without their sound."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from videoai.report.paired import PairedDifference, paired_difference
from videoai.report.result_files import rounded
from videoai.report.tables import percent

# What was done to the clips, and what the model does if fewer answers are right then.
WORDS = {
    "shuffle": ("With the frames of each clip in random order", "relies on their order"),
    "single_frame": ("With the middle frame of each clip alone", "relies on motion"),
    "reverse": ("With the clips played backwards", "knows the direction of time"),
    "mute": ("Without the sound of the clips", "relies on sound"),
}
ROWS = {
    "shuffle": "frames shuffled",
    "single_frame": "middle frame alone",
    "reverse": "played backwards",
    "mute": "sound taken away",
}


class Ablated(NamedTuple):
    """The share of right answers without and with an ablation, and what it costs."""

    before: float
    after: float
    loss: PairedDifference  # before - after
    num_videos: int

    def results(self) -> dict[str, Any]:
        """Plain data for results.json."""
        return {
            "right": rounded(self.after),
            "loss": rounded(self.loss.value),
            "loss_interval95": [rounded(self.loss.low), rounded(self.loss.high)],
            "lost": self.loss.num_lost,
            "won": self.loss.num_won,
        }


def compare(before: Tensor, after: Tensor) -> Ablated:
    """``before``, ``after``: bool [N], which videos are answered right without and with the ablation."""
    first, second = (float(right.double().mean()) for right in (before, after))
    return Ablated(first, second, paired_difference(before, after), len(before))


def sentence(name: str, ablated: Ablated) -> str:
    """``With the frames of each clip in random order, 41.2 % of the answers are right instead of 85.5 %: ...``"""
    what, relies = WORDS[name]
    loss, low, high = (100 * value for value in ablated.loss[:3])
    change = (
        f"{abs(loss):.1f} points {'fewer' if loss >= 0 else 'more'} (95 % interval of the loss {low:.1f} to {high:.1f})"
    )
    if low > 0:
        verdict = f"the model {relies}"
    elif high < 0:
        verdict = "the model does better so"
    else:
        verdict = f"these {ablated.num_videos} videos do not show that the model {relies}"
    shares = f"{percent(ablated.after)} of the answers are right instead of {percent(ablated.before)}"
    return f"{what}, {shares}: {change}; {verdict}."


def motion_rows(ablations: Mapping[Any, Ablated]) -> list[tuple[str, str]]:
    """Rows for the console."""
    change = {name: 100 * (one.after - one.before) for name, one in ablations.items()}
    return [(ROWS[name], f"{percent(one.after)} ({change[name]:+.1f} points)") for name, one in ablations.items()]
