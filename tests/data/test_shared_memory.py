import logging
import shutil
from types import SimpleNamespace

import pytest

from videoai.core import process_group
from videoai.data.shared_memory import prefetch_factor

MB = 10**6


@pytest.fixture
def free(monkeypatch):
    """Sets the free megabytes of /dev/shm and the number of processes on the machine."""

    def set_to(megabytes: int, processes: int = 1) -> None:
        monkeypatch.setattr("os.path.isdir", lambda path: path == "/dev/shm")
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=megabytes * MB))
        monkeypatch.setattr(process_group, "local_world_size", lambda: processes)

    return set_to


@pytest.mark.parametrize(("megabytes", "processes", "prefetch"), [(200, 1, 2), (199, 1, 1), (120, 1, 1), (800, 4, 2)])
def test_workers_prepare_no_more_than_half_of_what_a_process_has_free(free, megabytes, processes, prefetch, caplog):
    free(megabytes, processes)
    caplog.set_level(logging.INFO)
    assert prefetch_factor(4, batch_bytes=10 * MB, held=2) == prefetch  # 2 x 4 + 2 or 1 x 4 + 2 batches of 10 MB
    assert bool(caplog.messages) == (prefetch == 1)


def test_too_little_shared_memory_is_refused_with_what_would_do(free):
    free(64, processes=8)
    with pytest.raises(ValueError, match=r"16 workers need 690 MB .* is 4 MB.*--ipc=host.*--shm-size 11040m"):
        prefetch_factor(16, batch_bytes=38_333_333)


def test_a_system_without_dev_shm_is_not_bounded(monkeypatch):
    monkeypatch.setattr("os.path.isdir", lambda path: False)
    assert prefetch_factor(64, batch_bytes=10**12) == 2
