"""Work in processes of its own: what crashes or hangs takes one task with it, not the run."""

import math
import os
import socket
import subprocess
import sys
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


START = "import sys; sys.path[:] = sys.argv[3:]; from videoai.data.isolation import serve; serve(*sys.argv[1:3])"


class Worker(Generic[Task, Answer]):
    """One process and the task it is at.

    Not one of multiprocessing's, which lets its own have none, and a loader's are its own. No fork either, which would
    inherit threads and their locks. In a session of its own, so that Ctrl-C is this process's to answer.
    """

    def __init__(self, work: Callable[[Task], Answer]) -> None:
        """``work`` and its answers must pickle."""
        here, there = socket.socketpair()
        self.pipe = Connection(here.detach())
        with there:
            numbers = [str(there.fileno()), str(os.getpid())]
            command = [sys.executable, "-c", START, *numbers, *sys.path]
            self.process = subprocess.Popen(
                command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.pipe.send(work)

    def ask(self, task: Task, seconds: float) -> Answer | Death:
        """Raises: what the work raised."""
        try:
            self.give(task, seconds)
        except OSError:  # it has ended since the last task
            return Death("crash", f"its process ended with code {self.process.wait()}")
        self.pipe.poll(seconds)
        return self.take()

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
            return Death("crash", f"its process ended with code {self.process.wait()}")
        if isinstance(answer, _Raised):
            raise answer.error
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
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
    workers: list[Worker[Task, Answer]] = [Worker(work) for _ in range(min(num_workers, len(waiting)))]
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
                    worker = Worker(work) if waiting else None
                    workers += [worker] if worker else []
                if worker:
                    worker.give(waiting.popleft(), seconds)
    finally:
        for worker in workers:
            worker.end()


def _ready(workers: Sequence[Worker[Any, Any]]) -> list[Worker[Any, Any]]:
    """Those that answered, died or are late; waits for one."""
    first = min(worker.deadline for worker in workers)
    left = None if first == math.inf else max(0.0, first - time.monotonic())
    answered = connection.wait([worker.pipe for worker in workers], timeout=left)
    now = time.monotonic()
    return [worker for worker in workers if worker.pipe in answered or worker.deadline <= now]


def serve(descriptor: str, parent: str) -> None:
    """What the other process does: takes the work, then tasks, until the socket with this number is closed."""
    threading.Thread(target=_end_with, args=[int(parent)], daemon=True).start()
    import torch

    torch.set_num_threads(1)
    pipe = Connection(int(descriptor))
    work = pipe.recv()
    while True:
        try:
            task = pipe.recv()
        except EOFError:  # the caller has ended
            return
        try:
            pipe.send(work(task))
        except Exception as error:
            pipe.send(_Raised(error))


def _end_with(parent: int) -> None:
    """However it ends, and whatever this process is at."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
