from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from videoai.core.checkpoint import load, save
from videoai.core.log import RunLog
from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.optim import build_optimizer
from videoai.engine.parallel import Parallel
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer

CPU = torch.device("cpu")


class Net(nn.Module):
    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv3d(3, 8, 3), nn.BatchNorm3d(8)
        self.drop, self.head = nn.Dropout(dropout), nn.Linear(8, 2)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(F.relu(self.norm(self.conv(video))).mean((2, 3, 4))))


class TwoClasses:
    """Class 1 brightens over time, class 0 darkens."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def train_step(self, clips: Clips, precision: Precision, position: int) -> dict[str, torch.Tensor]:
        video = clips.video.permute(0, 2, 1, 3, 4).float() / 255
        return {"loss": F.cross_entropy(self.model(video), clips.label)}


def clips_at(micro_batch: int, size: int = 4) -> Clips:
    """A pure function of the position, like the real stream."""
    generator = generator_for(0, "test batch", micro_batch)
    label = torch.randint(2, (size,), generator=generator)
    ramp = torch.linspace(0, 100, 5).view(1, 5, 1, 1, 1)
    start = torch.randint(60, 100, (size, 1, 1, 1, 1), generator=generator)
    video = (
        start
        + torch.where(label.view(-1, 1, 1, 1, 1) == 1, ramp, -ramp / 2)
        + torch.randn(size, 5, 3, 6, 6, generator=generator)
    )
    video = video.clamp(0, 255).byte()
    return Clips(video, label, torch.arange(size), torch.zeros(size, dtype=torch.int64), [""] * size)


def stream(start: int) -> Iterator[Clips]:
    while True:
        yield clips_at(start)
        start += 1


@pytest.fixture
def make_trainer(tmp_path: Path) -> Iterator[Callable[..., Trainer]]:
    """A real trainer over an in-memory stream; ``stop`` steps of a schedule of ten."""

    def make(
        *,
        stop: int = 10,
        folder: str = "run",
        task: object = None,
        cadence: dict | None = None,
        ema_decay: float | None = None,
        **changes: object,
    ) -> Trainer:
        torch.manual_seed(seed_for(0, "init"))
        task = task or TwoClasses(Net())
        pace = {"stop_step": stop, "eval_every": 5, "save_every": 100, "log_every": 1, **(cadence or {})}
        parts = {
            "learner": task,
            "parallel": Parallel(task),
            "batches": stream,
            "evaluate": lambda model, step: {"top1": 0.5, "loss": 1.0},
            "metric": "top1",
            "write": lambda name, state: save(tmp_path / folder / f"{name}.pt", state),
            "optimizer": build_optimizer({"name": "adamw", "lr": 0.01, "weight_decay": 0.01}, task.model),
            "average": Average(task.model, decay=ema_decay),
            "schedule": Schedule(total_steps=10, warmup=0.2),
            "precision": Precision("fp32", device=CPU),
            "log": RunLog(tmp_path / folder),  # closed below: a test may keep several trainers
            "cadence": Cadence(**pace),
            "progress": Progress(stop),
            "facts": {"config": {}, "classes": ["down", "up"], "clip": {}, "versions": {}},
        }
        made.append(Trainer(**{**parts, **changes}))
        return made[-1]

    made: list[Trainer] = []
    make.load = lambda name, folder="run": load(tmp_path / folder / f"{name}.pt")
    make.folder = tmp_path
    yield make
    for trainer in made:
        trainer.log.close()
