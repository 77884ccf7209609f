"""Real models in two and four processes, replicated, sharded, and sharded in two groups: the losses of one process."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from videoai.core import process_group
from videoai.core.log import RunLog
from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.engine.average import Average
from videoai.engine.freeze import Freeze
from videoai.engine.parallel import Learner, Mode, parallelize
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer
from videoai.gan.ada import Augmentation
from videoai.gan.auxiliary import AuxiliaryClassifier
from videoai.gan.discriminator import DualDiscriminator
from videoai.gan.gan import Gan
from videoai.gan.generator import Generator
from videoai.gan.monitor import Monitor
from videoai.models import create_model
from videoai.models.blocks import repeated_blocks
from videoai.models.heads import head_parameters
from videoai.tasks.gan.step import Generate
from videoai.tasks.losses import ClassificationLoss, TrainingLoss
from videoai.tasks.supervised import SupervisedLearner

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
CLIP = ClipSpec(num_frames=8, size=32)
CLASSES, ACCUMULATE, STEPS = 3, 4, 3
MODELS = ("small_r3d", "slowfast_4x16_r50", "tiny_video_transformer", "gan")


class Layout(NamedTuple):
    """How many processes train, and how."""

    processes: int
    mode: Mode
    shard_size: int | None = None


LAYOUTS = [
    Layout(2, "replicate"),
    Layout(2, "shard"),
    Layout(4, "replicate"),
    Layout(4, "shard"),
    Layout(4, "shard", 2),
]


def make_learner(name: str) -> tuple[Learner, nn.Module, Freeze | None]:
    """Also what is averaged, and what learns: the head alone in the first step."""
    torch.manual_seed(seed_for(0, "init"))
    if name == "gan":
        size = {"num_classes": CLASSES, "num_frames": CLIP.num_frames, "size": CLIP.size, "width": 8}
        networks = Generator(**size), DualDiscriminator(**size, spectral_norm=False)
        gan = Gan(*networks, Augmentation(), Monitor(), AuxiliaryClassifier(**size))
        return (
            Generate(model=gan, to_input=ToModelInput(CLIP), policy=[], class_weight=0.5, r1=0.1, r1_every=1),
            gan.generator,
            None,
        )
    model = create_model(name, num_classes=CLASSES)
    loss = TrainingLoss(criterion=ClassificationLoss(), model=model)
    freeze = Freeze(trainable=head_parameters(model), until_step=1)
    return SupervisedLearner(model=model, to_input=ToModelInput(CLIP), loss=loss), model, freeze


def batches(start: int) -> Iterator[Clips]:
    """Micro-batches of this process."""
    for place, number in zip(cycle(range(ACCUMULATE)), range(start, 99), strict=False):
        if place % process_group.world_size() == process_group.rank():
            rng = generator_for(0, "batch", number)
            shape = (2, CLIP.num_frames, 3, CLIP.size, CLIP.size)
            video = torch.randint(0, 256, shape, dtype=torch.uint8, generator=rng)
            label = torch.randint(CLASSES, (2,), generator=rng)
            yield Clips(video, label, torch.arange(2), torch.zeros(2).long(), ["", ""])


def losses_of(name: str, layout: Layout) -> tuple[list[float], dict[str, Any]]:
    """The loss of every step, and the last checkpoint."""
    learner, evaluated, freeze = make_learner(name)
    average, precision = Average(evaluated, decay=0.9), Precision("fp32", device=CPU)
    size = layout.shard_size
    parallel = parallelize(
        layout.mode, learner, average, precision, blocks=repeated_blocks, accumulate=ACCUMULATE, shard_size=size
    )
    saved: dict[str, Any] = {}
    trainer = Trainer(
        learner=learner,
        parallel=parallel,
        average=average,
        batches=batches,
        evaluate=lambda model, step: {"top1": 0.0},
        metric="top1",
        write=lambda name, state: saved.update(state),
        optimizer=torch.optim.SGD(learner.model.parameters(), lr=0.02, momentum=0.9),
        schedule=Schedule(total_steps=STEPS),
        precision=precision,
        log=RunLog(None),
        cadence=Cadence(stop_step=STEPS, eval_every=STEPS, save_every=STEPS, log_every=1),
        progress=Progress(STEPS),
        facts={},
        accumulate=ACCUMULATE,
        max_grad_norm=1.0,
        freeze=freeze,
    )
    losses: list[float] = []
    step = trainer.train_step
    trainer.train_step = lambda clips: noted(step(clips), losses)  # pyright: ignore[reportAttributeAccessIssue]
    trainer.fit()
    return losses, saved


def noted(means: dict[str, torch.Tensor], losses: list[float]) -> dict[str, torch.Tensor]:
    losses.append(float(means["loss"]))
    return means


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[Layout, dict[str, tuple[list[float], dict[str, Any]]]]:
    """Of each layout and model."""
    folder = tmp_path_factory.mktemp("several")
    alone = Layout(1, "none")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = {alone: {name: losses_of(name, alone) for name in MODELS}}
    torch.set_num_threads(threads)
    for processes in (2, 4):
        layouts = [layout for layout in LAYOUTS if layout.processes == processes]
        torch.multiprocessing.spawn(train_as_one, (processes, layouts, str(folder)), nprocs=processes)
        found |= torch.load(folder / f"{processes}.pt", weights_only=False)
    return found


def train_as_one(rank: int, processes: int, layouts: list[Layout], folder: str) -> None:
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet{processes}"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=processes)
    found = {layout: {name: losses_of(name, layout) for name in MODELS} for layout in layouts}
    if rank == 0:
        torch.save(found, Path(folder, f"{processes}.pt"))
    process_group.barrier()
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.mode}-{layout.processes}-{layout.shard_size}")
def test_a_model_has_the_losses_and_weights_of_one_process(results, layout, name):
    """1e-6, of sharded models 1e-5: sums in another order. Running statistics are means over processes."""
    tolerance = 1e-6 if layout.mode == "replicate" else 1e-5
    (losses, state), (wanted, alone) = results[layout][name], results[Layout(1, "none")][name]
    assert losses == pytest.approx(wanted, rel=tolerance)
    for kind in ("model", "ema"):
        for key, value in alone[kind].items():
            if value.is_floating_point() and "running" not in key and "augmentation" not in key:
                torch.testing.assert_close(state[kind][key], value, rtol=0, atol=tolerance, msg=f"{kind} {key}")
