"""Optuna chooses the values of a sweep, and Hydra's launchers run the trials.

videoai train -m sweep.trials=30 'optim.lr=tag(log,interval(1e-5,1e-2))' model.dropout=0.2,0.5
videoai train -m sweep.trials=30 sweep.parallel=4 hydra/launcher=joblib 'optim.lr=tag(log,interval(1e-5,1e-2))'

A trial is written to the study before it starts, so the same command goes on after a kill: a trial that did not end
keeps its number, values and folder, where its training continues. What is chosen depends on the seed, the number of the
trial and the trials before it, not on when the command was started.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoai.compose.arguments import values_of
from videoai.compose.files import CONFIGS
from videoai.compose.hydra_errors import one_line
from videoai.compose.multirun import RESULT, Job, Plan, Row, read_plan, rows_of
from videoai.compose.presets import forced
from videoai.compose.settings import from_arguments
from videoai.compose.trials import Prune, Trials, check_optuna_installed, some_word
from videoai.core.files import file_lock
from videoai.core.launcher import launched_processes
from videoai.settings.parse import parse
from videoai.settings.sweep import SearchSettings, SweepSettings

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher

logger = logging.getLogger(__name__)
TRIALS = ".trials"
FREE = ("run_dir", "name", "device", "logger", "debug")  # may change while the sweep goes on
NOTE = """Pruned after evaluation {evaluation}, by sweep.pruner={pruner}: worse than other trials were by then.
The checkpoints are sound; videoai train with the settings in config.yaml and this run_dir would go on.
"""


def search(
    cls: type,
    config_name: str,
    words: Sequence[str],
    job: Callable[..., dict[str, Any]],
    lower_is_better: Callable[[Any], bool],
) -> tuple[Path, list[Row]]:
    """Run ``job(settings, should_stop)`` until ``sweep.trials`` have ended, those of earlier calls included.

    Args:
        job: returns plain data with a ``value``, and asks ``should_stop(evaluation, value)`` after each evaluation.
        lower_is_better: whether a smaller value is better, from the settings of a run.
    Returns: the folder, and a row for each trial that ended.
    Raises: ValueError: no setting has several values, a word that cannot be read, or a folder with another sweep.
        OSError: the folder is in use, or cannot be written. ImportError: Optuna is not installed.
    """
    check_optuna_installed()
    of_search = [word for word in words if word.startswith("sweep.")]
    settings = parse(SearchSettings, values_of(of_search)).sweep
    plan = read_plan(cls, [word for word in words if word not in of_search])
    check_plan(plan)
    example = [*plan.fixed, *map(some_word, plan.swept)]
    where = ["--config-dir", plan.config_dir] if plan.config_dir else []
    lower = lower_is_better(from_arguments(cls, [*where, *example]).settings())
    with held(plan.folder):
        record = recorded(plan, settings)
        trials = Trials(plan.folder, plan.swept, settings, lower_is_better=lower, record=record)
        with launcher(config_name, plan, Trial(cls, job, plan, settings.pruner)) as started:
            run_trials(trials, plan, started)
    return plan.folder, rows_of(plan.folder / TRIALS)


def check_plan(plan: Plan) -> None:
    """Raises: ValueError: nothing to search, or several that would search it."""
    if launched_processes() > 1:
        raise ValueError(
            "sweep.trials: several processes were started, and each would search. Start it in one: "
            "hydra/launcher=submitit_slurm hydra.launcher.tasks_per_node=N gives each trial several."
        )
    if not plan.swept:
        raise ValueError("sweep.trials: no setting has several values. Give optim.lr=1e-3,3e-4 or interval(1e-5,1e-2)")
    if other := [word for word in plan.of_hydra if word.startswith(("hydra/sweeper", "hydra.sweeper"))]:
        raise ValueError(f"{other[0]}: sweep.trials has a search of its own. Leave one of them out.")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Raises: OSError: another command searches there, or it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file_lock(folder / ".lock", wait=False):
            yield
    except BlockingIOError as error:
        raise OSError(f"run_dir={folder}: another sweep runs here. Wait, or choose another run_dir.") from error


def recorded(plan: Plan, settings: SweepSettings) -> list[str]:
    """What must be the same whenever the sweep goes on."""
    kept = [word for word in plan.overrides if word.partition("=")[0] not in FREE]
    return sorted([*kept, f"sweep.pruner={settings.pruner}", f"sweep.seed={settings.seed}"])


class Trial(Job):
    """What Hydra calls for one trial."""

    def __init__(self, cls: type, job: Callable[..., dict[str, Any]], plan: Plan, pruner: str) -> None:
        super().__init__(cls, job, plan)
        self.pruner = pruner

    def folder_name(self, own: Sequence[str], number: int) -> str:
        """Values that Optuna draws have too many digits for a name."""
        return f"trial-{number}"

    def run(self, settings: Any, number: int) -> dict[str, Any]:
        """The job; a note in the folder of one that was pruned."""
        prune = Prune(self.plan.folder, self.pruner, number)
        values = self.job(settings, prune)
        if prune.pruned_at is None:
            return values
        note = NOTE.format(evaluation=prune.pruned_at, pruner=self.pruner)
        (Path(settings.run_dir) / "pruned.txt").write_text(note)
        return {**values, "pruned": True}


@contextmanager
def launcher(config_name: str, plan: Plan, job: Job) -> Iterator["Launcher"]:
    """Hydra's launcher, as ``hydra/launcher=NAME`` chooses it. Raises: ValueError: what Hydra cannot compose."""
    from hydra import initialize_config_dir
    from hydra._internal.callbacks import Callbacks
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins
    from hydra.errors import HydraException
    from hydra.types import HydraContext, RunMode

    search_path = [f"hydra.searchpath=[file://{plan.config_dir}]"] if plan.config_dir else []
    given = [*search_path, *map(forced, plan.fixed), *plan.words_of_hydra(TRIALS)]
    try:
        with initialize_config_dir(config_dir=str(CONFIGS), version_base="1.3", job_name="videoai"):
            hydra: Any = GlobalHydra.instance().hydra
            config = hydra.compose_config(config_name, given, run_mode=RunMode.MULTIRUN)
            context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks(config))
            yield Plugins.instance().instantiate_launcher(hydra_context=context, task_function=job, config=config)
    except HydraException as error:
        raise ValueError(one_line(error, plan.overrides, plan.config_dir)) from error


