from contextlib import contextmanager

import pytest
import torch

from videoai.core.types import Clips, Op
from videoai.data.augment.operations import apply_ops, arrange
from videoai.data.prefetch import prefetch, sent

CPU = torch.device("cpu")


def clips(number: int) -> Clips:
    video = torch.full((3, 2, 3, 4, 4), number, dtype=torch.uint8)
    zeros = torch.zeros(3, dtype=torch.int64)
    turns = arrange([(Op("invert"),), (), (Op("brightness", (0.5,)),)], (4, 4))
    return Clips(video, zeros, torch.arange(3), zeros, [""] * 3, turns)


def test_where_nothing_is_sent_the_batches_themselves_are_returned():
    batches = iter([clips(0)])
    assert prefetch(batches, CPU) is batches


def test_the_training_stream_waits_for_the_copy_and_holds_its_memory(monkeypatch):
    """The order of calls; without a GPU the streams are stand-ins."""
    calls = []

    class Stream:
        def wait_stream(self, other):
            calls.append(("wait", other))

    side, training = Stream(), Stream()

    @contextmanager
    def on(stream):
        calls.append(("on", stream))
        yield
        calls.append(("off", stream))

    monkeypatch.setattr(torch.cuda, "stream", on)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: training)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda part, stream: calls.append(("hold", part, stream)))
    done = sent(clips(100), CPU, side)  # pyright: ignore[reportArgumentType]
    assert calls[:3] == [("on", side), ("off", side), ("wait", side)]
    assert [(part is held, stream) for part, (_, held, stream) in zip(done[:2], calls[3:], strict=True)] == [
        (True, training)
    ] * 2
    assert done.video[:, 0, 0, 0, 0].tolist() == [155, 100, 50]
    assert not done.ops


@pytest.mark.gpu
def test_a_gpu_gets_the_clips_that_a_cpu_makes_one_level_of_rounding_apart():
    batches = [clips(number) for number in range(20)]
    for ours, theirs in zip(prefetch(iter(batches), torch.device("cuda")), batches, strict=True):
        assert ours.video.is_cuda and ours.label.is_cuda and not ours.index.is_cuda
        differ = ours.video.cpu().int() - apply_ops(theirs).video.int()
        assert differ.abs().max() <= 1
