"""One run for each combination of values, by Hydra's multirun: its launchers (basic, joblib, submitit) and sweepers.

videoai train -m optim.lr=1e-3,3e-4 seed=0,1
videoai train -m optim.lr=1e-3,3e-4 hydra/launcher=joblib hydra.launcher.n_jobs=2
videoai train -m optim.lr=1e-3,3e-4 run_dir=runs/rates        the folder of all runs

``search.py`` lets Optuna choose the values.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from videoai.compose.arguments import Arguments, quoted, split_config_dir
from videoai.compose.files import CONFIGS, check_own_files
from videoai.compose.presets import by_group, forced
from videoai.compose.settings import from_arguments, from_composed
from videoai.core.launcher import launched_rank

QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none", "hydra.output_subdir=null")
RESULT = "result.json"  # result of one job, in its own folder below JOBS
JOBS = ".jobs"


class Row(NamedTuple):
    """One job of a sweep."""

    overrides: list[str]  # those that differ from job to job
    values: dict[str, Any]  # what the job returned; {"error": ...} when it failed


class Plan(NamedTuple):
    """The words behind ``-m``, by what they are for."""

    config_dir: str | None
    overrides: list[str]  # what the runs differ by
    swept: list[str]  # those of them that have several values
    of_hydra: list[str]
    folder: Path  # holds all runs

    @property
    def fixed(self) -> list[str]:
        """What all runs have in common."""
        return [override for override in self.overrides if override not in self.swept]

    @property
    def keys(self) -> list[str]:
        """The settings that differ from run to run."""
        return [override.partition("=")[0] for override in self.swept]

    def words_of_hydra(self, jobs: str) -> list[str]:
        """What Hydra is told beside the settings. jobs: the folder of the results of jobs, below that of all runs."""
        places = [f"hydra.sweep.dir={json.dumps(str(self.folder))}", f"hydra.sweep.subdir={jobs}/${{hydra.job.num}}"]
        return [*QUIET, *places, *self.of_hydra]


def sweep(
    cls: type, config_name: str, words: Sequence[str], job: Callable[[Any], dict[str, Any]]
) -> tuple[Path, list[Row]]:
    """Run ``job(settings)`` for each combination; each has a ``run_dir`` of its own below one folder.

    ``job`` returns plain data; its ``value`` is what a sweeper of Hydra goes by.
    Returns: the folder, and a row for each job.
    Raises: ValueError: no setting has several values, or a word that cannot be read.
    """
    plan = read_plan(cls, words)
    if not plan.swept and not plan.of_hydra:
        raise ValueError("-m: no setting has several values. Give a list: optim.lr=1e-3,3e-4, or seed=range(0,3)")
    has_sweeper = any(word.startswith(("hydra/sweeper=", "hydra.sweeper.")) for word in plan.of_hydra)
    if (endless := [word for word in plan.swept if not _parsed(word).is_discrete_sweep()]) and not has_sweeper:
        raise ValueError(f"{endless[0]} has no end of values. Add sweep.trials=N: Optuna chooses N times.")
    search = ["--config-dir", plan.config_dir] if plan.config_dir else []
    given = [*search, *map(forced, plan.overrides), *plan.words_of_hydra(JOBS)]
    _hydra_main(config_name, given, Job(cls, job, plan))
    return plan.folder, rows_of(plan.folder / JOBS)


def read_plan(cls: type, words: Sequence[str]) -> Plan:
    """Raises: ValueError: a word that cannot be read, no such folder."""
    config_dir, rest = split_config_dir(words)
    check_own_files(config_dir)
    of_hydra = [word for word in rest if word.startswith(("hydra.", "hydra/"))]
    overrides = [quoted(cls, word) for word in rest if word not in of_hydra]
    swept = [override for override in overrides if _parsed(override).is_sweep_override()]
    fixed = [override for override in overrides if override not in swept]
    return Plan(config_dir, overrides, swept, of_hydra, _folder(cls, config_dir, fixed))


class Job:
    """What Hydra calls for one combination; launchers send it to other processes."""

    def __init__(self, cls: type, job: Callable[..., dict[str, Any]], plan: Plan) -> None:
        self.cls, self.job, self.plan = cls, job, plan
        self.path = sys.path

    def __call__(self, config: Any) -> Any:
        from hydra.core.hydra_config import HydraConfig

        sys.path = self.path
        hydra, number = HydraConfig.get(), int(HydraConfig.get().job.num)
        words = [word.removeprefix("++") for word in hydra.overrides.task]
        own = [word for word in words if word.partition("=")[0] in self.plan.keys] or [f"job={number}"]
        try:
            values = self.run(self._settings(config, words, self.folder_name(own, number)), number)
        except Exception as error:  # one combination that fails must not take the others with it
            if exit_code := getattr(error, "exit_code", 0):  # a signal
                sys.stderr.write(f"videoai: {error}\n")
                raise SystemExit(exit_code) from error
            values = {"error": f"{error}"}
        if launched_rank() == 0:  # the first of several processes writes
            target = Path(hydra.runtime.output_dir) / RESULT
            target.write_text(json.dumps({"overrides": own, "values": values}))
        return values.get("value")

    def folder_name(self, own: Sequence[str], number: int) -> str:
        """The name of the run's folder, from the settings that are its own."""
        return ",".join(own).replace("/", "-").replace('"', "")

    def run(self, settings: Any, number: int) -> dict[str, Any]:
        """The job itself."""
        return self.job(settings)

    def _settings(self, config: Any, words: list[str], folder_name: str) -> Any:
        from hydra.core.hydra_config import HydraConfig
        from omegaconf import OmegaConf

        whole: Any = OmegaConf.to_container(config, resolve=True)
        whole["run_dir"] = str(self.plan.folder / folder_name)
        choices = by_group(HydraConfig.get().runtime.choices)
        return from_composed(self.cls, whole, choices, Arguments(self.plan.config_dir, words)).settings()


def rows_of(jobs: Path) -> list[Row]:
    """The results of the jobs that ended, by their numbers."""
    files = sorted(jobs.glob(f"*/{RESULT}"), key=lambda file: int(file.parent.name))
    return [Row(**json.loads(file.read_text())) for file in files]


def _parsed(override: str) -> Any:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(override)
    except HydraException as error:
        raise ValueError(
            f"cannot read the setting {override!r} ({str(error).splitlines()[0]}). Give key=value"
        ) from error


def _folder(cls: type, config_dir: str | None, fixed: list[str]) -> Path:
    given = [f"--config-dir={config_dir}"] if config_dir else []
    named = [word for word in fixed if not word.startswith("run_dir=")]
    try:
        name = from_arguments(cls, [*given, *named]).settings().name
    except ValueError:  # what is missing comes with a swept setting
        name = "train"
    own = next((word.partition("=")[2].strip('"') for word in fixed if word.startswith("run_dir=")), None)
    return Path(os.path.abspath(own or os.path.join("runs", f"{name}-sweep")))


def _hydra_main(config_name: str, words: list[str], job: Job) -> None:
    import hydra

    before = sys.argv
    sys.argv = ["videoai", "--multirun", *words]
    try:
        hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(job)()
    finally:
        sys.argv = before
