import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.utils import counters

from videoai.engine import compile as compiling
from videoai.engine.compile import compile_error, compile_in_place, not_compiled
from videoai.engine.precision import Precision

VIDEO = torch.randn(2, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
FP32 = Precision("fp32", device=torch.device("cpu"))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).relu()


class Printing(Block):
    def forward(self, x: Tensor) -> Tensor:
        torch._dynamo.graph_break()
        return super().forward(x)


class Net(nn.Module):
    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.stem, self.blocks, self.head = nn.Conv3d(3, 3, 1), nn.ModuleList(blocks), nn.Linear(3, 5)

    def forward(self, video: Tensor) -> Tensor:
        x = self.stem(video)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3, 4)))


@pytest.fixture(autouse=True)
def traced_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """aot_eager traces forward and backward as Inductor has it, and needs no C++ compiler."""
    torch.compiler.reset()
    counters.clear()
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    yield
    torch.compiler.reset()


def num_graphs() -> int:
    return counters["stats"]["unique_graphs"]


def error_of(model: Net, units: compiling.Units = "blocks") -> str:
    return compile_error(model, list(model.blocks), units, FP32, VIDEO, num_classes=5)


def test_blocks_that_are_alike_share_one_graph_and_keep_their_names() -> None:
    model = Net(Block(), Block(), Block())
    names, plain = list(model.state_dict()), copy.deepcopy(model)
    compile_in_place(model, list(model.blocks), "blocks")
    torch.testing.assert_close(model(VIDEO), plain(VIDEO), rtol=0, atol=0)
    assert num_graphs() == 1
    assert list(model.state_dict()) == names


def test_what_the_trial_compiled_is_not_compiled_again() -> None:
    model = Net(Block(), Block())
    before = copy.deepcopy(model.state_dict())
    assert error_of(model) == ""
    assert num_graphs() == 1
    compile_in_place(model, list(model.blocks), "blocks")
    model(VIDEO).sum().backward()
    assert num_graphs() == 1
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_the_block_that_does_not_compile_is_named() -> None:
    error = error_of(Net(Block(), Printing()))
    assert error.startswith("blocks.1 (Printing) does not compile: ") and "\n" not in error


def test_the_whole_model_may_break_into_several_graphs() -> None:
    model = Net(Block(), Printing())
    assert error_of(model, "model") == ""


def test_a_model_that_names_no_blocks_is_told_of_the_method() -> None:
    assert "Net names no repeated_blocks" in error_of(Net())


def refused(graph: object, inputs: object) -> Callable[..., object]:
    raise RuntimeError("no compiler found")


def test_neither_a_copy_nor_an_evaluation_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", refused)
    model = Net(Block())
    compile_in_place(model, list(model.blocks), "blocks")
    copy.deepcopy(model)(VIDEO)
    with not_compiled():
        model(VIDEO)
    with pytest.raises(Exception, match="no compiler found"):
        model(VIDEO)


def test_a_missing_compiler_is_the_reason_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", refused)
    assert "no compiler found" in error_of(Net(Block()))


def test_more_kinds_of_one_block_than_torch_allows_for_a_function() -> None:
    """torch gives up on a function after eight graphs; a deep network has more shapes of its one class of block."""
    blocks = [Block() for _ in range(9)]
    for wide, block in enumerate(blocks, start=3):
        block.conv = nn.Conv3d(wide, wide + 1, 1)
    model = Net(*blocks)
    model.head = nn.Linear(12, 5)
    assert error_of(model) == ""
    assert num_graphs() == 9
