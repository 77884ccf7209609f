"""Trackio, on this machine unless ``space_id`` or ``TRACKIO_SPACE_ID`` names a Hugging Face Space; look with
``trackio show``.

Its files lie where Trackio keeps those of all runs: ``TRACKIO_DIR``, else ``trackio`` in the cache of Hugging Face. A
run that continues goes on in the latest run of its name. Trackio deletes no points: of steps that were made twice it
shows both.
"""

import contextlib
import io
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from videoai.core.loggers.logger import Logger
from videoai.core.loggers.pictures import figure_image, filmstrips, gif

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Trackio(Logger):
    """Scalars, filmstrips, videos and figures."""

    def __init__(
        self,
        *,
        run_dir: Path,
        name: str,
        config: dict[str, Any],
        start_step: int,
        project: str = "videoai",
        space_id: str | None = None,
    ) -> None:
        self._trackio: Any = import_module("trackio")  # by name: this file has the same
        with contextlib.redirect_stdout(io.StringIO()):  # only the command line prints
            self._run = self._trackio.init(
                project, name, space_id=space_id, config=config, resume="allow" if start_step else "never", embed=False
            )

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        self._run.log({f"{split}/{key}": value for key, value in values.items()}, step=step)

    def clips(self, step: int, name: str, video: Tensor, captions: Sequence[str]) -> None:
        self._run.log({name: self._trackio.Image(filmstrips(video, captions))}, step=step)

    def video(self, step: int, name: str, video: Tensor, fps: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "film.gif"
            path.write_bytes(gif(video, fps))
            self._run.log({name: self._trackio.Video(path, format="gif")}, step=step)

    def figure(self, step: int, name: str, figure: "Figure") -> None:
        self._run.log({name: self._trackio.Image(figure_image(figure))}, step=step)

    def close(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self._trackio.finish()  # run.finish() alone would be done a second time at exit, and say so
