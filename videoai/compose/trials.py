"""The trials of a sweep as an Optuna study (arXiv:1907.10902): what is searched, chosen, pruned and remembered."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoai.core.seeding import seed_for
from videoai.settings.sweep import SweepSettings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner

JOURNAL = "optuna.journal"  # a file that network file systems can hold, which SQLite's may not be
NAME = "sweep"  # the one study of the journal
RECORD = "words"


def check_optuna_installed() -> None:
    """Raises: ImportError: with the command that installs it."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "sweep.trials needs the package optuna: pip install 'videoai[sweep]'. Without it, lists of values are "
            "combined: videoai train -m optim.lr=1e-3,3e-4"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def distribution(word: str) -> "BaseDistribution":
    """``optim.lr=tag(log,interval(1e-5,1e-2))`` -> what Optuna draws from, by Hydra's grammar of sweeps: a list or
    ``choice``, ``range`` (its end is not one of the values), ``interval`` (``int(interval(1,9))`` for whole numbers).

    Raises: ValueError: a range without values, or one that has no logarithm.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import IntervalSweep, RangeSweep
    from optuna import distributions

    override = OverridesParser.create().parse_override(word)
    sweep: Any = override.value()
    if not isinstance(sweep, IntervalSweep | RangeSweep) and not sweep.tags:
        return distributions.CategoricalDistribution(list(override.sweep_string_iterator()))
    try:
        if sweep.tags - {"log"} or not isinstance(sweep, IntervalSweep | RangeSweep):
            raise ValueError(f"the tags are {', '.join(sorted(sweep.tags))}")
        is_range = isinstance(sweep, RangeSweep)
        ends = sorted(sweep.range()) if is_range else (sweep.start, sweep.end)
        is_whole = {*map(type, ends)} == {int}
        kind: Any = distributions.IntDistribution if is_whole else distributions.FloatDistribution
        step = {"step": abs(sweep.step)} if is_range else {}
        return kind(ends[0], ends[-1], log="log" in sweep.tags, **step)
    except (ValueError, IndexError) as error:
        why = "it has no values" if isinstance(error, IndexError) else str(error).rstrip(".")
        raise ValueError(
            f"{word}: this cannot be searched ({why}). Give values, a,b; range(1,9); interval(0,1); or "
            "tag(log,interval(1e-5,1e-2)), whose ends are above 0"
        ) from error


def some_word(word: str) -> str:
    """``optim.lr=interval(1e-5,1e-2)`` -> ``optim.lr=1e-05``: one that a trial may have."""
    drawn: Any = distribution(word)
    return f"{word.partition('=')[0]}={drawn.choices[0] if hasattr(drawn, 'choices') else drawn.low}"


class Trials:
    """The study in the folder of a sweep; what it holds already goes on."""

    def __init__(
        self, folder: Path, swept: Sequence[str], settings: SweepSettings, *, lower_is_better: bool, record: list[str]
    ) -> None:
        """``record``: words that must be the same whenever the sweep goes on. Raises: ValueError: they are not."""
        import optuna

        self.settings, self.space = settings, {word.partition("=")[0]: distribution(word) for word in swept}
        direction = "minimize" if lower_is_better else "maximize"
        self.study = optuna.create_study(
            study_name=NAME, storage=storage_of(folder), direction=direction, load_if_exists=True
        )
        before = self.study.user_attrs.get(RECORD)
        if before is None:
            self.study.set_user_attr(RECORD, record)
        elif before != record:
            was, now = (" ".join(sorted({*one} - {*other})) for one, other in ((before, record), (record, before)))
            raise ValueError(
                f"run_dir={folder} holds a sweep of other settings: it had {was or 'less'}, this one has "
                f"{now or 'less'}. To go on with it leave them as they were; for another sweep choose another run_dir."
            )

    def unfinished(self) -> list[int]:
        """The numbers of trials that were started and did not end."""
        return [trial.number for trial in self._all() if not trial.state.is_finished()]

    @property
    def left(self) -> int:
        """How many are still to be run; those that failed are replaced."""
        from optuna.trial import TrialState

        done = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        return max(0, self.settings.trials - len(done))

    def ask(self) -> int:
        """Choose the values of another trial by TPE. Returns: its number."""
        from optuna.samplers import TPESampler

        seed = seed_for(self.settings.seed, "sweep", len(self._all())) % 2**32
        self.study.sampler = TPESampler(seed=seed, constant_liar=self.settings.parallel > 1)
        return self.study.ask(self.space).number

    def words(self, number: int) -> list[str]:
        """The values of a trial, as words of the command line."""
        return [f"{key}={value}" for key, value in self._all()[number].params.items()]

    def tell(self, number: int, values: Mapping[str, Any]) -> None:
        """What a trial came to: its ``value``, that it was ``pruned``, or an ``error``."""
        from optuna.trial import TrialState

        if values.get("pruned"):
            self.study.tell(number, state=TrialState.PRUNED)
        elif "error" in values or not math.isfinite(values["value"]):
            self.study.tell(number, state=TrialState.FAIL)
        else:
            self.study.tell(number, values["value"])

    def _all(self) -> list[Any]:
        return self.study.get_trials(deepcopy=False)


class Prune:
    """Called after each evaluation of a trial, in the process that runs it; True = it is worse than the others."""

    def __init__(self, folder: Path, pruner: str, number: int) -> None:
        self.folder, self.pruner, self.number = folder, pruner, number
        self.pruned_at: int | None = None  # the number of an evaluation

    def __call__(self, evaluation: int, value: float) -> bool:
        """``value``: of the metric; one that is not finite is not compared."""
        if not math.isfinite(value):
            return False
        import optuna

        study = optuna.load_study(study_name=NAME, storage=storage_of(self.folder), pruner=pruner_of(self.pruner))
        known = study.trials[self.number]
        trial = optuna.trial.Trial(study, known._trial_id)
        if evaluation not in known.intermediate_values:  # it was told before the run was killed
            trial.report(value, evaluation)
        if trial.should_prune():
            self.pruned_at = evaluation
        return self.pruned_at is not None


def pruner_of(name: str) -> "BasePruner":
    """The pruner of Optuna with a name of ``sweep.pruner``."""
    from optuna import pruners

    return {"median": pruners.MedianPruner, "hyperband": pruners.HyperbandPruner, "none": pruners.NopPruner}[name]()


def storage_of(folder: Path) -> Any:
    """The journal in the folder of a sweep."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
