import math

import pytest
import torch
from torch import nn

from videoai.engine.average import Average


def after_updates_by_one(**options) -> float:
    """The first weight is 0, then ten updates see 1."""
    model = nn.Linear(1, 1, bias=False)
    average = Average(model, decay=0.99, **options)
    for value in (0.0, *[1.0] * 10):
        with torch.no_grad():
            model.weight.fill_(value)
        average.update()
    return average.module.weight.item()


def test_a_plain_average_holds_on_to_the_first_weights():
    assert after_updates_by_one() == pytest.approx(1 - 0.99**10, abs=1e-5)


def test_a_memory_that_ramps_up_leaves_the_first_weights_behind():
    product = math.prod((1 + n) / (10 + n) for n in range(1, 11))
    assert after_updates_by_one(ramp_up=True) == pytest.approx(1 - product, abs=1e-5)
    assert product < 0.01


def test_without_a_decay_the_module_itself_is_evaluated_and_nothing_is_stored():
    model = nn.Linear(2, 2)
    average = Average(model)
    average.update()
    assert average.module is model
    assert average.state_dict() is None
    average.load_state_dict(None)


def test_batch_norms_statistics_are_averaged_too():
    model = nn.BatchNorm3d(1)
    average = Average(model, decay=0.5)
    for value in (0.0, 1.0):
        model.running_mean.fill_(value)
        average.update()
    assert average.module.running_mean.item() == 0.5


def test_what_was_stored_goes_on_as_if_never_stopped():
    model = nn.Linear(1, 1)
    first, second = Average(model, decay=0.9), Average(model, decay=0.9)
    first.update()
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        model.weight.add_(1)
    first.update()
    second.update()
    assert torch.equal(first.module.weight, second.module.weight)
    with pytest.raises(RuntimeError, match="Missing key"):
        second.load_state_dict(None)
