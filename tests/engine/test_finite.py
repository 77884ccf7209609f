import math

import torch

from tests.engine.conftest import clips_at
from videoai.engine.finite import Finiteness


def noted(*losses: float) -> Finiteness:
    finite = Finiteness()
    for step, loss in enumerate(losses, 1):
        finite.note(step, {"loss": torch.tensor(loss), "grad_norm": torch.tensor(1.0)}, [clips_at(step), clips_at(0)])
    return finite


def test_the_first_broken_step_is_named_with_its_videos():
    assert noted(1.0, math.inf, math.nan).first_broken() == (
        "step 2: loss is inf (training videos number [0, 1, 2, 3])."
    )


def test_steps_are_read_once_and_finite_ones_are_nothing_to_say():
    finite = noted(1.0, math.nan)
    assert finite.first_broken() is not None
    assert finite.first_broken() is None
    assert noted(1.0, -2.0).first_broken() is None