def run_trials(trials: Trials, plan: Plan, launcher: "Launcher") -> None:
    """Those that were begun, then new ones."""
    run_batch(trials, plan, launcher, trials.unfinished())
    left = trials.left
    while left > 0:
        batch = [trials.ask() for _ in range(min(left, trials.settings.parallel))]
        run_batch(trials, plan, launcher, batch)
        left -= len(batch)


def run_batch(trials: Trials, plan: Plan, launcher: "Launcher", numbers: Sequence[int]) -> None:
    """Start trials together, wait, and tell the study what they came to."""
    for group in consecutive([number for number in numbers if not result_of(plan, number).exists()]):
        words = {number: trials.words(number) for number in group}
        for number, own in words.items():
            logger.info("trial %d of %d: %s", number, trials.settings.trials, " ".join(own))
        jobs = [[*map(forced, [*plan.fixed, *own])] for own in words.values()]
        for ended in launcher.launch(jobs, initial_job_idx=group[0]):
            _ = ended.return_value  # raises what ended a job before it could leave a result
    for number in numbers:
        trials.tell(number, json.loads(result_of(plan, number).read_text())["values"])


def result_of(plan: Plan, number: int) -> Path:
    """The file in which a trial that ended leaves its values."""
    return plan.folder / TRIALS / str(number) / RESULT


def consecutive(numbers: Sequence[int]) -> list[list[int]]:
    """``[2, 3, 7]`` -> ``[[2, 3], [7]]``: a launcher counts on from the first number."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups
