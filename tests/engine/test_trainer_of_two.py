"""Two real processes that train together; ``tests/cli/test_distributed.py`` starts them as a person does."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.core import process_group
from videoai.core.log import RunLog
from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer

CPU = torch.device("cpu")


class Tiny(nn.Module):
    """What depends on the clips of a forward pass (norm) and on the global generator (dropout)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.drop, self.head = nn.BatchNorm3d(3), nn.Dropout(0.5), nn.Linear(3, 2)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.norm(video).amax((2, 3, 4))))


class Task:
    def __init__(self) -> None:
        torch.manual_seed(seed_for(0, "init"))
        self.model = Tiny()

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, torch.Tensor]:
        return {"loss": F.cross_entropy(self.model(clips.video.transpose(1, 2).float() / 255), clips.label)}


def batches(start: int) -> Iterator[Clips]:
    """Batches of this process; each process has its own, as with the loader."""

    def all_of_them() -> Iterator[Clips]:
        for number in range(start, 99):
            rng = generator_for(0, "batch", number)
            video = torch.randint(0, 256, (2, 2, 3, 4, 4), dtype=torch.uint8, generator=rng)
            yield Clips(video, torch.randint(2, (2,), generator=rng), torch.arange(2), torch.zeros(2).long(), ["", ""])

    return islice(all_of_them(), process_group.rank(), None, process_group.world_size())


def make_trainer() -> Trainer:
    task = Task()
    return Trainer(
        learner=task,
        average=Average(task.model),
        batches=batches,
        evaluate=lambda model, step: {"top1": 0.0},
        metric="top1",
        write=lambda name, state: None,
        optimizer=torch.optim.SGD(task.model.parameters(), lr=0.5),
        schedule=Schedule(total_steps=3),
        precision=Precision("fp32", device=CPU),
        log=RunLog(None),
        cadence=Cadence(stop_step=3, eval_every=3, save_every=3, log_every=1),
        progress=Progress(3),
        facts={},
        accumulate=4,
    )


def test_two_processes_make_the_steps_of_one_and_stay_alike(tmp_path):
    """1e-6: sums in another order."""
    alone = make_trainer()
    alone.fit()
    torch.multiprocessing.spawn(train_as_one_of_two, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f"{number}.pt") for number in range(2))
    for name, value in first.items():
        assert torch.equal(value, second[name])  # statistics of norms too, which are means over the processes
        if "running" not in name and "tracked" not in name:
            torch.testing.assert_close(value, alone.learner.model.state_dict()[name], rtol=0, atol=1e-6)


def train_as_one_of_two(number: int, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=number, world_size=2)
    trainer = make_trainer()
    trainer.fit()
    torch.save(trainer.learner.model.state_dict(), Path(folder, f"{number}.pt"))
    later = make_trainer()
    later.step = number
    with pytest.raises(ValueError, match="the processes start from different steps or weights"):
        later.fit()
    torch.distributed.destroy_process_group()
