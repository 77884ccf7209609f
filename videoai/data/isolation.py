"""Work in processes of its own: what crashes or hangs takes one task with it, not the run."""

import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, Generic, Literal, NamedTuple, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Death(NamedTuple):
    """What became of a task that took its process with it, or that took too long."""

    reason: Literal["crash", "timeout"]
    detail: str


class _Raised(NamedTuple):
    """An exception of the work itself: the caller's to handle."""

    error: Exception


class _Worker(Generic[Task, Answer]):
    """One process and the task it is at."""

    def __init__(self, work: Callable[[Task], Answer]) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit this process's threads and their locks
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=_serve, args=(there, work), daemon=True)
        self.process.start()
        there.close()

    def give(self, task: Task, seconds: float) -> None:
        self.task, self.seconds, self.deadline = task, seconds, time.monotonic() + seconds
        self.pipe.send(task)

    def take(self) -> Answer | Death:
        """Raises: what the work raised."""
        if self.deadline <= time.monotonic() and not self.pipe.poll():
            return Death("timeout", f"after {self.seconds:g} s")
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return Death("crash", f"its process ended with code {self.process.exitcode}")
        if isinstance(answer, _Raised):
            raise answer.error
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def isolated(
    tasks: Iterable[Task], work: Callable[[Task], Answer], *, num_workers: int, seconds: float = math.inf
) -> Generator[tuple[Task, Answer | Death], None, None]:
    """``(task, work(task))``, or the task and its Death, in the order in which they are ready.

    Args:
        work: runs in another process, with one thread for torch; it and its answers must pickle.
        num_workers: processes; 0 = this one, which nothing then protects.
        seconds: a task that takes longer is given up, and its process ended.
    Raises: what ``work`` raises.
    """
    waiting = deque(tasks)
    if num_workers == 0:
        yield from ((task, work(task)) for task in waiting)
        return
    workers: list[_Worker[Task, Answer]] = [_Worker(work) for _ in range(min(num_workers, len(waiting)))]
    try:
        for worker in workers:
            worker.give(waiting.popleft(), seconds)
        while workers:
            for worker in _ready(workers):
                answer = worker.take()
                yield worker.task, answer
                if isinstance(answer, Death) or not waiting:
                    workers.remove(worker)
                    worker.end()
                    worker = _Worker(work) if waiting else None
                    workers += [worker] if worker else []
                if worker:
                    worker.give(waiting.popleft(), seconds)
    finally:
        for worker in workers:
            worker.end()


def _ready(workers: Sequence[_Worker[Any, Any]]) -> list[_Worker[Any, Any]]:
    """Those that answered, died or are late; waits for one."""
    first = min(worker.deadline for worker in workers)
    left = None if first == math.inf else max(0.0, first - time.monotonic())
    answered = connection.wait([worker.pipe for worker in workers], timeout=left)
    now = time.monotonic()
    return [worker for worker in workers if worker.pipe in answered or worker.deadline <= now]


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            task = pipe.recv()
        except EOFError:  # the caller has ended
            return
        try:
            pipe.send(work(task))
        except Exception as error:
            pipe.send(_Raised(error))


def _end_with_parent() -> None:
    """However it ends: a killed parent closes nothing in an orderly way."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
