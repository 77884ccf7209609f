"""TensorBoard: event files in ``run_dir/tensorboard``; look with ``tensorboard --logdir runs``.

Where a run continues, points behind its checkpoint are hidden (``purge_step``), so that curves do not double back.
"""

import re
import threading
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from videoai.core.loggers.logger import Logger
from videoai.core.loggers.pictures import filmstrips, gif

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVENTS = "events.out.tfevents."


class TensorBoard(Logger):
    """Scalars, filmstrips, videos and figures. The file is made for the first of them: a run that has nothing left to
    do leaves none."""

    def __init__(self, *, run_dir: Path, name: str, config: dict[str, Any], start_step: int) -> None:
        import torch.utils.tensorboard  # noqa: F401 (a package that is missing is said at once)

        self._folder, self._start_step = run_dir / "tensorboard", start_step
        leave_to_the_caller()

    @cached_property
    def _writer(self) -> Any:
        from torch.utils.tensorboard import SummaryWriter

        wait_for_a_later_name(self._folder)
        return SummaryWriter(str(self._folder), purge_step=self._start_step + 1 if self._start_step else None)

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        for key, value in values.items():
            self._writer.add_scalar(f"{split}/{key}", value, step)

    def clips(self, step: int, name: str, video: Tensor, captions: Sequence[str]) -> None:
        self._writer.add_image(name, np.asarray(filmstrips(video, captions)), step, dataformats="HWC")

    def video(self, step: int, name: str, video: Tensor, fps: float) -> None:
        self._writer._get_file_writer().add_summary(video_summary(name, video, fps), step)

    def figure(self, step: int, name: str, figure: "Figure") -> None:
        self._writer.add_figure(name, figure, step, close=False)

    def close(self) -> None:
        if "_writer" not in vars(self):
            return
        self._writer.flush()  # close() alone would not tell that something could not be written
        self._writer.close()


def wait_for_a_later_name(folder: Path) -> None:
    """TensorBoard reads event files in the order of their names, which begin with the second of their start. Within one
    second the process number decides, as text: the points of the later file would count as the earlier ones."""
    starts = [int(match[1]) for path in folder.glob(f"{EVENTS}*") if (match := re.match(rf"{EVENTS}(\d+)", path.name))]
    if starts and 0 <= (ahead := max(starts) + 1 - time.time()) <= 1:
        time.sleep(ahead)


def video_summary(name: str, video: Tensor, fps: float) -> Any:
    """What TensorBoard shows as a moving picture: an animated GIF. Its own ``add_video`` needs moviepy for the same."""
    from tensorboard.compat.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]  # made by protobuf

    channels, height, width = video.shape[1:]
    image = Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=gif(video, fps))
    return Summary(value=[Summary.Value(tag=name, image=image)])


def leave_to_the_caller() -> None:
    """The writer's thread keeps its error, and the next call raises it: a traceback would tell it a second time."""
    others = threading.excepthook

    def hook(failure: threading.ExceptHookArgs) -> None:
        if not type(failure.thread).__module__.startswith("tensorboard."):
            others(failure)

    threading.excepthook = hook
