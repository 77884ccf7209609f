import math
import re
from itertools import pairwise

import pytest

from videoai.engine.schedule import Schedule, checked_schedule, lr_factor


def test_cosine_warms_up_then_falls_to_its_end():
    factors = [lr_factor(s, total_steps=100, warmup_steps=10, final_factor=0.1) for s in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1.0
    assert all(a >= b for a, b in pairwise(factors[10:]))
    assert factors[55] == pytest.approx(0.55)  # half way from 10 to 100, half way from 1 to 0.1
    assert factors[100] == pytest.approx(0.1)
    schedule = Schedule(total_steps=100, warmup=0.1, final_factor=0.1)
    assert [schedule(s) for s in range(101)] == factors


def test_what_is_left_out_is_a_cosine_to_zero_without_warmup_and_drops_by_ten():
    half = 0.5 * (1 + math.cos(math.pi / 4))
    assert [lr_factor(s, total_steps=4) for s in range(5)] == pytest.approx([1, half, 0.5, 1 - half, 0])
    assert [lr_factor(s, total_steps=4, name="step") for s in range(4)] == pytest.approx([1, 1, 0.1, 0.01])
    assert [lr_factor(s, total_steps=0) for s in range(2)] == [1, 0]


def test_step_drops_at_its_milestones():
    schedule = Schedule(total_steps=100, name="step", warmup=0.0, milestones=(0.4, 0.75), gamma=0.2)
    assert [round(schedule(s), 6) for s in (0, 39, 40, 74, 75, 99)] == [1, 1, 0.2, 0.2, 0.04, 0.04]


def test_constant_stays():
    assert {Schedule(total_steps=9, name="constant", warmup=0.0)(s) for s in range(9)} == {1.0}


@pytest.mark.parametrize(
    ("wrong", "message"), [({"name": "linear"}, "unknown name 'linear'"), ({"warmup": 1.5}, "schedule.warmup")]
)
def test_wrong_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Schedule(total_steps=10, **wrong)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (lambda step: None, "mine.curve gave None for step 0"),
        (lambda step: -1.0, "gave -1.0 for step 0 of 10; give a factor of the rate from 0 up"),
        (lambda step: 1 - step / 5, "gave -0.8 for step 9 of 10"),
        (lambda step: 1 if step != 3 else -1, "gave -1 for step 3 of 10"),
        (lambda step: math.nan, "gave nan for step 0"),
        (lambda step, more: 1.0, "is called with a step, which it does not take: missing a required argument: 'more'"),
        (3, "is called with a step, which it does not take: 3 is not a callable object"),
    ],
)
def test_a_schedule_of_ones_own_gives_a_factor_for_a_step(schedule, message):
    assert checked_schedule(lambda step: 0.5, "mine.curve", 10)(3) == 0.5
    with pytest.raises(ValueError, match=re.escape(message)):
        checked_schedule(schedule, "mine.curve", 10)(3)
