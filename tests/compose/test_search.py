"""Optuna chooses the values of a sweep."""

import sys
from statistics import median
from types import SimpleNamespace

import pytest

from videoai.compose.multirun import Plan
from videoai.compose.search import Trial, consecutive, search
from videoai.settings.sweep import SweepSettings
from videoai.settings.training import TrainSettings

optuna = pytest.importorskip("optuna")
from videoai.compose.trials import Prune, Trials, distribution  # noqa: E402

EVALUATIONS = 3
RATES = "optim.lr=tag(log,interval(1e-5,1e-1))"


class Stop(Exception):
    """As a signal ends a run."""

    exit_code = 75


def ran(settings: TrainSettings, should_stop) -> dict[str, object]:
    """Stands for a training: what it comes to is its rate."""
    value = 0.1 if settings.optim["lr"] == "auto" else settings.optim["lr"]
    for evaluation in range(1, EVALUATIONS + 1):
        if should_stop(evaluation, value * evaluation):
            break
    return {"value": value * evaluation, "step": evaluation, "run_dir": settings.run_dir, "metric": "top1"}


def found(*words: str, job=ran, lower: bool = False):
    return search(TrainSettings, "train", words, job, lambda settings: lower)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=x,y", optuna.distributions.CategoricalDistribution(["x", "y"])),
        ("a=1,0.5,null", optuna.distributions.CategoricalDistribution(["1", "0.5", "null"])),
        ("a=range(1,9,2)", optuna.distributions.IntDistribution(1, 7, step=2)),
        ("a=interval(0,1)", optuna.distributions.FloatDistribution(0, 1)),
        ("a=int(interval(1,9))", optuna.distributions.IntDistribution(1, 9)),
        ("a=tag(log,interval(1e-5,1e-2))", optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)),
    ],
)
def test_the_grammar_of_sweeps_says_what_is_drawn_from(word, expected):
    assert distribution(word) == expected


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("a=tag(log,interval(0,1))", r"high=1.0\)"),  # Optuna ends its message with a full stop
        ("a=tag(lgo,choice(1,2))", "the tags are lgo"),
        ("a=range(3,3)", "it has no values"),
        ("a=interval(2,1)", r"high=1.0\)"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(word, why):
    with pytest.raises(ValueError, match=rf"a=.*this cannot be searched \(.*{why}\)\. Give values"):
        distribution(word)


def test_a_sweep_that_was_stopped_goes_on_as_if_it_had_not_been():
    """The trial that was stopped keeps its number, values and folder."""
    _, whole = found("sweep.trials=3", RATES, "run_dir=whole")
    seen: list[str] = []

    def stopped_at_the_second(settings, should_stop):
        seen.append(settings.run_dir)
        if len(seen) == 2:
            raise Stop
        return ran(settings, should_stop)

    with pytest.raises(SystemExit):
        found("sweep.trials=3", RATES, "run_dir=again", job=stopped_at_the_second)
    folder, again = found("sweep.trials=3", RATES, "run_dir=again")
    assert [row.overrides for row in again] == [row.overrides for row in whole]
    assert [row.values["run_dir"] for row in again] == [str(folder / f"trial-{number}") for number in range(3)]
    assert len({tuple(row.overrides) for row in again}) == 3
    assert found("sweep.trials=3", RATES, "run_dir=again", job=None)[1] == again  # nothing is left to run


def test_a_trial_worse_than_most_is_ended_and_its_folder_says_so(tmp_path):
    """Optuna's median pruner lets five trials pass, and compares each later one with those that were not pruned."""
    plan = Plan(None, [RATES], [RATES], [], tmp_path)
    trials = Trials(tmp_path, [RATES], SweepSettings(trials=8), lower_is_better=True, record=[])
    values, pruned = [], []
    for number in range(8):
        assert trials.ask() == number
        values.append(EVALUATIONS * float(trials.words(number)[0].partition("=")[2]))
        folder = tmp_path / f"trial-{number}"
        folder.mkdir()
        settings = SimpleNamespace(optim={"lr": values[-1] / EVALUATIONS}, run_dir=str(folder))
        ended = Trial(TrainSettings, ran, plan, "median").run(settings, number)
        trials.tell(number, ended)
        if number >= 5 and values[-1] > median(values[other] for other in range(number) if other not in pruned):
            pruned.append(number)
            assert (ended["pruned"], ended["step"]) == (True, 1)
            assert "Pruned after evaluation 1" in (folder / "pruned.txt").read_text()
        assert (folder / "pruned.txt").exists() == (number in pruned)
    assert pruned
    assert trials.left == 0  # one that was pruned counts
    assert trials.study.best_trial.number == values.index(min(values))


@pytest.mark.parametrize(("pruner", "prunes"), [("hyperband", True), ("none", False)])
def test_hyperband_ends_some_trials_and_none_ends_none(tmp_path, pruner, prunes):
    settings = SweepSettings(trials=9, pruner=pruner)
    trials, pruned = Trials(tmp_path, [RATES], settings, lower_is_better=False, record=[]), 0
    for number in range(settings.trials):
        trials.ask()
        rate = float(trials.words(number)[0].partition("=")[2])
        stop = Prune(tmp_path, pruner, number)
        ended = any(stop(evaluation, rate) for evaluation in range(1, 10))
        trials.tell(number, {"value": rate, "pruned": ended})
        pruned += ended
    assert (pruned > 0) == prunes


@pytest.mark.slow
def test_trials_that_failed_are_replaced_by_the_next_call():
    def fails(settings, should_stop):
        raise ValueError("no such file")

    _, rows = found("sweep.trials=2", "seed=0,1", job=fails)
    assert [row.values for row in rows] == [{"error": "no such file"}] * 2
    with pytest.raises(ValueError, match="holds a sweep of other settings: .*seed=0,1"):
        found("sweep.trials=2", "seed=0,1,2")
    _, rows = found("sweep.trials=2", "seed=0,1")
    assert ["error" in row.values for row in rows] == [True, True, False, False]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sweep.trials=2"], "no setting has several values"),
        (["sweep.trails=2", RATES], "unknown setting 'sweep.trails'. Did you mean sweep.trials"),
        (["sweep.seed=2", RATES], "sweep.trials is not set"),
        (["sweep.trials=2", RATES, "hydra/sweeper=ax"], "hydra/sweeper=ax: sweep.trials has a search of its own"),
        (["sweep.trials=2", "optim.lr=oops,1"], "optim.lr=oops: give a number"),
    ],
)
def test_what_cannot_be_a_search_is_refused(words, said):
    with pytest.raises(ValueError, match=said):
        found(*words)


def test_several_processes_that_would_each_search_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="each would search. Start it in one"):
        found("sweep.trials=2", RATES)


def test_without_optuna_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'videoai\[sweep\]'"):
        found("sweep.trials=2", RATES)


def test_a_launcher_counts_on_from_the_first_number():
    assert consecutive([2, 3, 7]) == [[2, 3], [7]]
