"""The folder of a run: where its files are, who may write there, and which checkpoint a run continues from."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import yaml

from videoai.core import checkpoint, process_group
from videoai.core.files import file_lock, is_locked, write_atomic
from videoai.core.hub import folder_name, is_on_hub
from videoai.models.published import is_published

logger = logging.getLogger(__name__)


NEW = ("false", "never", "none")  # values of resume that want a new run
LOOK_SECONDS = 0.2  # who only asks whether a run trains here (RunFolder.is_locked) holds the lock for a moment


class FolderInUse(OSError):
    """Another run trains in the folder."""


@dataclass(frozen=True)
class RunFolder:
    """``config.yaml``, ``metrics.jsonl``, ``status.json``, ``checkpoints/{last,best}.pt``, ``report/``,
    ``tensorboard/``, ``profile/``; ``test/``, ``val/`` and the like: evaluations."""

    path: Path

    @property
    def last(self) -> Path:
        """The newest checkpoint."""
        return self.path / "checkpoints" / "last.pt"

    @property
    def best(self) -> Path:
        """The checkpoint with the best validation metric."""
        return self.path / "checkpoints" / "best.pt"

    @property
    def held(self) -> Path | None:
        """The checkpoint of the run that is here already; best alone: the disk was full."""
        return next((path for path in (self.last, self.best) if path.exists()), None)

    def write_checkpoint(self, name: str, state: dict[str, Any]) -> None:
        """Atomically write ``checkpoints/NAME.pt``. Only the first process writes, here and below."""
        if process_group.rank() == 0:
            checkpoint.save(self.path / "checkpoints" / f"{name}.pt", state)

    def write_config(self, config: dict[str, Any]) -> None:
        """The resolved config as YAML; ``videoai.train(yaml.safe_load(...))`` repeats the run."""
        if process_group.rank() == 0:
            write_atomic(self.path / "config.yaml", yaml.safe_dump(config, sort_keys=False).encode())

    def recorded(self) -> dict[str, Any] | None:
        """The settings of the run that is here, or that is just beginning; None = there is none.

        Raises: ValueError: config.yaml cannot be read, and the checkpoint is damaged, too.
        """
        with suppress(OSError, ValueError, yaml.YAMLError):
            config = yaml.safe_load((self.path / "config.yaml").read_bytes())
            if isinstance(config, dict):
                return config
        return checkpoint.load(self.held)["config"] if self.held else None

    @property
    def is_locked(self) -> bool:
        """Whether a run trains here now."""
        return is_locked(self.path / ".lock")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against a second run; also the proof that it can be written.

        Raises: FolderInUse: another run trains here. OSError: not writable.
        """
        made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        make_writable(self.path)
        with ExitStack() as held:
            try:
                held.enter_context(file_lock(self.path / ".lock", wait=LOOK_SECONDS))
            except BlockingIOError as error:
                raise FolderInUse(
                    f"run_dir={self.path}: another process is training here. Wait, or choose another run_dir."
                ) from error
            for leftover in (self.path / "checkpoints").glob(".*.pt.*"):  # left by a save that was killed
                leftover.unlink()
            try:
                yield
            finally:
                self._remove_if_empty(made)

    def _remove_if_empty(self, made: list[Path]) -> None:
        """A run with an error before it began leaves none of the folders ``made`` for it."""
        own = {".lock", "config.yaml"} if self.path in made else {".lock"}
        names = {path.name for path in self.path.iterdir()}
        if names <= own:
            for name in names:
                (self.path / name).unlink()
            with suppress(OSError):  # another run began beside it
                for folder in made:
                    folder.rmdir()


def make_writable(path: Path) -> None:
    """Make a folder of results; called before the work, so that it is not done in vain.

    Raises: OSError: it cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OSError(f"run_dir={path}: cannot write there ({error.strerror}). Choose another run_dir=PATH") from error


def find_resume(folder: RunFolder, resume: str | bool) -> dict[str, Any] | None:
    """The checkpoint to continue from: ``auto`` = the run's own last one, ``false`` = start a new run, a path = start
    from that checkpoint, unless the folder has come further already (the command may run again).

    Raises: ValueError: ``resume=false`` where a run exists, or an unreadable checkpoint; never a silent fresh start.
    """
    word = str(resume).lower()
    if held := folder.held:
        if word in NEW:
            raise ValueError(
                f"resume=false, but {folder.path} already holds a run. Choose another run_dir, or delete it."
            )
        if word not in ("auto", "true") and os.path.abspath(str(resume)) != str(held.absolute()):
            check_there(resume)
            logger.warning(
                "run_dir=%s holds a run already: it continues, and resume=%s is not read", folder.path, resume
            )
        return checkpoint.load(held)
    if word in ("auto", "true", *NEW):
        return None
    check_there(resume)
    return checkpoint.load(str(resume))


def check_there(resume: str | bool) -> None:
    """Raises: FileNotFoundError."""
    if not os.path.exists(str(resume)):
        raise FileNotFoundError(f"resume={resume}: no such file. Give auto, false or the PATH of a checkpoint.")


def copy_best(folder: RunFolder, resume: str | bool) -> None:
    """A folder without a run that continues from ``resume`` takes the best checkpoint beside it, too."""
    process_group.barrier()  # until all have seen that nothing is held
    best = Path(str(resume)).with_name("best.pt")
    if best.is_file() and not folder.held and process_group.rank() == 0:
        write_atomic(folder.best, best.read_bytes())


def default_run_dir(checkpoint_path: str) -> Path:
    """Where the results of a checkpoint go: its own run folder, else beside it; of published weights and those of the
    hub, below runs/."""
    if is_on_hub(checkpoint_path):
        return Path("runs") / folder_name(checkpoint_path)
    if is_published(checkpoint_path):
        return Path("runs") / checkpoint_path.partition(":")[0].replace("/", "-")
    folder = Path(os.path.abspath(checkpoint_path)).parent
    return folder.parent if folder.name == "checkpoints" else folder
