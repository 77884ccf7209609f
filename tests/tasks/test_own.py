"""A task of the user's own whose methods return what cannot be used: the error names the method."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from videoai.core.types import VideoItem
from videoai.report.result_files import Report
from videoai.tasks import build_task
from videoai.tasks.classify import Classify
from videoai.tasks.own import RETURNS, CheckedLoss, CheckedTarget
from videoai.tasks.task import Metric

GIVEN: dict[str, Any] = {}  # what the methods of Own return


class Own(Classify):
    """Returns what a test wants."""

    metrics = property(lambda self: GIVEN.get("metrics", {"top1": Metric("top-1")}))  # pyright: ignore
    evaluations = property(lambda self: GIVEN.get("evaluations", 3))  # pyright: ignore


for method in RETURNS:
    setattr(Own, method, lambda self, *args, method=method: GIVEN[method])
NODE = {"_target_": f"{__name__}.Own"}


@pytest.mark.parametrize(
    ("method", "value"),
    [
        *[("outputs", value) for value in ("value", [], ["a", "a"], [1], None)],
        *[("target", None), ("loss", None), ("resolve_metric", "nope"), ("resolve", None), ("figures", None)],
        *[("batch_metrics", value) for value in (None, 0.5, {"acc": torch.zeros(3)})],
        *[("activated", None), ("scores", None), ("scores", torch.zeros(3)), ("view_loss", torch.zeros(2))],
        *[("measure", value) for value in (None, {}, {"mae": 1.0}, {"top1": "high"}, {"top1": None})],
        *[("report", value) for value in (None, {}, Report({"top1": 1}, {}), Report({"split": "val"}, {"a": "text"}))],
        ("report", Report({"split": "val"}, {"../escaped.txt": b""})),
        *[("table", value) for value in (None, [("top1", 1.0)], {"top1": "1"})],
        *[("answer", value) for value in (None, {}, SimpleNamespace(to_dict=dict))],
    ],
)
def test_a_method_that_returns_something_else_is_named(method, value):
    task = build_task(NODE)
    GIVEN[method] = value
    with pytest.raises(ValueError, match=rf"task: Own\.{method} returned .*; return "):
        getattr(task, method)()


@pytest.mark.parametrize(
    ("name", "value"),
    [("metrics", {}), ("metrics", None), ("metrics", {"mae": "MAE"}), ("evaluations", 0), ("evaluations", "many")],
)
def test_metrics_and_evaluations_are_checked_at_once(name, value):
    GIVEN[name] = value
    with pytest.raises(ValueError, match=rf"task: Own\.{name} is "):
        build_task(NODE)
    GIVEN.clear()


@pytest.mark.parametrize("value", [None, "text", {}, [torch.zeros(2), torch.zeros(3)]])
def test_a_target_that_is_no_tensor_names_its_clip(value):
    with pytest.raises(ValueError, match=r"Own.target: the target of x.mp4 is"):
        CheckedTarget(lambda item, seconds: value, "task: Own.target")(VideoItem("x.mp4", 1), ())


def test_a_target_has_no_gradient():
    target = CheckedTarget(lambda item, seconds: torch.tensor(2.0, requires_grad=True), "task: Own.target")
    assert not target(VideoItem("x.mp4", 1), ()).requires_grad


@pytest.mark.parametrize("loss", [None, 0.5, (1,), torch.zeros(2, requires_grad=True), torch.zeros(())])
def test_a_loss_that_cannot_be_learned_from_is_refused(loss):
    with pytest.raises(ValueError, match=re.escape("Own.loss: the loss is ")):
        CheckedLoss(lambda outputs, targets: loss, "task: Own.loss")(torch.zeros(2, requires_grad=True), None)


def test_what_is_right_passes_and_tasks_of_this_project_are_left_alone():
    task = build_task(NODE)
    GIVEN.update(outputs=["a", "b"], measure={"top1": 0.5}, table=[("top-1", "50 %")])
    assert (task.outputs(), task.measure(), task.table()) == (["a", "b"], {"top1": 0.5}, [("top-1", "50 %")])
    assert "measure" not in vars(build_task("classify"))
