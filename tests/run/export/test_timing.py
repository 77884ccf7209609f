"""Two networks are timed in turns, for one clip."""

import time

import torch

from videoai.run.export import timing


class Sleeps(torch.nn.Module):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.calls = seconds, 0

    def forward(self, video):
        self.calls += 1
        time.sleep(self.seconds)
        return video


def test_the_slower_one_takes_longer_and_both_are_called_as_often(monkeypatch):
    monkeypatch.setattr(timing, "SECONDS", 0.1)
    fast, slow = Sleeps(0.001), Sleeps(0.02)
    found = timing.milliseconds({"fast": fast, "slow": slow}, torch.zeros(1))
    assert 1 <= found["fast"] < found["slow"]
    assert fast.calls == slow.calls > 2
