"""Weights & Biases, offline unless ``mode=online`` or ``WANDB_MODE`` says otherwise; files in ``run_dir/wandb``.

A run that continues keeps its id (``run_dir/wandb/run_id``), so that all its parts are one run on the server. While
online, wandb drops what comes for a step that it has already: of steps that were made twice the first point stays. How
the server joins parts that were both kept offline was not tried.
"""

import io
import logging
import os
import secrets
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from videoai.core.files import write_atomic
from videoai.core.loggers.logger import Logger
from videoai.core.loggers.pictures import figure_image, filmstrips, gif

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)


class WandB(Logger):
    """Scalars, filmstrips, videos and figures."""

    def __init__(
        self,
        *,
        run_dir: Path,
        name: str,
        config: dict[str, Any],
        start_step: int,
        project: str = "videoai",
        entity: str | None = None,
        mode: Literal["online", "offline", "disabled"] | None = None,
    ) -> None:
        self._wandb: Any = import_module("wandb")  # by name: this file has the same
        self._run = self._wandb.init(
            project=project,
            entity=entity,
            name=name,
            id=run_id(run_dir / "wandb" / "run_id"),
            resume="allow",
            dir=run_dir,
            config=config,
            mode=mode or os.environ.get("WANDB_MODE", "offline"),  # wandb checks the word
            settings=self._wandb.Settings(console="off", silent=True),  # the console is the run's own
        )

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        self._run.log({f"{split}/{key}": value for key, value in values.items()}, step=step)

    def clips(self, step: int, name: str, video: Tensor, captions: Sequence[str]) -> None:
        self._run.log({name: self._wandb.Image(filmstrips(video, captions))}, step=step)

    def video(self, step: int, name: str, video: Tensor, fps: float) -> None:
        self._run.log({name: self._wandb.Video(io.BytesIO(gif(video, fps)), format="gif")}, step=step)

    def figure(self, step: int, name: str, figure: "Figure") -> None:
        self._run.log({name: self._wandb.Image(figure_image(figure))}, step=step)

    def close(self) -> None:
        folder = Path(self._run.dir).parent
        self._run.finish()
        if self._run.offline:
            logger.info("wandb: kept offline; to send it: wandb sync %s", folder)


def run_id(path: Path) -> str:
    """The id that the run began with, or a new one."""
    if not path.exists():
        write_atomic(path, secrets.token_hex(4).encode())
    return path.read_text()
