"""What the trainer costs beside the arithmetic: the same steps in ``Trainer.fit`` and in a bare PyTorch loop.

    python scripts/benchmark_trainer.py [--steps 200] [--repeats 5] [--model tiny_r3d] [--threads 1] [--processes 1]
        [--parallel replicate]

Same model, clips in memory, optimizer, schedule and precision; the two take turns, and the medians are compared. The
bare loop is what a person would write by hand: move, normalise, forward, loss, backward, clip, step.

With ``--processes N`` the trainer in N processes of one thread each (gloo) is compared with itself in one process of N
threads, on the same work: steps of N micro-batches.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.nn import functional as F

import videoai
from videoai.core.log import RunLog
from videoai.core.seeding import generator_for
from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.engine.average import Average
from videoai.engine.optim import build_optimizer
from videoai.engine.parallel import Mode, parallelize
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer
from videoai.models.blocks import repeated_blocks
from videoai.tasks.classify import Classify
from videoai.tasks.losses import ClassificationLoss, TrainingLoss
from videoai.tasks.supervised import SupervisedLearner

CLIP = ClipSpec(num_frames=16, size=32)
OPTIM = {"name": "adamw", "lr": 1e-3, "weight_decay": 0.05}
BATCH = 16


def clips_in_memory() -> Clips:
    """One batch of noise; the arithmetic does not care what it sees."""
    generator = generator_for(0, "benchmark")
    video = torch.randint(
        0, 256, (BATCH, CLIP.num_frames, 3, CLIP.size, CLIP.size), dtype=torch.uint8, generator=generator
    )
    zeros = torch.zeros(BATCH, dtype=torch.int64)
    return Clips(video, torch.arange(BATCH) % 16, zeros, zeros, [""] * BATCH)


def trainer_seconds(name: str, steps: int, clips: Clips, *, accumulate: int = 1, mode: Mode = "auto") -> float:
    """Seconds of ``fit`` for ``steps`` steps, logging every 20 as by default, without evaluation."""

    def stream(start: int) -> Iterator[Clips]:
        while True:
            yield clips

    torch.manual_seed(0)  # all processes begin with the same weights
    model = videoai.create_model(name, num_classes=16)
    with tempfile.TemporaryDirectory() as folder:
        learner = SupervisedLearner(
            model=model,
            to_input=ToModelInput(CLIP),
            loss=TrainingLoss(criterion=ClassificationLoss(), model=model),
            metrics=Classify().batch_metrics,
        )
        average, precision = Average(model), Precision("fp32", device=torch.device("cpu"))
        parallel = parallelize(
            mode, learner, average, precision, blocks=repeated_blocks, accumulate=accumulate, shard_size=None
        )
        trainer = Trainer(
            learner=learner,
            parallel=parallel,
            batches=stream,
            evaluate=lambda model, step: {"top1": 0.0, "loss": 0.0},
            metric="top1",
            write=lambda name, state: None,
            average=average,
            optimizer=build_optimizer(OPTIM, model),
            schedule=Schedule(total_steps=steps),
            precision=precision,
            log=RunLog(Path(folder)),
            cadence=Cadence(stop_step=steps, eval_every=10 * steps, save_every=10 * steps, log_every=20),
            progress=Progress(steps),
            facts={},
            accumulate=accumulate,
            max_grad_norm=1.0,
        )
        started = time.perf_counter()
        trainer.fit()
        seconds = time.perf_counter() - started
        trainer.log.close()
    return seconds


def bare_seconds(name: str, steps: int, clips: Clips) -> float:
    """The same by hand."""
    model = videoai.create_model(name, num_classes=16).train()
    optimizer = build_optimizer(OPTIM, model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, Schedule(total_steps=steps))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1, 1) for values in (CLIP.mean, CLIP.std))
    started = time.perf_counter()
    for _ in range(steps):
        video = clips.video.permute(0, 2, 1, 3, 4).float().div_(255).sub_(mean).div_(std)
        loss = F.cross_entropy(model(video), clips.label)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
    return time.perf_counter() - started


def seconds_of_several(name: str, steps: int, processes: int, mode: Mode) -> float:
    """Seconds of the slowest of several processes that train together; their start does not count."""
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(train_as_one, (folder, name, steps, processes, mode), nprocs=processes)
        return max(float(file.read_text()) for file in Path(folder).glob("seconds*"))


def train_as_one(rank: int, folder: str, name: str, steps: int, processes: int, mode: Mode) -> None:
    """What each of them does."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=processes)
    clips = clips_in_memory()
    trainer_seconds(name, 3, clips, accumulate=processes, mode=mode)
    seconds = trainer_seconds(name, steps, clips, accumulate=processes, mode=mode)
    Path(folder, f"seconds{rank}").write_text(str(seconds))
    torch.distributed.destroy_process_group()


def compare_processes(name: str, steps: int, repeats: int, processes: int, mode: Mode) -> None:
    """Print both medians and their ratio."""
    torch.set_num_threads(processes)
    clips = clips_in_memory()
    trainer_seconds(name, 3, clips, accumulate=processes)
    several, one, ratios = [], [], []
    for _ in range(repeats):
        several.append(seconds_of_several(name, steps, processes, mode))
        one.append(trainer_seconds(name, steps, clips, accumulate=processes))
        ratios.append(several[-1] / one[-1])
    milliseconds = [1000 * statistics.median(column) / steps for column in (several, one)]
    print(f"{name}, {processes} micro-batches of {BATCH}, torch {torch.__version__}")
    print(f"{processes} processes {milliseconds[0]:.2f} ms a step, one of {processes} threads {milliseconds[1]:.2f} ms")
    print(
        f"ratio {statistics.median(ratios):.2f} (pairwise median of {repeats}; {min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    """Print both medians and the overhead."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", default="tiny_r3d")
    parser.add_argument("--threads", type=int, default=1, help="1 is what the trainer chooses for small models")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--parallel", choices=["replicate", "shard"], default="replicate")
    options = parser.parse_args()
    if options.processes > 1:
        compare_processes(options.model, options.steps, options.repeats, options.processes, options.parallel)
        return
    torch.set_num_threads(options.threads)
    clips = clips_in_memory()
    bare_seconds(options.model, 5, clips), trainer_seconds(options.model, 5, clips)  # first steps build kernels
    ratios, rows = [], []
    for _ in range(options.repeats):
        row = trainer_seconds(options.model, options.steps, clips), bare_seconds(options.model, options.steps, clips)
        rows.append(row)
        ratios.append(row[0] / row[1])
    trained, bare = (1000 * statistics.median(column) / options.steps for column in zip(*rows, strict=True))
    print(f"{options.model}, batch {BATCH}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"Trainer {trained:.2f} ms a step, bare loop {bare:.2f} ms a step (medians of {options.repeats})")
    print(
        f"overhead {statistics.median(ratios) - 1:+.1%} (pairwise median; from {min(ratios) - 1:+.1%} to "
        f"{max(ratios) - 1:+.1%})"
    )


if __name__ == "__main__":
    main()
