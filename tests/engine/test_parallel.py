"""Real processes that train together, one with more micro-batches than the others;
``tests/cli/test_distributed.py`` starts several as a person does."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.core import process_group
from videoai.core.log import RunLog
from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.freeze import Freeze
from videoai.engine.parallel import Mode, parallelize
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.replicate import Step
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer

CPU = torch.device("cpu")
ACCUMULATE, STEPS, MIDDLE = 5, 4, 2
LAYOUTS: dict[str, tuple[Mode, int]] = {"replicate-2": ("replicate", 2), "shard-2": ("shard", 2)}
LAYOUTS["replicate-3"] = (
    "replicate",
    3,
)  # may hang on two cores, see docs/scaling.md
CASES = [
    "replicate-2",
    pytest.param("shard-2", marks=pytest.mark.slow),
    pytest.param("replicate-3", marks=pytest.mark.nightly),
]
Together = Callable[[str], list[dict[str, Any]]]  # a layout -> what each of its processes made
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


class Tiny(nn.Module):
    """What depends on the clips of a forward pass (norm) and on the global generator (dropout), what never gets a
    gradient, and a table that a mean of three equal numbers would change."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.drop, self.head = nn.BatchNorm3d(3), nn.Dropout(0.5), nn.Linear(3, 2)
        self.body, self.unused = nn.Conv3d(3, 3, 1), nn.Linear(2, 2)
        self.register_buffer("table", torch.rand(100, generator=generator_for(0, "table")))

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(F.gelu(self.body(self.norm(video))).mean((2, 3, 4))))


class Task:
    def __init__(self) -> None:
        torch.manual_seed(seed_for(0, "init"))
        self.model = Tiny()

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, torch.Tensor]:
        outputs = self.model(clips.video.transpose(1, 2).float() / 255)
        return {"loss": F.cross_entropy(outputs, clips.label), "size": outputs.abs().mean()}


def batches(start: int) -> Iterator[Clips]:
    """Micro-batches of this process; each process has its own, as with the loader."""
    for place, number in zip(cycle(range(ACCUMULATE)), range(start, 99), strict=False):
        if place % process_group.world_size() == process_group.rank():
            rng = generator_for(0, "batch", number)
            video = torch.randint(0, 256, (2, 2, 3, 4, 4), dtype=torch.uint8, generator=rng)
            yield Clips(video, torch.randint(2, (2,), generator=rng), torch.arange(2), torch.zeros(2).long(), ["", ""])


def make_trainer(saved: dict[int, dict[str, Any]], losses: list[float], mode: Mode = "auto") -> Trainer:
    """The head alone learns in the first step."""
    task = Task()
    average, precision = Average(task.model, decay=0.9), Precision("fp32", device=CPU)
    parallel = parallelize(
        mode, task, average, precision, blocks=lambda model: [model.body], accumulate=ACCUMULATE, shard_size=None
    )
    trainer = Trainer(
        learner=task,
        parallel=parallel,
        average=average,
        batches=batches,
        evaluate=evaluate,
        metric="top1",
        write=lambda name, state: saved.update({state["step"]: _copied(state)}),
        optimizer=torch.optim.SGD(task.model.parameters(), lr=0.5, momentum=0.9),
        schedule=Schedule(total_steps=STEPS),
        precision=precision,
        log=RunLog(None),
        cadence=Cadence(stop_step=STEPS, eval_every=MIDDLE, save_every=1, log_every=1),
        progress=Progress(STEPS),
        facts={},
        accumulate=ACCUMULATE,
        max_grad_norm=0.2,
        freeze=Freeze(trainable={"head.weight", "head.bias"}, until_step=1),
    )
    step = trainer.train_step
    trainer.train_step = lambda clips: _noted(step(clips), losses)  # pyright: ignore[reportAttributeAccessIssue]
    return trainer


@torch.no_grad()
def evaluate(model: nn.Module, step: int) -> dict[str, float]:
    """Each process calls the model another number of times."""
    video = torch.ones(1, 3, 2, 4, 4)
    return {"top1": max(float(model(video).sum()) for _ in range(1 + process_group.rank()))}


