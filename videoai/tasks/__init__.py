"""What a model learns: one file a task, and the table of names. A custom task is named by ``_target_``."""

from collections.abc import Mapping, Sequence
from inspect import isfunction
from typing import Any

from videoai.core.build import ANYTHING, build
from videoai.core.messages import truncated_list
from videoai.data.lists.manifest import Manifest
from videoai.settings.parse import default_values
from videoai.settings.tasks import TASKS as OPTIONS
from videoai.tasks.own import with_checks
from videoai.tasks.task import Task

TASKS = {
    "classify": "videoai.tasks.classify:Classify",
    "multi_label": "videoai.tasks.multi_label:MultiLabel",
    "regression": "videoai.tasks.regression:Regression",
    "ordinal": "videoai.tasks.ordinal:Ordinal",
    "multi_head": "videoai.tasks.multi_head:MultiHead",
    "localize": "videoai.tasks.localize.task:Localize",
    "gan": "videoai.tasks.gan.task:GanTask",
}
AUTO = {"name": "auto"}  # classify or multi_label, as the data have one label a clip or several


def build_task(node: str | Mapping[str, Any], *, trust: Sequence[str] = ANYTHING) -> Task:
    """``"classify"``, ``{"name": "classify"}`` or ``{"_target_": "mine.Regression", ...}`` -> the task.

    Raises: ValueError: no such task, an option that it does not take, or a class that is no task.
    """
    task = build({"name": node} if isinstance(node, str) else node, TASKS, where="task", trust=trust)
    methods = [name for name, value in vars(Task).items() if isfunction(value) and not name.startswith("_")]
    if missing := [name for name in methods if not hasattr(task, name)]:
        raise ValueError(
            f"task: {type(task).__name__} has no {truncated_list(missing)}. A task has the methods of "
            "videoai.tasks.task.Task; videoai.tasks.supervised.SupervisedTask is a base with most of them."
        )
    return with_checks(task) if isinstance(node, Mapping) and "_target_" in node else task


def suiting(manifest: Manifest) -> dict[str, Any]:
    """The task that ``auto`` means."""
    return completed({"name": "multi_label" if manifest.is_multi_label else "classify"})


def completed(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node with every option of its task, as older checkpoints do not have them."""
    described = OPTIONS.get(str(node.get("name"))) if "_target_" not in node else None
    return {**(default_values(described) if described else {}), **node}


def node_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """The task of a checkpoint; those before there was such a setting carry a flag."""
    node = state["config"].get("task") or ("multi_label" if state.get("multi_label") else "classify")
    return {"name": node} if isinstance(node, str) else dict(node)


def task_of(state: Mapping[str, Any], *, trust: Sequence[str] = ()) -> Task:
    """The task of a checkpoint. A checkpoint is untrusted data: code from outside needs ``trust=package``."""
    return build_task(node_of(state), trust=trust)
