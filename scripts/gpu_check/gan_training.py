"""Steps of the tiny GAN: the task's own step in the Trainer, and in a plain loop. The Trainer of Hugging Face has no
place for two networks."""

import torch
from arguments import parse
from loops import WARMUP, Watch, plain_loop, trainer_loop
from rows import add, finish, part
from workload import clear_memory, figures, noise

from videoai.core.determinism import determinism
from videoai.core.types import ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.gan.ada import Augmentation
from videoai.gan.auxiliary import AuxiliaryClassifier
from videoai.gan.diff_augment import POLICY
from videoai.gan.discriminator import DualDiscriminator
from videoai.gan.gan import Gan
from videoai.gan.generator import Generator
from videoai.gan.monitor import Monitor
from videoai.tasks.gan.step import Generate

CLASSES, SIZE = 16, {"num_frames": 16, "size": 32}  # those of gan=tiny
BATCH, SMALL_BATCH = 16, 2
RATES = 4e-4, 8e-4  # learning rates: generator; discriminator and classifier
STEPS = 60


def main() -> None:
    options = parse(__doc__)
    device = torch.device(options.device)
    for name in ("bf16", "fp16", "fp32") if options.device == "cuda" else ("fp32",):
        with part(precision=name), determinism(False):  # as in a run
            compare(Precision(name, device=device), small=options.small)
    finish()


def compare(precision: Precision, *, small: bool) -> None:
    """A row for each loop."""
    steps, batch = (2, SMALL_BATCH) if small else (STEPS, BATCH)
    clips = noise(batch, SIZE["num_frames"], SIZE["size"], pin=precision.device.type == "cuda")
    clips = clips._replace(label=clips.label % CLASSES)
    plain: Watch | None = None
    for loop in ("plain PyTorch", "Trainer"):
        clear_memory(precision.device)
        learner, watch = new_learner(precision), Watch(precision.device, WARMUP + steps)
        if loop == "Trainer":
            trainer_loop(learner, adam(learner.model), clips, precision, watch)
        else:
            take = learner.train_step
            plain_loop(
                lambda step, take=take: take(clips, precision, step)["loss"], adam(learner.model), precision, watch
            )
        plain = plain or watch
        add(precision=precision.name, loop=loop, **figures(batch, watch, plain, precision.device))


def new_learner(precision: Precision) -> Generate:
    """The networks of gan=tiny with the same first weights each time."""
    torch.manual_seed(0)
    size = {"num_classes": CLASSES, **SIZE}
    networks = Generator(**size), DualDiscriminator(**size, width=32), Augmentation(), Monitor()
    model = Gan(*networks, AuxiliaryClassifier(**size))
    clip = ClipSpec(**SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    precision.place(model)
    return Generate(
        model=model,
        to_input=ToModelInput(clip).to(precision.device),
        policy=POLICY,
        class_weight=0.3,
        mode_seeking_weight=2.0,
    )


def adam(model: Gan) -> torch.optim.Optimizer:
    """As the task of a GAN builds it."""
    discriminators = [*model.discriminator.parameters(), *(model.auxiliary.parameters() if model.auxiliary else ())]
    groups = [{"params": model.generator.parameters(), "lr": RATES[0]}, {"params": discriminators, "lr": RATES[1]}]
    return torch.optim.Adam(groups, betas=(0.0, 0.9))


if __name__ == "__main__":
    main()
