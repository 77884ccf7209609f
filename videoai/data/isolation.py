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


class WorkerFailure(NamedTuple):
    """The failure of a task that crashed its process, or that took too long."""

    reason: Literal["crash", "timeout"]
    detail: str


class _Raised(NamedTuple):
    """An exception of the work itself: the caller's to handle."""

    error: Exception


START = "import sys; sys.path[:] = sys.argv[3:]; from videoai.data.isolation import serve; serve(*sys.argv[1:3])"


class Worker(Generic[Task, Answer]):
    """One process and the task that it runs.

    Not one of multiprocessing's, which lets its own have none, and a loader's are its own. No fork either, which would
    inherit threads and their locks. In a session of its own, so that Ctrl-C is this process's to answer.
    """

    def __init__(self, work: Callable[[Task], Answer]) -> None:
        """``work`` and its answers must pickle."""
        ours, theirs = socket.socketpair()
        self.pipe = Connection(ours.detach())
        with theirs:
            numbers = [str(theirs.fileno()), str(os.getpid())]
            command = [sys.executable, "-c", START, *numbers, *sys.path]
            self.process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.pipe.send(work)

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    def run(self, task: Task, seconds: float) -> Answer | WorkerFailure:
        """Raises: what the work raised."""
        try:
            self.submit(task, seconds)
        except OSError:  # it has ended since the last task
            return WorkerFailure("crash", f"its process ended with code {self.process.wait()}")
        self.pipe.poll(seconds)
        return self.result()

    def submit(self, task: Task, seconds: float) -> None:
        """Send a task; ``result`` gives it up after this many seconds."""
        self.task, self.seconds, self.deadline = task, seconds, time.monotonic() + seconds
        self.pipe.send(task)

    def result(self) -> Answer | WorkerFailure:
        """Raises: what the work raised."""
        if self.deadline <= time.monotonic() and not self.pipe.poll():
            return WorkerFailure("timeout", f"after {self.seconds:g} s")
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            return WorkerFailure("crash", f"its process ended with code {self.process.wait()}")
        if isinstance(answer, _Raised):
            raise answer.error
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.pipe.close()


def isolated(
    tasks: Iterable[Task], work: Callable[[Task], Answer], *, num_workers: int, seconds: float = math.inf
) -> Generator[tuple[Task, Answer | WorkerFailure], None, None]:
    """``(task, work(task))``, or the task and its WorkerFailure, as they are done.

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
            worker.submit(waiting.popleft(), seconds)
        while workers:
            for worker in _ready(workers):
                answer = worker.result()
                yield worker.task, answer
                if isinstance(answer, WorkerFailure) or not waiting:
                    workers.remove(worker)
                    worker.end()
                    worker = Worker(work) if waiting else None
                    workers += [worker] if worker else []
                if worker:
                    worker.submit(waiting.popleft(), seconds)
    finally:
        for worker in workers:
            worker.end()


def _ready(workers: Sequence[Worker[Any, Any]]) -> list[Worker[Any, Any]]:
    """The workers that answered, crashed or are late; waits for one."""
    first = min(worker.deadline for worker in workers)
    left = None if first == math.inf else max(0.0, first - time.monotonic())
    answered = connection.wait([worker.pipe for worker in workers], timeout=left)
    now = time.monotonic()
    return [worker for worker in workers if worker.pipe in answered or worker.deadline <= now]


def serve(descriptor: str, parent: str) -> None:
    """The loop of the other process: receive the work, then tasks, until the socket with this number is closed."""
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
    """End this process when its parent has ended, however that happened."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
