"""No step waits for the GPU, except those whose values are logged."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from torch.nn import functional as F

from tests.engine.conftest import Net, clips_at
from tests.engine.host_syncs import META, HostSync, NoHostSyncs
from videoai.compose.settings import from_arguments
from videoai.core.seeding import generator_for
from videoai.core.types import BatchOp, Clip, Clips, ClipSpec
from videoai.data.augment.mix import Mix
from videoai.data.augment.transforms import TrainTransform
from videoai.data.loader import collate
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.engine.trainer import Trainer
from videoai.gan.feature_space import Drawn
from videoai.settings.training import TrainSettings
from videoai.tasks.classify import Classify
from videoai.tasks.diff_augment import DiffAugment
from videoai.tasks.drawn_features import DrawnFeatures
from videoai.tasks.generated_clips import GeneratedTargets
from videoai.tasks.losses import ClassificationLoss, TrainingLoss
from videoai.tasks.supervised import SupervisedLearner

PRESETS = ("none", "shift", "standard", "strong", "randaugment", "trivial", "autoaugment")
CLIP = ClipSpec(num_frames=5, size=6)
DRAWN = ("scale", "ratio", "shift", "color_jitter", "policy", "num_ops", "magnitude", "erase")
WAITS: dict[str, Callable[[torch.Tensor], object]] = {
    "an item": lambda x: x.sum().item(),
    "a float": lambda x: float(x.sum()),
    "a tensor as a condition": lambda x: 1 if x.sum() > 0 else 0,
    "a list as an index": lambda x: x[[0, 1]],
    "a tensor of numbers": lambda x: x * torch.tensor([1.0, 2.0], device=x.device),
    "numbers in the type of another": lambda x: x.new_tensor([1.0, 2.0]),
    "a tensor of the host": lambda x: x[torch.tensor([0, 1])],
    "a blocking copy": lambda x: torch.zeros(2).to(x.device),
    "a copy into place": lambda x: x.copy_(torch.zeros(2, 2)),
    "a copy to the host": lambda x: x.cpu(),
    "a mask as an index": lambda x: x[x > 0],
    "comparing": lambda x: torch.equal(x, x),
    "different values": lambda x: x.unique(),
}
GOES_ON: dict[str, Callable[[torch.Tensor], object]] = {
    "a copy that is not waited for": lambda x: torch.zeros(2).to(x.device, non_blocking=True),
    "a slice": lambda x: x[1:2].add_(1.0),
    "a mask that is filled": lambda x: x.masked_fill_(x > 0, 0.0),
    "a number": lambda x: x * 2.0,
    "an index of the device": lambda x: x.index_select(0, torch.arange(2, device=x.device)),
}


@pytest.mark.parametrize("work", WAITS.values(), ids=WAITS)
def test_what_waits_for_the_device_is_noticed(work):
    with NoHostSyncs(), pytest.raises(HostSync):
        work(torch.zeros(2, 2, device=META))


@pytest.mark.parametrize("work", GOES_ON.values(), ids=GOES_ON)
def test_what_does_not_wait_passes(work):
    with NoHostSyncs():
        work(torch.zeros(2, 2, device=META))


def augmented(preset: str, device: torch.device) -> tuple[Callable[[int], Iterator[Clips]], Sequence[BatchOp]]:
    """Three steps of two micro-batches under a preset, and what it does to batches."""
    augment = from_arguments(TrainSettings, [f"augment={preset}"]).settings().augment
    transform = TrainTransform(size=CLIP.size, **{key: getattr(augment, key) for key in DRAWN})

    def clip(video: torch.Tensor, number: int) -> Clip:
        changed = transform(video, generator_for(0, "clip", number))
        return Clip(changed.video, number % 2, number, 0, ops=changed.ops)

    def batches(start: int) -> Iterator[Clips]:
        for position in range(start, 6):
            yield collate([[clip(video, 4 * position + row)] for row, video in enumerate(clips_at(position).video)])

    to_input = ToModelInput(CLIP).to(device)
    mixing = [Mix(num_classes=2, mixup=augment.mixup, cutmix=augment.cutmix)] if augment.mixup else []
    return batches, [DiffAugment(["color", "translation", "cutout"], to_input=to_input, seed=0), *mixing]


class Zeros:
    """Features of the wanted classes."""

    def draw(self, labels: torch.Tensor, generator: torch.Generator) -> Drawn:
        return Drawn(torch.zeros(len(labels), 8), F.one_hot(labels, 2).float())


def all_at_once(make_trainer: Callable, preset: str, device: torch.device) -> Trainer:
    """Everything that a step may do: gradients accumulated and clipped, weights averaged, labels softened, features
    drawn. The batches end after three steps."""
    batches, (diff_augment, *mixing) = augmented(preset, device)
    net = Net().to(device)
    drawn = DrawnFeatures(head=net.head, augmenter=Zeros(), chance=torch.ones(2) / 2, ratio=0.5, seed=0)
    learner = SupervisedLearner(
        model=net,
        to_input=ToModelInput(CLIP).to(device),
        loss=TrainingLoss(criterion=ClassificationLoss(focal=1.0), model=net, drawn=drawn, l2=1e-4),
        ops=[diff_augment, GeneratedTargets(num_real=9, num_classes=2, confidence=torch.ones(99)), *mixing],
        metrics=Classify().batch_metrics,
    )
    return make_trainer(
        task=learner,
        batches=batches,
        accumulate=2,
        ema_decay=0.9,
        max_grad_norm=1.0,
        precision=Precision("fp32", device=device),
        cadence={"stop_step": 99, "eval_every": 99, "log_every": 99},
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_no_step_waits_for_the_device(make_trainer, preset):
    trainer = all_at_once(make_trainer, preset, META)
    with NoHostSyncs(), pytest.raises(StopIteration):
        trainer.fit()
    assert trainer.step == 3


@pytest.mark.gpu
@pytest.mark.parametrize("preset", PRESETS)
def test_no_step_waits_for_a_gpu(make_trainer, preset):
    trainer = all_at_once(make_trainer, preset, torch.device("cuda"))
    torch.cuda.set_sync_debug_mode("error")
    try:
        with pytest.raises(StopIteration):
            trainer.fit()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert trainer.step == 3
