"""What the methods of a task of the user's own return is checked where it is returned: an error then names the method,
and not a place of ours that could not use the value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from numbers import Real
from os.path import basename
from typing import Any

import torch
from torch import Tensor

from videoai.report.page.summary import Summary
from videoai.report.result_files import Report
from videoai.settings.training import RunSettings
from videoai.tasks.task import Metric, Task


def with_checks(task: Task) -> Task:
    """The task, whose methods check what they return. Raises: ValueError: ``metrics`` or ``evaluations`` are wrong."""
    name = type(task).__name__
    metrics, evaluations = getattr(task, "metrics", None), getattr(task, "evaluations", None)
    if not isinstance(metrics, Mapping) or not metrics or not all(isinstance(m, Metric) for m in metrics.values()):
        raise ValueError(f"task: {name}.metrics is {metrics!r}: give a dict, name -> Metric of videoai.tasks.task.")
    if not isinstance(evaluations, int) or evaluations < 1:
        raise ValueError(f"task: {name}.evaluations is {evaluations!r}: give a whole number from 1 up.")
    for method, (is_right, wanted) in RETURNS.items():
        if hasattr(task, method):
            object.__setattr__(task, method, _checked(getattr(task, method), task, method, is_right, wanted))
    return task


def _checked(
    method: Callable[..., Any], task: Task, name: str, is_right: Callable[[Any, Task], bool], wanted: str
) -> Callable[..., Any]:
    where = f"task: {type(task).__name__}.{name}"

    @wraps(method)
    def checked(*args: Any, **kwargs: Any) -> Any:
        value = method(*args, **kwargs)
        if not is_right(value, task):
            raise ValueError(f"{where} returned {_shown(value)}; {wanted}.")
        if name == "target":
            return CheckedTarget(value, where)
        return CheckedLoss(value, where) if name == "loss" else value

    return checked


@dataclass(frozen=True)
class CheckedTarget:
    """A target of the user's own, as a tensor. Travels to workers, so it pickles."""

    target: Callable[..., Any]
    where: str

    def __call__(self, labels: Sequence[int], *unknown: Sequence[int]) -> Tensor:
        """Raises: ValueError: what it gives is no number and no tensor."""
        value = self.target(labels, *unknown)
        try:
            return torch.as_tensor(value).detach()
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"{self.where}: the target of {list(labels)} is {_shown(value)}; give a tensor."
            ) from error


@dataclass(frozen=True)
class CheckedLoss:
    """A criterion of the user's own."""

    criterion: Callable[[Tensor, Any], Any]
    where: str

    def __call__(self, outputs: Tensor, targets: Any) -> Tensor:
        """Raises: ValueError: what it gives is no loss that can be learned from."""
        loss = self.criterion(outputs, targets)
        if not isinstance(loss, Tensor) or loss.ndim or loss.requires_grad != outputs.requires_grad:
            raise ValueError(
                f"{self.where}: the loss is {_shown(loss)}; give a scalar tensor that depends on the outputs."
            )
        return loss


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor {value.dtype} {list(value.shape)}{'' if value.requires_grad else ' without gradient'}"
    text = repr(value)
    return text if len(text) < 80 else f"a {type(value).__name__}"


def _are_names(value: Any, task: Task) -> bool:
    is_list = isinstance(value, list | tuple) and bool(value)
    return is_list and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


def _are_numbers(value: Any, task: Task) -> bool:
    return isinstance(value, Mapping) and all(_is_scalar(number) for number in value.values())


def _is_scalar(value: Any) -> bool:
    return value.ndim == 0 if isinstance(value, Tensor) else isinstance(value, Real)


def _measures(value: Any, task: Task) -> bool:
    return _are_numbers(value, task) and {*task.metrics} <= {*value}


def _is_report(value: Any, task: Task) -> bool:
    if not isinstance(value, Report) or not isinstance(value.results, Mapping) or not isinstance(value.files, Mapping):
        return False
    named = all(isinstance(name, str) and basename(name) == name for name in value.files)
    return named and all(isinstance(data, bytes) for data in value.files.values()) and "split" in value.results


def _are_rows(value: Any, task: Task) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(row, list | tuple) and len(row) == 2 and all(isinstance(cell, str) for cell in row) for row in value
    )


# method -> whether the value is right, and what is wanted
RETURNS: dict[str, tuple[Callable[[Any, Task], bool], str]] = {
    "resolve": (lambda value, task: isinstance(value, RunSettings), "return the settings"),
    "outputs": (_are_names, "return a list of different names, one for each output of the model"),
    "target": (lambda value, task: callable(value), "return what turns the labels of a clip into a target"),
    "resolve_metric": (lambda value, task: value in task.metrics, "return a key of metrics"),
    "loss": (lambda value, task: callable(value), "return what turns outputs and targets into a scalar"),
    "batch_metrics": (_are_numbers, "return a dict, name -> scalar"),
    "activated": (lambda value, task: isinstance(value, Tensor), "return a tensor"),
    "scores": (lambda value, task: isinstance(value, Tensor) and value.ndim == 2, "return scores [N, K]"),
    "view_loss": (lambda value, task: _is_scalar(value), "return a scalar"),
    "measure": (_measures, "return a dict with a number for each of metrics"),
    "figures": (lambda value, task: isinstance(value, Mapping), "return a dict, name -> a function that draws"),
    "caption": (lambda value, task: isinstance(value, str), "return a text"),
    "report": (_is_report, "return a Report(results of evaluated.results(), files: plain name -> bytes)"),
    "is_right": (
        lambda value, task: value is None or (isinstance(value, Tensor) and value.dtype == torch.bool),
        "return bool [N], or None where no answer is right or wrong",
    ),
    "summary": (lambda value, task: isinstance(value, Summary), "return a Summary of videoai.report.page.summary"),
    "table": (_are_rows, "return rows of two texts: name, value"),
    "answer": (
        lambda value, task: callable(getattr(value, "to_dict", None)) and callable(getattr(value, "captions", None)),
        "return an object with to_dict() and captions()",
    ),
}
