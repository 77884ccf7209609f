"""What to do about a run whose numbers are no longer finite, in words that the next command accepts."""

import shlex
from itertools import count
from pathlib import Path

from videoai.core.paths import display_path
from videoai.run.training.open_run import Run, Settings
from videoai.settings.training import TrainSettings

SLOWER = 10  # times; much less rarely helps


def advice(run: Run, *, precision: str, last_is_sound: bool) -> str:
    """The words that the command needs more: other settings, which are for another folder, and the weights to start
    from: the best of this run, else its last.

    Args:
        precision: that in which it computed.
        last_is_sound: whether the newest evaluation was finite.
    """
    kept = [run.folder.best, *([run.folder.last] if last_is_sound else [])]
    held = next((path for path in kept if path.exists()), None)
    words = [*_gentler(run.settings), *(["trainer.precision=fp32"] if precision != "fp32" else [])]
    start = "take smaller steps"
    if run.folder.held:
        words.append(f"run_dir={display_path(_free_folder(run.folder.path))}")
    if held and isinstance(run.settings, TrainSettings):  # a generator starts from no other one
        words.append(f"weights={display_path(held)}")
        start = f"go on from {held.name} with smaller steps"
    if str(run.settings.resume).lower() not in ("auto", "true"):
        words.append("resume=auto")  # the run that it names has the old settings
    return f"To {start}, add to the command: {shlex.join(words)}"


def _gentler(settings: Settings) -> list[str]:
    if not isinstance(settings, TrainSettings):
        return [
            f"optim.{key}={getattr(settings.optim, key) / SLOWER:.3g}" for key in ("lr_generator", "lr_discriminator")
        ]
    rate = settings.optim.get("lr")  # auto before a run has chosen one
    words = [f"optim.lr={rate / SLOWER:.3g}"] if isinstance(rate, int | float) and rate else []
    return words + (["trainer.max_grad_norm=1"] if settings.trainer.max_grad_norm is None else [])


def _free_folder(path: Path) -> Path:
    """The first of PATH-2, PATH-3, ... that is not there."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(folder for folder in numbered if not folder.exists())
