import multiprocessing
import signal

import pytest

from videoai.data.spawned import SpawnContext


def blocked_signals(pipe) -> None:
    pipe.send(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))


def test_a_worker_gets_no_signal_that_is_for_its_parent_from_its_first_moment_on():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    ours, theirs = multiprocessing.Pipe()
    process = SpawnContext().Process(target=blocked_signals, args=(theirs,))
    process.start()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert ours.poll(60)
    assert {signal.SIGINT, signal.SIGTERM} <= set(ours.recv())
    process.join(60)
    assert process.exitcode == 0


def test_what_does_not_pickle_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="nvdec: workers .* does not pickle .*lambda.*or use decoder=pyav"):
        SpawnContext().Process(target=print, args=(lambda video: video,)).start()
