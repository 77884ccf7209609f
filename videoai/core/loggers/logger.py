"""The base class of the loggers in this folder and of custom ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Logger:
    """Gets what a run logs. Every method may be left out; one that raises ends this logger and not the run.

    A constructor takes, as keywords, ``run_dir``, ``name`` (of the run), ``config`` (its settings, a plain nested dict)
    and ``start_step`` (the run continues behind this step; 0 = it begins), and the options of its node in ``logger``.
    """

    def __init__(self, *, run_dir: Path, name: str, config: dict[str, Any], start_step: int) -> None: ...

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        """Values after optimizer step ``step``; ``split`` is ``train``, ``val`` or ``event``. They may be NaN."""

    def clips(self, step: int, name: str, video: Tensor, captions: Sequence[str]) -> None:
        """Clips that a model saw. video: uint8 [B, T, C, H, W]; captions: [B], what each shows, or what was said of
        it."""

    def video(self, step: int, name: str, video: Tensor, fps: float) -> None:
        """A moving picture. video: uint8 [T, C, H, W]."""

    def figure(self, step: int, name: str, figure: "Figure") -> None:
        """A plot, already drawn."""

    def close(self) -> None:
        """The run ends, also when it failed."""
