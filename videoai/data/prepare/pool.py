"""Runs jobs side by side. A job that kills its process costs that job, not the run."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process

from videoai.data.prepare.jobs import Done, Job

Make = Callable[[Job], Done]


def run_jobs(jobs: Iterable[Job], make: Make, give_up: Make, num_workers: int) -> Iterator[Done]:
    """Outcomes as they come, in no order.

    Args:
        make: runs in another process, so it must pickle.
        give_up: answers, in this process, for a job that twice took its process with it.
        num_workers: processes; 0 = this one.
    """
    if num_workers == 0:
        yield from map(make, jobs)
        return
    rest = deque(jobs)
    while rest:
        suspects = deque((yield from _until_a_death(rest, make, num_workers, ahead=2 * num_workers)))
        while suspects:  # one at a time, so that the one that was running is the one to blame
            for job in (yield from _until_a_death(suspects, make, 1, ahead=1)):
                yield give_up(job)


def _until_a_death(rest: deque[Job], make: Make, num_workers: int, *, ahead: int) -> Generator[Done, None, list[Job]]:
    """Works ``rest`` off, ``ahead`` jobs handed out at a time. Returns those that were when a process died, or none."""
    # spawn, not fork: the caller may have threads running (torch does), and a fork would inherit their locks.
    pool = ProcessPoolExecutor(num_workers, mp_context=get_context("spawn"), initializer=_begin)
    running: dict[Future[Done], Job] = {}
    try:
        while rest or running:
            while rest and len(running) < ahead:
                running[pool.submit(make, rest[0])] = rest[0]
                rest.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done = future.result()
                del running[future]
                yield done
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(cancel_futures=True)
    return []


def _begin() -> None:
    """In each process: leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
