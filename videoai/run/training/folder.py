"""The folder of a run: where its files are, who may write there, and whether a continued run is still the same run."""

import copy
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import yaml

from videoai.core import checkpoint, distributed
from videoai.core.files import file_lock, write_atomic
from videoai.models.published import is_published

# Settings that leave the weights as they are (or only say how long to go on), so a run may continue under other values.
FREE = (
    *("run_dir", "resume", "debug", "device", "name", "judge", "cas_steps"),
    *("trainer.max_steps", "trainer.max_epochs", "trainer.eval_every", "trainer.save_every", "trainer.log_every"),
    *("trainer.patience", "trainer.tensorboard", "data.num_workers", "data.max_bad_fraction", "data.verify"),
    *("data.isolated", "data.root", "data.path", "data.annotations", "data.max_missing_fraction", "synthetic.source"),
)
AUTO = (
    "trainer.precision",
    "trainer.layout",
    "trainer.num_threads",
    "trainer.metric",
    "data.decoder",
)  # "auto" in a continued run means what the run began with
# What a run had before there was such a setting, where its default today is something else.
BEFORE = {"gan.sameness_weight": 0.0}
MISSING = object()
MAX_THREADS = 1024  # more than the cores of today's machines

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunFolder:
    """``config.yaml``, ``metrics.jsonl``, ``results.json``, ``checkpoints/{last,best}.pt``, ``tensorboard/``."""

    path: Path

    @property
    def last(self) -> Path:
        """The newest checkpoint."""
        return self.path / "checkpoints" / "last.pt"

    @property
    def best(self) -> Path:
        """The checkpoint with the best validation metric."""
        return self.path / "checkpoints" / "best.pt"

    def write_checkpoint(self, name: str, state: dict[str, Any]) -> None:
        """Atomically write ``checkpoints/NAME.pt``. Of several processes the first writes, here and below."""
        if distributed.rank() == 0:
            checkpoint.save(self.path / "checkpoints" / f"{name}.pt", state)

    def write_config(self, config: dict[str, Any]) -> None:
        """The resolved config as YAML; ``videoai.train(yaml.safe_load(...))`` repeats the run."""
        if distributed.rank() == 0:
            write_atomic(self.path / "config.yaml", yaml.safe_dump(config, sort_keys=False).encode())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against a second run; also the proof that it can be written. Of several processes that train
        together the first holds it for all.

        Raises: OSError: not writable, or another run trains here.
        """
        if distributed.rank() > 0:
            distributed.wait()
            yield
            return
        made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        make_writable(self.path)
        with ExitStack() as held:
            try:
                held.enter_context(file_lock(self.path / ".lock", wait=False))
            except BlockingIOError as error:
                raise OSError(
                    f"run_dir={self.path}: another process is training here. Wait, or choose another run_dir."
                ) from error
            for leftover in (self.path / "checkpoints").glob(".*.pt.*"):  # of a save that was killed
                leftover.unlink()
            distributed.wait()
            try:
                yield
            finally:
                self._remove_if_empty(made)

    def _remove_if_empty(self, made: list[Path]) -> None:
        """A run that was refused before it began leaves none of the folders ``made`` for it."""
        if [path.name for path in self.path.iterdir()] == [".lock"]:
            (self.path / ".lock").unlink()
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
    from that checkpoint, with its best one, unless the folder has come further already (the command may run again).

    Raises: ValueError: ``resume=false`` where a run exists, or an unreadable checkpoint; never a silent fresh start.
    """
    word = str(resume).lower()
    held = next((path for path in (folder.last, folder.best) if path.exists()), None)  # best alone: the disk was full
    if held:
        if word in ("false", "never", "none"):
            raise ValueError(
                f"resume=false, but {folder.path} already holds a run. Choose another run_dir, or delete it."
            )
        return checkpoint.load(held)
    if word in ("auto", "true", "false", "never", "none"):
        return None
    state = checkpoint.load(str(resume))
    distributed.wait()  # until all have seen that nothing is held
    best = Path(str(resume)).with_name("best.pt")
    if best.is_file() and distributed.rank() == 0:
        write_atomic(folder.best, best.read_bytes())
    return state


def continued(config: dict[str, Any], before: dict[str, Any], *, at_default: Collection[str] = ()) -> dict[str, Any]:
    """``config`` with its "auto" values as the run began; refuses to continue under settings that change the result.

    ``at_default`` names the settings that nobody set: those that ``before`` does not hold came with a newer videoai,
    and at their defaults they change nothing.

    Raises: ValueError: naming each setting, what it was and what it is.
    """
    config = copy.deepcopy(config)  # whoever called keeps "auto"
    now, then = flatten(config), flatten(before)
    for key in AUTO:
        if now.get(key) == "auto" and key in then:
            _refuse_many_threads(key, then[key])
            group, name = key.split(".")
            config[group][name] = now[key] = then[key]
    length = "trainer.max_epochs" if now.get("trainer.max_epochs") is not None else "trainer.max_steps"
    if now.get(length) != then.get(length) and (length, now.get("schedule.name")) != ("trainer.max_steps", "constant"):
        logger.warning(
            "%s was %s, is %s: the schedule runs over another length from here on, so the weights will not be those of "
            "a run that had it from the start",
            *(length, then.get(length), now.get(length)),
        )
    for key in sorted({*BEFORE} & {*now} & {*at_default}):
        if then.get(key, BEFORE[key]) == BEFORE[key]:
            group, name = key.split(".")
            config[group][name] = now[key] = then[key] = BEFORE[key]
            logger.info("%s=%s: the run began before there was such a setting", key, BEFORE[key])
    changed = [
        key for key in sorted({*now, *then}) if key not in FREE and now.get(key, MISSING) != then.get(key, MISSING)
    ]
    new = [key for key in changed if key not in then and key in at_default]
    if refused := [key for key in changed if key not in new]:
        shown = "; ".join(
            f"{key} was {then.get(key, '(not set)')}, is {now.get(key, '(no setting now)')}" for key in refused[:5]
        )
        gone = any(key not in now for key in refused)
        raise ValueError(
            f"run_dir={config['run_dir']} holds a run with other settings: {shown}. To continue it leave them as they "
            f"were{' (one that is gone: with the videoai that began the run)' if gone else ''}; for a new run choose "
            "another run_dir=PATH."
        )
    if new:
        named = ", ".join(f"{key}={now[key]}" for key in new[:5]) + (", ..." if len(new) > 5 else "")
        logger.info("settings newer than this run, at their defaults: %d (%s)", len(new), named)
    return config


def _refuse_many_threads(key: str, value: Any) -> None:
    """Raises: ValueError: a checkpoint, perhaps a stranger's, wants more threads than machines have cores."""
    if key == "trainer.num_threads" and isinstance(value, int) and value > MAX_THREADS:
        raise ValueError(f"{key} was {value} in the run to continue. To have so many: {key}={value}")


def flatten(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def default_run_dir(checkpoint_path: str) -> Path:
    """Where the results of a checkpoint go: its own run folder, else beside it; of published weights, below runs/."""
    if is_published(checkpoint_path):
        return Path("runs") / checkpoint_path.partition(":")[0].replace("/", "-")
    folder = Path(os.path.abspath(checkpoint_path)).parent
    return folder.parent if folder.name == "checkpoints" else folder
