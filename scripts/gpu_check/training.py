"""Steps of one model in every precision and every loop: clips a second, share of the peak, memory, losses."""

from importlib.util import find_spec

import torch
from arguments import parse
from loops import WARMUP, Watch, hugging_face_loop, plain_loop, trainer_loop
from rows import add, finish, part
from torch import Tensor, nn
from torch.nn import functional as F
from workload import Workload, clear_memory, figures, learner, new_workload

from videoai.core.determinism import determinism
from videoai.data.normalize import ToModelInput
from videoai.engine.choose_precision import resolve_precision
from videoai.engine.optim import build_optimizer
from videoai.engine.precision import Precision

OPTIM = {"name": "adamw", "lr": 1e-4, "weight_decay": 0.05}
SECONDS = 1.5  # each loop runs so long, and at least five steps
MAX_STEPS = 200
# How far the first losses may be from those of the plain loop; in fp32 on a CPU they are equal to the bit.
MAX_LOSS_DIFFERENCE = 0.02


def main() -> None:
    options = parse(__doc__, "model")
    work = new_workload(options.model, options.device, small=options.small)
    what_auto_takes(work)
    for name in ("bf16", "fp16", "fp32"):  # the slowest last
        if name == "fp16" and options.device == "cpu":
            add(model=work.name, precision=name, note="needs a GPU")
            continue
        with part(model=work.name, precision=name), determinism(False):  # as in a run: cuDNN times its algorithms
            compare(work, precision_of(name, work), steps=5 if options.small else None)
    finish()


def what_auto_takes(work: Workload) -> None:
    """What ``trainer.precision=auto`` says, and takes, on a GPU."""
    if work.device.type == "cpu":
        return
    with part(model=work.name, precision="auto"):
        told: list[str] = []
        model, video = work.model.to(work.device), torch.randn(2, 3, *shape(work), device=work.device)
        chosen, _ = resolve_precision(
            "auto", "auto", "auto", model, video, len(work.clips.label), device=work.device, report=told.append
        )
        add(model=work.name, precision="auto", note=f"{chosen}; {'; '.join(told)}")


def shape(work: Workload) -> tuple[int, int, int]:
    """T, H, W."""
    return work.clip.num_frames, work.clip.size, work.clip.size


def precision_of(name: str, work: Workload) -> Precision:
    """With the layout that training takes."""
    video = torch.zeros(1, 3, *shape(work), device=work.device)
    return resolve_precision(name, "auto", 1, work.model, video, 400, device=work.device, report=print)[0]


def compare(work: Workload, precision: Precision, *, steps: int | None) -> None:
    """A row for each loop. ``steps``: None = as many as fit into SECONDS, by the plain loop."""
    if steps is None:
        tried = one_loop("plain PyTorch", work, precision, WARMUP + 2)
        steps = WARMUP + min(MAX_STEPS, max(5, round(SECONDS / tried.seconds)))
    plain: Watch | None = None
    for loop in ("plain PyTorch", "Trainer", "Hugging Face"):
        names = {"model": work.name, "batch": len(work.clips.label), "precision": str(precision), "loop": loop}
        if loop == "Hugging Face" and not find_spec("transformers"):
            add(**names, note="transformers is not installed")
            continue
        with part(**names):
            watch = one_loop(loop, work, precision, steps)
            plain = plain or watch
            mfu = {"MFU": work.mfu(watch)} if precision.name != "fp32" else {}  # the peak is that of bf16
            add(**names, **mfu, **figures(names["batch"], watch, plain, work.device))
            if loop == "Trainer":  # the third draws other random numbers for dropout
                check_losses(watch, plain)


def one_loop(loop: str, work: Workload, precision: Precision, steps: int) -> Watch:
    """Run it on the same model object with its first weights, and with nothing of the others in memory."""
    clear_memory(work.device)
    model, watch = precision.place(work.fresh_model()), Watch(work.device, steps)
    optimizer, forward = build_optimizer(OPTIM, model), Forward(model, work)
    if loop == "Trainer":
        trainer_loop(learner(work, model), optimizer, work.clips, precision, watch)
    elif loop == "Hugging Face":
        hugging_face_loop(forward, optimizer, work.clips, precision, watch)
    else:
        plain_loop(lambda step: plain_loss(forward, work, precision), optimizer, precision, watch)
    return watch


class Forward(nn.Module):
    """A forward pass and its loss, of uint8 [B, T, C, H, W] and int64 [B] on the device."""

    def __init__(self, model: nn.Module, work: Workload) -> None:
        super().__init__()
        self.model, self.to_input = model, ToModelInput(work.clip).to(work.device)

    def forward(self, video: Tensor, label: Tensor) -> dict[str, Tensor]:
        return {"loss": F.cross_entropy(self.model(self.to_input.normalized(video)).float(), label)}


def plain_loss(forward: Forward, work: Workload, precision: Precision) -> Tensor:
    """Move, normalise, forward, loss."""
    video, label = (part.to(work.device, non_blocking=True) for part in (work.clips.video, work.clips.label))
    with precision.autocast():
        return forward(video, label)["loss"]


def check_losses(watch: Watch, plain: Watch) -> None:
    """Raises: ValueError: the loops do not train the same."""
    pairs = [(float(mine), float(other)) for mine, other in zip(watch.losses, plain.losses, strict=True)]
    if not all(abs(mine - other) <= MAX_LOSS_DIFFERENCE * other for mine, other in pairs):
        raise ValueError(f"its first losses are not those of the plain loop: {pairs}")


if __name__ == "__main__":
    main()
