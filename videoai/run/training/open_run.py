"""A run whose folder is held: its settings, what it continues from, its log."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from videoai.core import process_group
from videoai.core.determinism import determinism
from videoai.core.device import resolve_device
from videoai.core.log import RunLog
from videoai.core.loggers import Logger, bind_loggers
from videoai.engine.interrupt import Interrupt
from videoai.engine.profile import check_steps
from videoai.run.training.begun_as import begun_as
from videoai.run.training.choose_folder import Settings, hold_folder
from videoai.run.training.folder import RunFolder, copy_best, find_resume
from videoai.run.training.same_run import continued
from videoai.settings.parse import flatten, to_dict
from videoai.settings.setting import shown
from videoai.settings.training import TrainSettings
from videoai.tasks import node_of


@dataclass(frozen=True, kw_only=True)
class Run:
    """The result of ``open_run``."""

    folder: RunFolder
    settings: Settings  # "auto" means what the run began with, where it continues
    state: dict[str, Any] | None  # the checkpoint that it continues from
    interrupt: Interrupt
    closing: ExitStack = field(repr=False)  # what ends with the run

    @property
    def first_step(self) -> int:
        """Where training begins."""
        return self.state["step"] if self.state else 0

    def open_log(self, settings: Settings) -> RunLog:
        """The log, closed with the run; only the first process keeps one. ``settings``: what loggers show."""
        path = self.folder.path if process_group.rank() == 0 else None
        log = RunLog(path, start_step=self.first_step, loggers=loggers_of(settings, start_step=self.first_step))
        self.closing.callback(log.close)
        return log


@contextmanager
def open_run(settings: Settings, *, interrupt: Interrupt | None = None) -> Iterator[Run]:
    """Hold the folder of ``run_dir``, or choose one, and find out whether the run goes on.

    Raises: ValueError, OSError: another run trains there, or the folder holds one with other settings.
    """
    with ExitStack() as closing:
        closing.enter_context(determinism(settings.deterministic))  # before CUDA starts
        closing.enter_context(process_group.process_group(resolve_device(settings.device).type))
        check_profile(settings)
        check_same_settings(settings)
        folder = closing.enter_context(hold_folder(settings))
        settings = in_folder(settings, folder.path)
        check_accumulate(settings.trainer.accumulate, settings.trainer.batch_size)
        check_sync_batch_norm(settings)
        loggers_of(settings)  # a wrong name or option is an error before anything is read
        state = find_resume(folder, settings.resume)
        if state:
            source = "run_dir" if folder.held else "resume"
            recorded = {**state["config"], "task": node_of(state)}
            settings = continued(begun_as(settings, recorded), recorded, source=source)
            copy_best(folder, settings.resume)
        yield Run(folder=folder, settings=settings, state=state, interrupt=interrupt or Interrupt(), closing=closing)


def in_folder(settings: Settings, path: Path) -> Settings:
    """The settings with the folder that the run has. One that was chosen names the run, with its number."""
    return replace(settings, run_dir=str(path), name=settings.name if settings.run_dir else path.name)


def loggers_of(settings: Settings, *, start_step: int = 0) -> dict[str, Callable[[], Logger]]:
    """What opens the loggers of ``logger``, by name. Raises: ValueError: as ``bind_loggers``."""
    folder = Path(settings.run_dir or ".")
    name, config = settings.name or folder.name, to_dict(settings)
    return bind_loggers(settings.logger, run_dir=folder, name=name, config=config, start_step=start_step)


def check_same_settings(settings: Settings) -> None:
    """Raises: ValueError: processes of one run were started with different settings."""
    everywhere = process_group.all_gather({key: shown(value) for key, value in flatten(to_dict(settings)).items()})
    for key in everywhere[0]:
        values = [each.get(key) for each in everywhere]
        if len(set(values)) > 1:
            given = ", ".join(map(str, values))
            raise ValueError(f"the processes of this run have different settings: {key} is {given}. Start all alike.")


def check_profile(settings: Settings) -> None:
    """Raises: ValueError: no GPU whose memory could be recorded, or steps that lie behind ``trainer.max_steps``.
    How many steps the epochs have is known when the data are read."""
    asked, device = settings.profile, resolve_device(settings.device)
    if asked.memory and device.type != "cuda":
        raise ValueError(f"profile.memory=true is for a GPU, and this run trains on {device}. Leave it out.")
    if settings.trainer.max_steps is not None:
        check_steps(asked.steps, first_step=0, stop_step=settings.trainer.max_steps)


def check_accumulate(accumulate: int, batch_size: int | str) -> None:
    """Raises: ValueError: a step has fewer micro-batches than there are processes."""
    processes = process_group.world_size()
    if accumulate < processes:
        raise ValueError(
            f"{processes} processes share the trainer.accumulate={accumulate} micro-batches of a step, each of "
            f"trainer.batch_size={batch_size} clips: set trainer.accumulate to {processes} or more, best a multiple."
        )


def is_synchronized(settings: Settings) -> bool:
    """Whether the batch norms of several processes are to be synchronised."""
    is_asked = isinstance(settings, TrainSettings) and settings.trainer.sync_batch_norm
    return is_asked and process_group.world_size() > 1


def check_sync_batch_norm(settings: Settings) -> None:
    """Raises: ValueError: batch norms of several processes cannot be synchronised."""
    if not is_synchronized(settings):
        return
    processes = process_group.world_size()
    if resolve_device(settings.device).type == "cpu":
        raise ValueError(
            "trainer.sync_batch_norm=true: torch's SyncBatchNorm works on GPUs, and these processes train on the CPU. "
            "Leave it out: running statistics are averaged over the processes in any case."
        )
    if settings.trainer.accumulate % processes:
        raise ValueError(
            f"trainer.sync_batch_norm=true: {processes} processes cannot share trainer.accumulate="
            f"{settings.trainer.accumulate} micro-batches evenly, and one would wait for the others without end. Set "
            "trainer.accumulate to a multiple of the processes."
        )
    if isinstance(settings, TrainSettings) and settings.trainer.compile not in ("auto", "off"):
        raise ValueError(
            f"trainer.sync_batch_norm=true: batch norms that wait for each other are not compiled, and trainer.compile="
            f"{settings.trainer.compile}. Set trainer.compile=off."
        )
