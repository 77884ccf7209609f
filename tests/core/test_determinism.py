import os

import pytest
import torch
from torch.nn import functional as F

from videoai.core.determinism import CUBLAS, determinism


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv(CUBLAS, raising=False)
    yield
    os.environ.pop(CUBLAS, None)  # set inside


def flags() -> tuple[int, bool, bool]:
    cudnn = torch.backends.cudnn
    return torch.get_deterministic_debug_mode(), cudnn.deterministic, cudnn.benchmark


@pytest.mark.parametrize(("is_wanted", "inside"), [(True, (2, True, False)), (False, (0, False, True))])
def test_every_flag_is_set_inside_and_as_before_behind_it(is_wanted, inside):
    before = flags()
    with determinism(is_wanted):
        assert flags() == inside
        assert os.environ.get(CUBLAS) == (":4096:8" if is_wanted else None)
    assert flags() == before


def unpooled() -> torch.Tensor:
    """An operation that has no deterministic implementation, not even on a CPU."""
    return F.max_unpool2d(torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1, dtype=torch.int64), 2)


def test_an_operation_without_a_deterministic_form_is_named_in_one_line():
    with (
        pytest.raises(ValueError, match="no deterministic implementation of max_unpool.*deterministic=false") as caught,
        determinism(True),
    ):
        unpooled()
    assert "\n" not in str(caught.value)
    with determinism(False):
        unpooled()


def test_another_error_stays_what_it_is():
    with pytest.raises(RuntimeError, match="must match"), determinism(True):
        torch.ones(2) + torch.ones(3)


@pytest.mark.parametrize(("given", "started"), [(None, True), (":0:0", False)])
def test_what_comes_too_late_for_cublas_is_refused(given, started, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: started)
    if given:
        monkeypatch.setenv(CUBLAS, given)
    with pytest.raises(ValueError, match="Set it in the environment and start again"), determinism(True):
        pass
    monkeypatch.setenv(CUBLAS, ":16:8")
    with determinism(True):
        assert os.environ[CUBLAS] == ":16:8"
