"""Settings of a sweep in which Optuna chooses the values: ``videoai train -m sweep.trials=30 ...``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class SweepSettings:
    """The search."""

    trials: int = setting(min=1, help="runs in all; the same command with a higher number goes on")
    parallel: int = setting(
        1, min=1, help="trials that are chosen and started together: hydra/launcher=joblib or submitit_slurm"
    )
    pruner: Literal["median", "hyperband", "none"] = setting(
        "median",
        help="ends trials early: median = worse than half of the others after as many evaluations; hyperband = "
        "arXiv:1603.06560",
    )
    seed: int = setting(0, min=0, help="of the search; that of each training is seed")


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """With -m: Optuna (TPE) searches the settings that are given as several values or as interval(low,high)."""

    sweep: SweepSettings
