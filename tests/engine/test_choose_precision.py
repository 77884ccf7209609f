import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from videoai.engine.choose_precision import (
    Choice,
    candidates,
    choose_fastest,
    gradient_error_on,
    is_convolutional,
    probe,
    resolve_precision,
    threads_for,
)
from videoai.engine.precision import Precision

CPU = torch.device("cpu")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv3d(3, 8, 3), nn.BatchNorm3d(8), nn.Linear(8, 4)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(video)).mean((2, 3, 4)))


VIDEO = torch.randn(4, 3, 6, 12, 12, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def threads() -> Iterator[int]:
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


def test_the_probe_leaves_model_and_random_state_alone():
    model = Net()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    rows = probe(candidates("auto", "auto", CPU), model, VIDEO, 4)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert (rows[0].name, rows[0].layout, rows[0].disagreement) == ("fp32", "contiguous", 0.0)
    assert all(row.disagreement < 0.05 for row in rows)


def test_the_fastest_that_agrees_is_picked():
    rows = [
        Choice("fp32", "contiguous", 100.0, 0.0),
        Choice("fp32", "channels_last_3d", 95.0, 0.0),
        Choice("bf16", "channels_last_3d", 30.0, 0.01),
    ]
    assert choose_fastest(rows) is rows[2]
    assert choose_fastest([*rows[:2], rows[2]._replace(disagreement=0.5)]) is rows[0]  # 5 % faster is noise
    assert choose_fastest([rows[0], rows[2]._replace(milliseconds=99.0)]) is rows[0]
    assert choose_fastest([*rows[:2], rows[2]._replace(gradient_error=math.inf)]) is rows[0]
    assert choose_fastest([rows[2]._replace(disagreement=0.5)]).name == "bf16"  # a format that was named has no rival


class Broken(torch.autograd.Function):
    """Right forward; backward wrong under autocast, as a faulty kernel is."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx, *gradients):
        return gradients[0] * ctx.factor, None


@pytest.mark.parametrize(("factor", "is_sound"), [(1.0, True), (2.0, False), (math.nan, False)])
def test_a_format_with_wrong_gradients_is_not_picked(factor, is_sound):
    class Faulty(Net):
        def forward(self, video):
            in_bf16 = torch.is_autocast_enabled("cpu")
            return super().forward(Broken.apply(video * self.gain, factor if in_bf16 else 1.0))

        def __init__(self):
            super().__init__()
            self.gain = torch.nn.Parameter(torch.ones(1, 3, 1, 1, 1))

    rows = probe(candidates("auto", "auto", CPU), Faulty(), VIDEO, 4)
    assert [row.is_sound for row in rows] == [True, True, is_sound]
    assert ("wrong here" in str(rows[2])) != is_sound


def test_one_thread_is_enough_for_a_short_step():
    row = Choice("bf16", "channels_last_3d", 25.0, 0.01)
    assert threads_for(row, 8) == 1
    assert threads_for(row._replace(milliseconds=1000.0), 8) == 8
    assert [threads_for(row._replace(milliseconds=200.0), cores) for cores in (2, 8)] == [1, 8]
    assert threads_for(row._replace(milliseconds=1000.0), 2) == 2


def test_a_model_with_two_dimensional_kernels_takes_every_layout():
    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

        def forward(self, video: torch.Tensor) -> torch.Tensor:
            return self.head(self.conv(video[:, :, 0]).mean((2, 3)))

    assert len(probe(candidates("auto", "auto", CPU), Folded(), VIDEO, 4)) == 3


def test_a_named_format_is_not_probed(threads):
    lines: list[str] = []
    chosen, _ = resolve_precision("bf16", "auto", 1, Net(), VIDEO, 4, device=CPU, report=lines.append)
    assert (chosen.name, chosen.layout, lines) == ("bf16", "channels_last_3d", [])


@pytest.mark.parametrize(("emulated", "rows"), [(True, ["fp32", "fp32"]), (False, ["fp32", "fp32", "bf16"])])
def test_bf16_is_measured_only_where_the_cpu_has_it(emulated, rows, monkeypatch, threads):
    monkeypatch.setattr("videoai.engine.choose_precision.emulates_bf16", lambda: emulated)
    lines: list[str] = []
    resolve_precision("auto", "auto", "auto", Net(), VIDEO, 4, device=CPU, report=lines.append)
    assert [line.split()[0] for line in lines[1:] if " ms " in line] == rows
    assert ("bf16 is left out" in lines[-1]) == emulated


def test_the_probe_prints_its_table_and_choice(monkeypatch, threads):
    monkeypatch.setattr("videoai.engine.choose_precision.emulates_bf16", lambda: False)
    lines: list[str] = []
    resolve_precision("auto", "auto", "auto", Net(), VIDEO, 4, device=CPU, report=lines.append)
    assert len(lines) == 4
    assert "on one thread" in lines[0]
    assert sum("<- chosen" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("name", "layout", "message"),
    [
        ("fp8", "auto", "precision=fp8"),
        ("fp16", "auto", "needs a GPU"),
        ("fp32", "nhwc", "trainer.layout=nhwc"),
    ],
)
def test_impossible_formats_are_refused(name, layout, message):
    with pytest.raises(ValueError, match=message):
        resolve_precision(name, layout, "auto", Net(), VIDEO, 4, device=CPU, report=print)


def test_a_small_model_trains_on_one_thread_and_a_number_is_obeyed(threads):
    def resolved(num_threads: int | str) -> int:
        return resolve_precision("fp32", "auto", num_threads, Net(), VIDEO, 4, device=CPU, report=print)[1]

    assert resolved("auto") == torch.get_num_threads() == 1
    assert resolved(2) == torch.get_num_threads() == 2


class Slow(Net):
    """Takes 600 ms of CPU time a clip."""

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        end = time.process_time() + 0.6 * len(video)
        while time.process_time() < end:
            pass
        return super().forward(video)


def test_a_large_model_trains_on_all_threads(threads):
    torch.set_num_threads(2)
    assert (
        resolve_precision("fp32", "auto", "auto", Slow(), VIDEO, 4, device=CPU, report=print)[1]
        == torch.get_num_threads()
        == 2
    )


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs to share one core with other programs")
@pytest.mark.slow
def test_other_programs_do_not_change_the_choice(threads):
    """On one core with two busy programs a step takes three times as long by the clock, and the same CPU time."""
    torch.set_num_threads(2)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]  # inherit the core
    try:
        video = VIDEO.repeat(8, 1, 1, 1, 1)
        wall, cpu = time.perf_counter(), time.process_time()
        _, chosen = resolve_precision("fp32", "auto", "auto", Net(), video, 4, device=CPU, report=print)
        assert time.perf_counter() - wall > 1.5 * (time.process_time() - cpu)  # they really were busy
        assert chosen == 1
    finally:
        for program in busy:
            program.kill()
            program.wait()
        os.sched_setaffinity(0, cores)


class Scaled(nn.Module):
    """Its gradient is ``factor`` times too large in bf16."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.net, self.factor = Net(), factor

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.net(video) * (self.factor if torch.is_autocast_enabled("cpu") else 1.0)


def test_gradients_of_a_format_are_compared_on_one_copy_at_a_time():
    fp32, bf16 = (Precision(name, device=CPU) for name in ("fp32", "bf16"))
    model = Scaled(1.0)
    assert gradient_error_on(fp32, fp32, model, VIDEO[:2], 4) == 0
    assert 0 < gradient_error_on(bf16, fp32, model, VIDEO[:2], 4) < 0.1
    assert gradient_error_on(bf16, fp32, Scaled(8.0), VIDEO[:2], 4) > 0.5
    assert all(parameter.grad is None for parameter in model.parameters())


def test_most_weights_in_convolutions_make_a_model_convolutional():
    assert is_convolutional(nn.Sequential(nn.Conv3d(3, 8, 3), nn.Linear(8, 4)))
    assert not is_convolutional(nn.Sequential(nn.Conv3d(3, 8, 2), nn.Linear(64, 64)))


@pytest.mark.gpu
def test_a_gpu_gets_bf16_by_rule_and_fp32_is_fp32():
    device = torch.device("cuda")
    told: list[str] = []
    chosen, _ = resolve_precision(
        "auto", "auto", "auto", Net().to(device), VIDEO.to(device), 4, device=device, report=told.append
    )
    assert chosen.name == ("bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32")
    assert chosen.layout == "channels_last_3d" and told
    Precision("fp32", device=device).place(Net())
    assert not torch.backends.cudnn.allow_tf32
    Precision("tf32", device=device).place(Net())
    assert torch.backends.cudnn.allow_tf32
