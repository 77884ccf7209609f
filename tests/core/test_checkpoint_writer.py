import copy
import io
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from videoai.core.checkpoint import load
from videoai.core.checkpoint_writer import CheckpointWriter, on_host


def test_the_copy_is_written_as_the_original_and_does_not_change_with_it():
    model = nn.Sequential(nn.Conv3d(3, 4, 1), nn.BatchNorm3d(4))
    model[0].weight.data = model[0].weight.data.contiguous(memory_format=torch.channels_last_3d)
    shared = torch.arange(6.0)
    state = {"step": 1, "model": model.state_dict(), "groups": [{"lr": 0.1}], "views": (shared[:2], shared[2:])}
    copied = on_host(state)
    assert serialised(copied) == serialised(state)  # also strides, shared storages and the versions of modules
    before = serialised(state)
    with torch.no_grad():
        shared.zero_()
        model[0].weight.zero_()
    state["groups"][0]["lr"] = 0.2
    assert serialised(copied) == before


def serialised(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_a_second_checkpoint_waits_for_the_first():
    order, finish = [], threading.Event()

    def write(name, state):
        if state["step"] == 1:
            finish.wait(timeout=60)
        order.append((name, state["step"]))

    with CheckpointWriter(write) as writer:
        writer.submit(["best", "last"], {"step": 1})
        assert (order, writer.saved_step) == ([], 0)
        threading.Timer(0.1, finish.set).start()
        writer.submit(["last"], {"step": 2})
        assert order[:2] == [("best", 1), ("last", 1)]
        assert writer.saved_step >= 1
    assert order[2:] == [("last", 2)]
    assert writer.saved_step == 2


def test_what_the_thread_raises_is_raised_once_where_training_is():
    writer = CheckpointWriter(refuse)
    writer.submit(["last"], {"step": 1})
    with pytest.raises(OSError, match="no room"):
        writer.wait()
    writer.wait()
    assert writer.saved_step == 0


def test_another_error_is_not_hidden_by_one_of_the_thread(caplog):
    def train() -> None:
        with CheckpointWriter(refuse) as writer:
            writer.submit(["last"], {"step": 1})
            raise ValueError("loss is nan")

    with pytest.raises(ValueError, match="loss is nan"):
        train()
    assert "the newest checkpoint could not be written: no room" in caplog.text


def refuse(name: str, state: dict) -> None:
    raise OSError("no room")


def test_a_checkpoint_of_another_process_is_not_copied(monkeypatch):
    monkeypatch.setattr(copy, "copy", None)
    writer = CheckpointWriter(None)
    writer.submit(["last"], {"step": 3, "model": {"w": torch.zeros(1)}})
    assert writer.saved_step == 3


PROGRAM = """
import sys, itertools, pathlib, torch
from videoai.core import checkpoint
from videoai.core.checkpoint_writer import CheckpointWriter
path = pathlib.Path(sys.argv[1])
state = {"format": 1, "config": {}, "classes": [], "clip": {}, "model": {"w": torch.zeros(5_000_000)}}
writer = CheckpointWriter(lambda name, state: checkpoint.save(path, state))
for step in itertools.count(1):
    state["model"]["w"].fill_(step)
    writer.submit(["last"], {**state, "step": step})
    if step > 1:
        print(writer.saved_step, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.03, 0.05])  # seconds; to write takes about as long
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint_no_older_than_the_step_that_was_named(delay, tmp_path):
    program = [sys.executable, "-c", PROGRAM, str(tmp_path / "last.pt")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        named = [int(process.stdout.readline()) for _ in range(3)]
        time.sleep(delay)
        process.kill()
        named += [int(line) for line in process.stdout]
    state = load(tmp_path / "last.pt")
    assert state["step"] >= max(named)
    assert torch.all(state["model"]["w"] == state["step"])


@pytest.mark.gpu
def test_a_copy_from_a_gpu_is_pinned_and_complete_before_the_next_step():
    weight = torch.ones(10_000_000, device="cuda")
    copied = on_host({"step": 1, "model": {"w": weight, "part": weight[5:]}})["model"]
    weight.zero_()
    assert copied["w"].is_pinned() and bool((copied["w"] == 1).all())
    assert copied["part"].untyped_storage()._cdata == copied["w"].untyped_storage()._cdata
