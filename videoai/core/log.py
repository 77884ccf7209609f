"""What a run tells: ``metrics.jsonl`` (one JSON object a line) and TensorBoard. The console is the caller's.

A killed run may have logged steps that its last checkpoint does not hold. On resume those lines are dropped, so that
curves never double back.
"""

import io
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videoai.core.files import cannot_write, write_atomic


class RunLog:
    """Scalars, pictures and figures of one run, addressed by optimizer step. ``run_dir=None`` keeps nothing.

    Raises: OSError: from every method, when something could not be written: which folder, why, and what to do.
    """

    def __init__(self, run_dir: Path | None, *, start_step: int = 0, tensorboard: bool = True) -> None:
        self._file = self._board = None
        if run_dir is None:
            return
        self.folder, self.path = run_dir, run_dir / "metrics.jsonl"
        run_dir.mkdir(parents=True, exist_ok=True)
        _truncate(self.path, start_step)
        with _in_words(run_dir):
            self._file = self.path.open("a", encoding="utf-8")
            self._board = _summary_writer(run_dir / "tensorboard", start_step) if tensorboard else None

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        """One line in ``metrics.jsonl`` and one point a value in TensorBoard."""
        if not self._file:
            return
        record = {"step": step, "split": split, **{key: _plain(value) for key, value in values.items()}}
        with _in_words(self.folder):
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
            if self._board:
                for key, value in values.items():
                    self._board.add_scalar(f"{split}/{key}", value, step)

    def clips(self, step: int, name: str, video: Tensor) -> None:
        """A contact sheet. video: uint8 [B, T, C, H, W] -> one row a clip, eight frames at most."""
        if self._board:
            with _in_words(self.folder):
                self._board.add_image(name, contact_sheet(video), step)

    def film(self, step: int, name: str, video: Tensor, fps: float) -> None:
        """A moving picture. video: uint8 [T, C, H, W]."""
        if self._board:
            self._board._get_file_writer().add_summary(film_summary(name, video, fps), step)

    def figure(self, step: int, name: str, draw: Callable[[], Any]) -> None:
        """The matplotlib figure that ``draw`` returns; not drawn when nobody looks."""
        if self._board:
            with _in_words(self.folder):
                self._board.add_figure(name, draw(), step, close=False)

    def close(self) -> None:
        """Flush and close both."""
        if not self._file:
            return
        with _in_words(self.folder):
            self._file.close()
            if self._board:
                self._board.flush()  # close() alone would not tell that something could not be written
                self._board.close()


def contact_sheet(video: Tensor, max_frames: int = 8) -> Tensor:
    """uint8 [B, T, C, H, W] -> uint8 [C, B*H, F*W], with F = min(T, max_frames) frames spread over the clip."""
    chosen = torch.linspace(0, video.shape[1] - 1, min(max_frames, video.shape[1])).long()
    frames = video[:, chosen]  # [B, F, C, H, W] -> [C, B*H, F*W]
    b, f, c, h, w = frames.shape
    return frames.permute(2, 0, 3, 1, 4).reshape(c, b * h, f * w)


def film_summary(name: str, video: Tensor, fps: float) -> Any:
    """What TensorBoard shows as a moving picture: an animated GIF. Its own ``add_video`` needs moviepy for the same."""
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]  # made by protobuf

    frames = [Image.fromarray(frame) for frame in video.permute(0, 2, 3, 1).numpy()]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=round(1000 / fps), loop=0)
    channels, height, width = video.shape[1:]
    image = Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=buffer.getvalue())
    return Summary(value=[Summary.Value(tag=name, image=image)])


def _truncate(path: Path, start_step: int) -> None:
    """Keep the lines up to ``start_step``; a torn last line goes too."""
    if not path.exists():
        return
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step_of(line) <= start_step]
    write_atomic(path, "".join(f"{line}\n" for line in kept).encode())


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return math.inf


def _plain(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None  # JSON has no NaN


def _summary_writer(folder: Path, start_step: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    others = threading.excepthook

    def leave_to_the_caller(failure: threading.ExceptHookArgs) -> None:
        """The writer's thread keeps its error, and the next call raises it: a traceback would tell it a second time."""
        if not type(failure.thread).__module__.startswith("tensorboard."):
            others(failure)

    threading.excepthook = leave_to_the_caller
    return SummaryWriter(str(folder), purge_step=start_step + 1 if start_step else None)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(folder, error) from error
