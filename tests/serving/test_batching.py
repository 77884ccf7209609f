"""One forward pass for several requests."""

import threading

import pytest
import torch

from videoai.serving.batching import Batcher


def windows(number: int, value: float) -> torch.Tensor:
    return torch.full((number, 1), value)


class Held:
    """Scores each window by its value, once it is let go."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.started, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, clips: torch.Tensor, sounds: torch.Tensor | None) -> torch.Tensor:
        self.started.release()
        assert self.go.wait(10)
        self.sizes.append(len(clips))
        if (clips < 0).any():
            raise ValueError("no numbers")
        return clips if sounds is None else clips + sounds


def test_windows_that_wait_are_scored_together_and_each_request_gets_its_own():
    held = Held()
    batcher = Batcher(held, max_batch=8)
    first = batcher.submit(windows(1, 1), None)
    held.started.acquire()
    others = [batcher.submit(windows(3, value), windows(3, 10)) for value in (2, 3, 4)]
    held.go.set()
    assert first.result(10).tolist() == [[1]]
    assert [one.result(10).tolist() for one in others] == [[[12]] * 3, [[13]] * 3, [[14]] * 3]
    batcher.close()
    assert held.sizes == [1, 6, 3]  # 9 would be more than 8


def test_who_decodes_waits_while_much_is_waiting():
    held = Held()
    batcher = Batcher(held, max_batch=8)
    batcher.submit(windows(8, 1), None)
    held.started.acquire()
    batcher.submit(windows(8, 1), None)
    batcher.submit(windows(8, 1), None)
    late: list[torch.Tensor] = []
    waiting = threading.Thread(target=lambda: late.append(batcher.submit(windows(8, 2), None).result(10)))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive() and batcher.num_waiting == 16
    held.go.set()
    waiting.join(10)
    assert late[0].tolist() == [[2]] * 8
    batcher.close()


def test_a_pass_that_fails_fails_those_in_it_alone():
    held = Held()
    held.go.set()
    batcher = Batcher(held, max_batch=8)
    with pytest.raises(ValueError, match="no numbers"):
        batcher.submit(windows(8, -1), None).result(10)
    assert batcher.submit(windows(1, 1), None).result(10).tolist() == [[1]]
    batcher.close()


def test_a_client_that_left_costs_no_pass_and_the_end_leaves_nobody_waiting():
    held = Held()
    batcher = Batcher(held, max_batch=8)
    batcher.submit(windows(8, 1), None)
    held.started.acquire()
    gone, kept = batcher.submit(windows(4, 2), None), batcher.submit(windows(4, 3), None)
    gone.cancel()
    held.go.set()
    assert kept.result(10).tolist() == [[3]] * 4
    batcher.close()
    assert held.sizes == [8, 4]
    with pytest.raises(RuntimeError, match="closed"):
        batcher.submit(windows(1, 1), None)
