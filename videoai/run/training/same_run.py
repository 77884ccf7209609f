"""Whether a continued run is still the same run: its settings now beside those that its checkpoint records."""

import inspect
import logging
from collections.abc import Mapping
from dataclasses import MISSING
from os.path import exists
from typing import Any, NamedTuple, TypeVar

from videoai.core.build import resolve
from videoai.core.paths import is_url
from videoai.models import TARGETS
from videoai.settings.parse import Described, describe, flatten, parse, to_dict
from videoai.settings.renamed import renamed
from videoai.settings.setting import UNCHANGED, shown

logger = logging.getLogger(__name__)
T = TypeVar("T")
WHERE_THE_RUN_IS = ("run_dir", "resume")
MAX_THREADS = 1024  # more than the cores of today's machines


class Comparison(NamedTuple):
    """The settings of now beside those of a run, by dotted keys; both with what the other one leaves open."""

    now: dict[str, Any]
    then: dict[str, Any]
    taken: dict[str, Any]  # what "auto" is in the run, and what settings newer than the run were before
    described: dict[str, Described]

    @property
    def changed(self) -> list[str]:
        """The keys that make another run of it."""
        free = {key for key, one in self.described.items() if one.about.resume}
        keys = sorted({*self.now, *self.then} - free)
        return [key for key in keys if self.now.get(key, MISSING) != self.then.get(key, MISSING)]

    @property
    def other_paths(self) -> list[str]:
        """The keys of files and folders that are others now, while those of the run are still there: not moved."""
        moving = [key for key, one in self.described.items() if one.about.resume and one.about.path]
        pairs = {key: (self.now.get(key), self.then.get(key)) for key in moving if key not in WHERE_THE_RUN_IS}
        return [key for key, (now, then) in pairs.items() if then and now != then and (is_url(then) or exists(then))]


def differences(settings: Any, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What makes another run of the ``settings`` than the ``recorded`` one: key -> value in the recorded one."""
    compared = compare(settings, recorded)
    return {key: compared.then.get(key) for key in (*compared.changed, *compared.other_paths)}


def continued(settings: T, recorded: Mapping[str, Any], *, source: str = "run_dir") -> T:
    """The settings with their "auto" values as the run began, and with what settings newer than the run were before.
    ``source`` is the setting that names the run: run_dir or resume.

    Raises: ValueError: a setting that changes the result has another value than ``recorded``, a checkpoint's config.
    """
    compared = compare(settings, recorded)
    now, then = compared.now, compared.then
    for key, value in compared.taken.items():
        _check_threads(key, value)
    _warn_of_other_length(now, then)
    _warn_of_other_rounding(now, then)
    if changed := compared.changed:
        why = {key: one.about.fixed_because for key, one in compared.described.items()}
        raise ValueError(_other_settings(changed, now, then, why, source))
    whole = to_dict(settings)
    for key, value in compared.taken.items():
        _put(whole, key, value)
    return parse(type(settings), whole)


def compare(settings: Any, recorded: Mapping[str, Any]) -> Comparison:
    """``recorded``: the config of a checkpoint."""
    whole = to_dict(settings)
    now, then = flatten(whole), flatten(renamed(recorded))
    described = {one.key: one for one in describe(type(settings), whole)}
    named = {
        *then,
        *(key.rpartition(".")[0] for key in then),
    }  # pairs, such as data.flip_labels, are named by their parts
    newer = {key: value for key, value in then_defaults(now, described).items() if key not in named}
    taken = {key: then[key] for key, one in described.items() if one.about.auto and now[key] == "auto" and key in then}
    before = {key: one.about.before for key, one in described.items() if one.about.before is not UNCHANGED}
    taken |= {key: value for key, value in before.items() if key in newer and now[key] == described[key].default}
    return Comparison(now | taken, then | newer, taken, described)


def then_defaults(now: Mapping[str, Any], described: Mapping[str, Described]) -> dict[str, Any]:
    """What a run had for each setting of today that its checkpoint does not name."""
    values = {key: one.default if one.about.before is UNCHANGED else one.about.before for key, one in described.items()}
    return {**values, **_options_of_model(now)}


def _options_of_model(now: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of the options of a model of the zoo."""
    name = str(now.get("model.name"))
    if name not in TARGETS:
        return {}
    parameters = inspect.signature(resolve(TARGETS[name], "model")).parameters
    defaults = {f"model.{key}": p.default for key, p in parameters.items() if p.default is not p.empty}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()}


def _warn_of_other_length(now: Mapping[str, Any], then: Mapping[str, Any]) -> None:
    length = "trainer.max_epochs" if now.get("trainer.max_epochs") is not None else "trainer.max_steps"
    only_stops = (length, now.get("schedule.name")) == ("trainer.max_steps", "constant")
    if now.get(length) != then.get(length) and not only_stops:
        logger.warning(
            "%s was %s, is %s: the schedule runs over another length from here on, so the weights will not be those of "
            "a run that had it from the start",
            *(length, then.get(length), now.get(length)),
        )


def _warn_of_other_rounding(now: Mapping[str, Any], then: Mapping[str, Any]) -> None:
    if (is_now := now["deterministic"]) != (was := then["deterministic"]):
        logger.warning(
            "deterministic was %s, is %s from here on: on a GPU the weights will not be bitwise those of a run that "
            "had it from the start",
            *(shown(was), shown(is_now)),
        )


def _other_settings(
    changed: list[str], now: Mapping[str, Any], then: Mapping[str, Any], why: Mapping[str, str], source: str
) -> str:
    changed = sorted(changed, key=lambda key: not key.startswith("data."))  # other data set other augmentation, too
    pairs = [(key, then.get(key, "(not set)"), now.get(key, "(no setting now)")) for key in changed]
    because = {key: f" ({why[key]})" if why.get(key) else "" for key in changed}
    listed = [f"{key} was {before}, is {after}{because[key]}" for key, before, after in pairs[:5]]
    differences = "; ".join(listed) + (f"; and {len(pairs) - 5} more" if len(pairs) > 5 else "")
    gone = " (one that is gone: with the videoai that began the run)" if any(key not in now for key in changed) else ""
    otherwise = "choose another run_dir=PATH" if source == "run_dir" else "leave out resume=; weights=PATH fine-tunes"
    return (
        f"{source}={now[source]} holds a run with other settings: {differences}. To continue it leave them as they "
        f"were{gone}; for a new run {otherwise}."
    )


def _check_threads(key: str, value: Any) -> None:
    """Raises: ValueError: a checkpoint, perhaps a stranger's, wants more threads than machines have cores."""
    if key == "trainer.num_threads" and isinstance(value, int) and value > MAX_THREADS:
        raise ValueError(f"{key} was {value} in the run to continue. To have so many: {key}={value}")


def _put(nested: dict[str, Any], key: str, value: Any) -> None:
    *groups, name = key.split(".")
    for group in groups:
        nested = nested[group]
    nested[name] = value
