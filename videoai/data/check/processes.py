"""Files examined in processes of their own: a decoder that crashes or hangs takes one file with it, not the check."""

import multiprocessing
import time
from collections.abc import Callable, Generator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection

from videoai.data.check.examine import Examined, examine


class _Worker:
    """One process and the file it is at."""

    def __init__(self, look: Callable[[str], Examined]) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit this process's threads and locks
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=_serve, args=(there, look), daemon=True)
        self.process.start()
        there.close()
        self.path, self.deadline = "", float("inf")

    def give(self, path: str, seconds: float) -> None:
        self.path, self.deadline = path, time.monotonic() + seconds
        self.pipe.send(path)

    def take(self) -> Examined:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return Examined(self.path, "crash", f"the decoder's process ended with code {self.process.exitcode}")

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def examine_all(
    paths: Sequence[str],
    *,
    num_workers: int,
    seconds_per_file: float,
    look: Callable[[str], Examined] = examine,
) -> Generator[Examined, None, None]:
    """One answer a path, in the order in which they are ready.

    Args:
        seconds_per_file: a file that takes longer is called ``timeout``, and its process is ended.
    """
    waiting = list(reversed(paths))
    workers = [_Worker(look) for _ in range(min(num_workers, len(paths)))]
    try:
        for worker in workers:
            worker.give(waiting.pop(), seconds_per_file)
        while workers:
            for worker in _ready(workers):
                late = worker.deadline <= time.monotonic() and not worker.pipe.poll()
                answer = Examined(worker.path, "timeout", f"after {seconds_per_file:g} s") if late else worker.take()
                yield answer
                workers.remove(worker)
                if late or answer.reason == "crash":
                    worker.end()
                    worker = _Worker(look) if waiting else worker
                if waiting:
                    workers.append(worker)
                    worker.give(waiting.pop(), seconds_per_file)
                else:
                    worker.end()
    finally:
        for worker in workers:
            worker.end()


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Those that answered, died or are late; waits for one."""
    first = min(worker.deadline for worker in workers)
    answered: list[Connection | object] = list(
        connection.wait([worker.pipe for worker in workers], timeout=max(0.0, first - time.monotonic()))
    )
    now = time.monotonic()
    return [worker for worker in workers if worker.pipe in answered or worker.deadline <= now]


def _serve(pipe: Connection, look: Callable[[str], Examined]) -> None:
    import torch

    torch.set_num_threads(1)
    while True:
        try:
            pipe.send(look(pipe.recv()))
        except EOFError:  # the check has ended
            return
