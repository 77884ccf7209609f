"""One run for each combination of values, by Hydra's multirun: its launchers (basic, joblib, submitit) and sweepers.

videoai train -m optim.lr=1e-3,3e-4 seed=0,1
videoai train -m optim.lr=1e-3,3e-4 hydra/launcher=joblib hydra.launcher.n_jobs=2
videoai train -m optim.lr=1e-3,3e-4 run_dir=runs/rates        the folder of all runs
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

QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none", "hydra.output_subdir=null")
RESULT = "result.json"  # result of one job, in its own folder below JOBS
JOBS = ".jobs"


class Row(NamedTuple):
    """One job of a sweep."""

    overrides: list[str]  # those that differ from job to job
    values: dict[str, Any]  # what the job returned; {"error": ...} when it failed


def sweep(
    cls: type, config_name: str, words: Sequence[str], job: Callable[[Any], dict[str, Any]]
) -> tuple[Path, list[Row]]:
    """Run ``job(settings)`` for each combination; each has a ``run_dir`` of its own below one folder.

    ``job`` returns plain data; its ``value`` is what a sweeper such as Optuna goes by.
    Returns: the folder, and a row for each job.
    Raises: ValueError: no setting has several values, or a word that cannot be read.
    """
    config_dir, rest = split_config_dir(words)
    check_own_files(config_dir)
    of_hydra = [word for word in rest if word.startswith(("hydra.", "hydra/"))]
    overrides = [quoted(cls, word) for word in rest if word not in of_hydra]
    swept = [override for override in overrides if _is_swept(override)]
    if not swept and not of_hydra:
        raise ValueError("-m: no setting has several values. Give a list: optim.lr=1e-3,3e-4, or seed=range(0,3)")
    fixed = [override for override in overrides if override not in swept]
    folder = _folder(cls, config_dir, fixed)
    keys = [override.partition("=")[0] for override in swept]
    run_dirs = [f"hydra.sweep.dir={json.dumps(str(folder))}", f"hydra.sweep.subdir={JOBS}/${{hydra.job.num}}"]
    search = ["--config-dir", config_dir] if config_dir else []
    given = [*search, *map(forced, overrides), *QUIET, *run_dirs, *of_hydra]
    _hydra_main(config_name, given, _Job(cls, job, folder, config_dir, keys))
    return folder, _rows(folder)


class _Job:
    """What Hydra calls for one combination; launchers send it to other processes."""

    def __init__(
        self, cls: type, job: Callable[[Any], dict[str, Any]], folder: Path, config_dir: str | None, keys: list[str]
    ) -> None:
        self.cls, self.job, self.folder, self.config_dir, self.keys = cls, job, folder, config_dir, keys
        self.path = sys.path

    def __call__(self, config: Any) -> Any:
        from hydra.core.hydra_config import HydraConfig

        sys.path = self.path
        words = [word.removeprefix("++") for word in HydraConfig.get().overrides.task]
        own = [word for word in words if word.partition("=")[0] in self.keys] or [f"job={HydraConfig.get().job.num}"]
        try:
            values = self.job(self._settings(config, words, own))
        except Exception as error:  # one combination that fails must not take the others with it
            if exit_code := getattr(error, "exit_code", 0):  # a signal
                sys.stderr.write(f"videoai: {error}\n")
                raise SystemExit(exit_code) from error
            values = {"error": f"{error}"}
        target = Path(HydraConfig.get().runtime.output_dir) / RESULT
        target.write_text(json.dumps({"overrides": own, "values": values}))
        return values.get("value")

    def _settings(self, config: Any, words: list[str], own: list[str]) -> Any:
        from hydra.core.hydra_config import HydraConfig
        from omegaconf import OmegaConf

        whole: Any = OmegaConf.to_container(config, resolve=True)
        whole["run_dir"] = str(self.folder / ",".join(own).replace("/", "-").replace('"', ""))
        choices = by_group(HydraConfig.get().runtime.choices)
        return from_composed(self.cls, whole, choices, Arguments(self.config_dir, words)).settings()


def _is_swept(override: str) -> bool:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(override).is_sweep_override()
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


def _hydra_main(config_name: str, words: list[str], job: _Job) -> None:
    import hydra

    before = sys.argv
    sys.argv = ["videoai", "--multirun", *words]
    try:
        hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(job)()
    finally:
        sys.argv = before


def _rows(folder: Path) -> list[Row]:
    files = sorted((folder / JOBS).glob(f"*/{RESULT}"), key=lambda file: int(file.parent.name))
    return [Row(**json.loads(file.read_text())) for file in files]
