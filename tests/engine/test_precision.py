from collections.abc import Iterator

import pytest
import torch
from torch import nn

from videoai.engine.precision import Choice, Precision, pick, probe, resolve, settle_threads

CPU = torch.device("cpu")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv3d(3, 8, 3), nn.BatchNorm3d(8), nn.Linear(8, 4)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(video)).mean((2, 3, 4)))


VIDEO = torch.randn(4, 3, 6, 12, 12, generator=torch.Generator().manual_seed(0))


def test_the_probe_leaves_model_and_random_state_alone():
    model = Net()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    rows = probe(model, VIDEO, 4, device=CPU)
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
    assert pick(rows) is rows[2]
    assert pick([*rows[:2], rows[2]._replace(disagreement=0.5)]) is rows[0]  # 5 % faster is noise
    assert pick([rows[0], rows[2]._replace(milliseconds=99.0)]) is rows[0]


def test_a_model_with_two_dimensional_kernels_takes_every_layout():
    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

        def forward(self, video: torch.Tensor) -> torch.Tensor:
            return self.head(self.conv(video[:, :, 0]).mean((2, 3)))

    assert len(probe(Folded(), VIDEO, 4, device=CPU)) == 3
    placed = Precision("fp32", "channels_last_3d", device=CPU).place(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv3d(3, 8, 3))
    )
    assert placed[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert placed[1].weight.is_contiguous(memory_format=torch.channels_last_3d)


def test_a_named_format_is_not_probed():
    lines: list[str] = []
    chosen = resolve("bf16", "auto", Net(), VIDEO, 4, device=CPU, report=lines.append)
    assert (chosen.name, chosen.layout, lines) == ("bf16", "channels_last_3d", [])


def test_the_probe_prints_its_table_and_choice():
    lines: list[str] = []
    resolve("auto", "auto", Net(), VIDEO, 4, device=CPU, report=lines.append)
    assert len(lines) == 4
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
        resolve(name, layout, Net(), VIDEO, 4, device=CPU, report=print)


@pytest.fixture
def threads() -> Iterator[int]:
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


def test_a_small_model_trains_on_one_thread_and_a_number_is_obeyed(threads):
    precision = Precision("fp32", device=CPU)
    assert settle_threads("auto", precision, Net(), VIDEO, 4) == torch.get_num_threads() == 1
    assert settle_threads(2, precision, Net(), VIDEO, 4) == torch.get_num_threads() == 2
    with pytest.raises(ValueError, match="trainer.num_threads=0"):
        settle_threads(0, precision, Net(), VIDEO, 4)


def test_clipping_returns_the_norm_before():
    model = nn.Linear(2, 1, bias=False)
    precision, optimizer = Precision("fp32", device=CPU), torch.optim.SGD(model.parameters(), lr=1.0)
    precision.backward((model(torch.tensor([[3.0, 4.0]]))).sum())
    assert float(precision.clip(optimizer, list(model.parameters()), 1.0)) == pytest.approx(5.0)
    assert float(model.weight.grad.norm()) == pytest.approx(1.0, rel=1e-4)
