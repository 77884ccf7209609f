import signal

import pytest

from videoai.engine.interrupt import Interrupted
from videoai.run.training.fit import finished


def test_a_signal_in_the_last_step_of_one_of_several_runs_ends_them_all():
    done = {"received": signal.SIGTERM, "run_dir": "runs/a", "checkpoint": "best.pt"}
    with pytest.raises(Interrupted, match="SIGTERM: runs/a is done. The same command goes on behind it") as caught:
        finished(done)
    assert caught.value.exit_code == 75


def test_without_a_signal_there_is_the_checkpoint():
    assert finished({"received": 0, "run_dir": "runs/a", "checkpoint": "best.pt"}) == "best.pt"
