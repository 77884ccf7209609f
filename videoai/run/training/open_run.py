"""A run whose folder is held: its settings, what it continues from, its log."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videoai.core import distributed
from videoai.core.device import resolve_device
from videoai.core.log import RunLog
from videoai.engine.interrupt import Interrupt
from videoai.run.training.folder import RunFolder, continued, find_resume
from videoai.tasks import AUTO, node_of


@dataclass(frozen=True, kw_only=True)
class Run:
    """What ``open_run`` gives."""

    folder: RunFolder
    config: dict[str, Any]  # "auto" means what the run began with, where it continues
    state: dict[str, Any] | None  # the checkpoint that it continues from
    interrupt: Interrupt
    closing: ExitStack = field(repr=False)  # what ends with the run

    @property
    def first_step(self) -> int:
        """Where training begins."""
        return self.state["step"] if self.state else 0

    def open_log(self) -> RunLog:
        """The log, closed with the run; of several processes the first keeps one."""
        path = self.folder.path if distributed.rank() == 0 else None
        log = RunLog(path, start_step=self.first_step, tensorboard=self.config["trainer"]["tensorboard"])
        self.closing.callback(log.close)
        return log


@contextmanager
def open_run(
    config: dict[str, Any], *, at_default: Collection[str] = (), interrupt: Interrupt | None = None
) -> Iterator[Run]:
    """Hold the folder of ``run_dir`` and find out whether the run goes on.

    Raises: ValueError, OSError: another run trains there, or the folder holds one with other settings.
    """
    folder = RunFolder(Path(config["run_dir"]))
    with distributed.together(resolve_device(config["device"]).type), folder.locked(), ExitStack() as closing:
        refuse_uneven(config["trainer"])
        state = find_resume(folder, config["resume"])
        if state:
            before = {"task": node_of(state), **state["config"]}
            config = continued(with_task_of(state, config), before, at_default=at_default)
        yield Run(folder=folder, config=config, state=state, interrupt=interrupt or Interrupt(), closing=closing)


def with_task_of(state: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The config; ``task=auto`` means the task that the run began with."""
    return {**config, "task": node_of(state)} if config.get("task", AUTO) == AUTO else config


def refuse_uneven(settings: dict[str, Any]) -> None:
    """Raises: ValueError: several processes cannot share the micro-batches of a step evenly."""
    processes, accumulate = distributed.world_size(), settings["accumulate"]
    if accumulate % processes:
        raise ValueError(
            f"{processes} processes share the trainer.accumulate={accumulate} micro-batches of a step, each of "
            f"trainer.batch_size={settings['batch_size']} clips: set trainer.accumulate to a multiple of {processes}."
        )
