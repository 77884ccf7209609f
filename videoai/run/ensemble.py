"""``ensemble``: several runs that answer together, as one checkpoint."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from videoai.core import checkpoint
from videoai.core.build import ANYTHING
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.data.faces.record import KEY as FACES
from videoai.inference.load import FETCHED, averaged, from_state
from videoai.run.recorded_settings import in_short
from videoai.settings.runs import EnsembleSettings
from videoai.tasks import node_of, task_of

logger = logging.getLogger(__name__)
BEST = Path("checkpoints") / "best.pt"
SAME = ("classes", "clip")  # what networks that answer together share


class Ensembled(NamedTuple):
    """What was written."""

    path: str
    members: list[str]
    shares_test: bool  # whether the test split is new to every member


def make_ensemble(settings: EnsembleSettings) -> Ensembled:
    """Join the best checkpoints of runs, or checkpoints by their files, into ``out``.

    Raises: FileNotFoundError, ValueError: naming the run and what is wrong; nothing was written.
    """
    paths = [checkpoint_of(run) for run in settings.runs]
    states = [checkpoint.load(path) for path in paths]
    check_members(paths, states)
    out = Path(settings.out)
    if out.exists() and not settings.overwrite:
        raise ValueError(f"out={display_path(out)} exists. Choose another file, or add overwrite=true.")
    state = joined(states)
    from_state(state, trust=settings.trust)  # a checkpoint that cannot be opened is not written
    checkpoint.save(out, state)
    lists = {state["versions"].get("data") for state in states}
    return Ensembled(str(out), [display_path(path) for path in paths], len(lists) == 1 and None not in lists)


def checkpoint_of(run: str) -> Path:
    """The best checkpoint of a run's folder, or the file itself. Raises: FileNotFoundError."""
    path = Path(os.path.abspath(run))
    if path.is_dir():
        path /= BEST
    if not path.is_file():
        raise FileNotFoundError(f"{run}: no such checkpoint, and no run's folder with {BEST}")
    return path


def check_members(paths: Sequence[Path], states: Sequence[Mapping[str, Any]]) -> None:
    """Raises: ValueError: one alone, the same twice, or members that differ in what an ensemble shares."""
    if len(paths) < 2:
        raise ValueError(f"an ensemble takes two runs or more, and {pluralize(len(paths), 'run')} is named.")
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise ValueError("an ensemble takes different runs, and one is named twice.")
    for path, state in zip(paths, states, strict=True):
        config = state["config"]
        if (
            "model" not in config
            or "_target_" in config["model"]
            or config.get("finetune", {}).get("head") == "attentive"
        ):
            raise ValueError(f"{display_path(path)}: an ensemble takes models of the zoo with their own heads.")
        if "a" in (config.get("modalities") or ()):
            raise ValueError(f"{display_path(path)}: hears, and an ensemble joins networks that only see.")
        if task_node(state)["name"] == "localize":
            raise ValueError(f"{display_path(path)}: finds events, and an ensemble joins what models say of clips.")
        if task_node(state) != task_node(states[0]):
            tasks = [in_short(task_node(one)) for one in (state, states[0])]
            raise ValueError(
                f"{display_path(path)} and {display_path(paths[0])} differ in their task: {' and '.join(tasks)}. An "
                "ensemble needs the same, with the same statistics of its targets."
            )
        if state.get(FACES) != states[0].get(FACES):
            said = f"{display_path(path)} and {display_path(paths[0])} differ in how faces were cut out of their videos"
            raise ValueError(f"{said}. An ensemble needs the same.")
        for key in SAME:
            if state[key] != states[0][key]:
                said = f"{display_path(path)} and {display_path(paths[0])} differ in their {key}"
                raise ValueError(f"{said}: {different(state[key], states[0][key])}. An ensemble needs the same.")


def task_node(state: Mapping[str, Any]) -> dict[str, Any]:
    """The task of a checkpoint with the options that are set."""
    return {key: value for key, value in node_of(state).items() if value is not None}


def different(one: Any, other: Any) -> str:
    """The first thing that differs."""
    if isinstance(one, Mapping):
        key = next(key for key in {**one, **other} if one.get(key) != other.get(key))
        return f"{key}={one.get(key)} and {other.get(key)}"
    pairs = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    return "{} and {}".format(*pairs[0]) if pairs else f"{len(one)} and {len(other)}"


def joined(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The checkpoint of an ensemble. Its data node names no fold: no clip is new to the networks of all folds."""
    first = states[0]
    nodes = [
        {key: value for key, value in state["config"]["model"].items() if key not in ("pretrained", *FETCHED)}
        for state in states
    ]
    weights = {
        f"members.{number}.{name}": tensor
        for number, state in enumerate(states)
        for name, tensor in (averaged(dict(state)) or state["model"]).items()
    }
    several = task_node(first).get("name") == "multi_label"
    plain = {"plain": True} if getattr(task_of(first, trust=ANYTHING), "own_ensemble", False) else {}
    model = {"name": "ensemble", "members": nodes, "several_labels": several, **plain}
    data = {key: value for key, value in first["config"]["data"].items() if key not in ("test_fold", "folds")}
    return {
        **{key: first[key] for key in ("format", "classes", "clip", "step", "versions")},
        **({FACES: first[FACES]} if first.get(FACES) else {}),
        "config": {**first["config"], "model": model, "data": data},
        "model": weights,
        "trained_on": torch.cat(
            [state.get("trained_on", torch.empty(0, dtype=torch.int64)) for state in states]
        ).unique(),
    }
