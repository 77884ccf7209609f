"""What the study of network families refuses before it trains."""

import pytest

from videoai.run.study.architectures import check_task


@pytest.mark.parametrize("name", ["regression", "ordinal", "multi_head"])
def test_a_task_without_uar_is_refused_by_its_name(name):
    with pytest.raises(ValueError, match=f"task={name}: the study compares networks by UAR.* Take task=classify"):
        check_task({"name": name})


@pytest.mark.parametrize("task", [{"name": "auto"}, {"name": "classify"}, {"_target_": "own.Task"}])
def test_classes_and_tasks_of_ones_own_are_let_through(task):
    check_task(task)
