"""Every model of the zoo trains two steps with each of its blocks compiled to one graph, as in eager mode.

At the smallest clip, in float32 (one model: float64), dropout included. Backend aot_eager traces forward and backward
as Inductor has them and runs torch's own kernels. Blocks repeat, and what repeats runs a graph that is there already:
of equal neighbours two are kept, so that the largest models have a tenth of their weights.
"""

import copy
import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.test_zoo import NUM_CLASSES, clips, every_model_to_compile, small
from videoai.core.build import resolve
from videoai.engine import compile as compiling
from videoai.engine.compile import compile_in_place
from videoai.models import TARGETS, create_model
from videoai.models.blocks import repeated_blocks

# Norms over few positions make of 3e-6 in one step a quarter in the next; biases before a norm have a gradient of 0,
# which in float32 is rounding.
IN_DOUBLE = {"tpn_slow_8x8_r50", *(name for name in TARGETS if name.startswith("movinet"))}
INITS = ("kaiming_uniform_", "kaiming_normal_", "xavier_uniform_", "trunc_normal_", "normal_", "uniform_")
MANY = 10_000  # graphs of one function: all models of a family run the same


@pytest.fixture(autouse=True)
def traced_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    with torch._dynamo.config.patch(recompile_limit=MANY, accumulated_recompile_limit=MANY):
        yield


def shallow(name: str, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The model with its repeats cut off. Weights are drawn after that: a billion of them take half a minute."""
    options: dict[str, Any] = dict(small(name).options)
    if "drop_path" in inspect.signature(resolve(TARGETS[name], "model")).parameters:
        options["drop_path"] = 0.0  # each rate is a graph of its own
    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for init in INITS:
            patch.setattr(nn.init, init, not_drawn)
        model = create_model(name, num_classes=NUM_CLASSES, **options)
    drop_repeats(model)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
            elif not parameter.any():  # zeros would hide what lies behind them
                parameter.fill_(0.1)
    return model.train()


def not_drawn(tensor: Tensor, *args: object, **options: object) -> Tensor:
    return tensor.data.zero_() if tensor.ndim < 2 else tensor


def drop_repeats(model: Any) -> None:
    """The first two of neighbouring blocks that read alike."""
    blocks = {id(block) for block in repeated_blocks(model)}
    for parent in model.modules():
        if isinstance(parent, nn.Sequential | nn.ModuleList):
            for i in reversed(range(2, len(parent))):
                if id(parent[i]) in blocks and repr(parent[i]) == repr(parent[i - 1]) == repr(parent[i - 2]):
                    del parent[i]
    if hasattr(model, "levels"):  # V-JEPA 2 reads the last block
        model.levels = (len(model.blocks) - 1,)


def two_steps(model: nn.Module, video: Tensor) -> list[tuple[Tensor, dict[str, Tensor]]]:
    """The loss and the gradients of each."""
    optimizer, steps = torch.optim.SGD(model.parameters(), lr=1e-3), []
    for seed in range(2):
        torch.manual_seed(seed)  # dropout
        loss = nn.functional.cross_entropy(model(video), torch.tensor([0, 1]))
        loss.backward()
        steps.append((loss.detach(), {key: p.grad for key, p in model.named_parameters() if p.grad is not None}))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return steps


@every_model_to_compile
def test_compiled_blocks_train_as_eager_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, video = shallow(name, monkeypatch), clips(small(name).clip)
    if name in IN_DOUBLE:
        model, video = model.double(), video.double()
    begin = copy.deepcopy(model.state_dict())
    wanted = two_steps(model, video)
    model.load_state_dict(begin)
    compile_in_place(model, repeated_blocks(model), "blocks")
    given = two_steps(model, video)
    for (loss, gradients), (wanted_loss, wanted_gradients) in zip(given, wanted, strict=True):
        # torch's own kernels in the traced order: bitwise equal here, but for sums that a decomposition reorders
        torch.testing.assert_close(loss, wanted_loss, rtol=1e-5, atol=1e-6)
        assert gradients.keys() == wanted_gradients.keys()
        for key, gradient in wanted_gradients.items():
            error = (gradients[key] - gradient).norm() / gradient.norm().clamp_min(1e-6)
            assert error < 1e-3, f"{key}: off by {error:.1e}"