def _noted(means: dict[str, torch.Tensor], losses: list[float]) -> dict[str, torch.Tensor]:
    losses += [float(means[key]) for key in ("loss", "size", "grad_norm")]
    return means


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    return {key: _copied(one) for key, one in value.items()} if isinstance(value, dict) else value


def test_all_parameters_of_a_step_are_on_the_device_of_the_model():
    task = Task()
    task.model.to("meta")  # as good as a GPU here: DDP refuses parameters on devices of two types
    assert {parameter.device.type for parameter in Step(task).parameters()} == {"meta"}


@pytest.fixture(scope="module")
def alone() -> tuple[dict[str, Any], list[float]]:
    """What one process makes of the same steps."""
    saved, losses = {}, []
    make_trainer(saved, losses).fit()
    return saved[STEPS], losses


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Together:
    """What several processes make of them."""

    @cache
    def made(layout: str) -> list[dict[str, Any]]:
        mode, processes = LAYOUTS[layout]
        folder = tmp_path_factory.mktemp(layout)
        torch.multiprocessing.spawn(train_as_one, (processes, mode, str(folder)), nprocs=processes)
        return [torch.load(folder / f"{number}.pt", weights_only=False) for number in range(processes)]

    return made


@pytest.mark.parametrize("layout", CASES)
def test_processes_make_the_steps_of_one_and_continue_to_the_same_bits(alone, together, layout):
    """1e-6: sums in another order."""
    state, losses = alone
    for part in together(layout):
        assert part["losses"] == together(layout)[0]["losses"]
        assert part["losses"] == pytest.approx(losses, abs=1e-6)
        assert part["continued"] == part["losses"][3 * MIDDLE :]
    first = together(layout)[0]
    _check_equal(first["whole"], first["again"])
    for kind in ("model", "ema"):
        for name, value in first["whole"][kind].items():
            if not name.endswith(STATISTICS):  # which are means over the processes
                torch.testing.assert_close(value, state[kind][name], rtol=0, atol=1e-6)
    assert torch.equal(first["whole"]["model"]["table"], state["model"]["table"])


def test_replicas_stay_alike(together):
    for part in together("replicate-2"):
        _check_equal(part["whole"], together("replicate-2")[0]["whole"])


@pytest.mark.parametrize("layout", CASES)
def test_what_was_evaluated_is_what_the_checkpoint_holds(together, layout):
    """1e-6: sums in another order."""
    state, model = together(layout)[0]["whole"], Tiny()
    averaged = {key.removeprefix("module."): value for key, value in state["ema"].items() if key != "n_averaged"}
    model.load_state_dict(averaged)
    assert evaluate(model.eval(), STEPS)["top1"] == pytest.approx(state["metrics"]["top1"], abs=1e-6)


def _check_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """To the bit, but for the micro-batches that a process has seen itself."""
    assert one.keys() == other.keys()
    for key, value in one.items():
        if isinstance(value, dict):
            _check_equal(value, other[key])
        elif isinstance(value, torch.Tensor) and not key.endswith("num_batches_tracked"):
            assert torch.equal(value, other[key]), key


def train_as_one(number: int, processes: int, mode: Mode, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=number, world_size=processes)
    torch.save(train_twice(mode, folder), Path(folder, f"{number}.pt"))
    later = make_trainer({}, [])
    later.step = number
    with pytest.raises(ValueError, match="the processes start from different steps or weights"):
        later.fit()
    with pytest.raises(ValueError, match=f"parallel=none, but {processes} processes were started"):
        make_trainer({}, [], "none")
    process_group.barrier()
    torch.distributed.destroy_process_group()


def train_twice(mode: Mode, folder: str) -> dict[str, Any]:
    """At one go, and from the middle of that."""
    saved, losses, continued = {}, [], []
    make_trainer(saved, losses, mode).fit()
    whole = saved[STEPS]
    again = make_trainer(saved, continued, mode)
    again.restore(torch.load(first_of(folder, saved[MIDDLE]), weights_only=False))
    again.fit()
    return {"whole": whole, "again": saved[STEPS], "losses": losses, "continued": continued}


def first_of(folder: str, state: dict[str, Any]) -> Path:
    """The checkpoint of rank 0, which alone writes one."""
    path = Path(folder, "middle.pt")
    if process_group.rank() == 0:
        torch.save(state, path)
    process_group.barrier()
    return path
