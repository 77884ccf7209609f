"""What ``auto`` means for the length of the schedule, the moving average, label smoothing and the learning rate.

The rules were worked out on validation splits of several kinds of data: docs/results.md, "Defaults".
"""

import math
from dataclasses import replace

from torch import nn

from videoai.inference.initial_weights import published_id
from videoai.run.training.choose_model import AUTO
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Setup

STEPS_PER_ROOT = 70  # steps of 16 clips = 70 x the root of the number of training clips
USUAL_STEPS, USUAL_EPOCHS = 2000, 20  # not more than the larger of the two
FEWEST_EPOCHS = 10
FINETUNE_EPOCHS = 15
USUAL_BATCH = 16  # clips of a step that the rules are for
LABEL_SMOOTHING = 0.1  # arXiv:1512.00567, section 7
AVERAGED_SHARE = 1 / 12  # the moving average of the weights remembers this share of the schedule

# The learning rate for steps of 16 clips.
SMALL_MODEL = 2.5e6  # parameters, below which networks of convolutions bear a higher rate
RATES = {
    "adamw": {"small": 0.004, "large": 0.0005, "finetune": 0.0003},
    "sgd": {"small": 0.05, "large": 0.05, "finetune": 0.01},
}


def with_schedule(setup: Setup) -> Setup:
    """The setup with numbers in the place of ``auto`` in trainer.max_epochs, ema_decay and label_smoothing."""
    settings = setup.settings
    if not isinstance(settings, TrainSettings):
        return setup
    trainer, changes = settings.trainer, {}
    steps_per_epoch = setup.steps_per_epoch
    epochs = trainer.max_epochs
    if epochs == AUTO:
        epochs = changes["max_epochs"] = fitted_epochs(settings, len(setup.train_items))
    if trainer.label_smoothing == AUTO:
        changes["label_smoothing"] = LABEL_SMOOTHING
    if trainer.ema_decay == AUTO:
        total = math.ceil(epochs * steps_per_epoch) if epochs is not None else trainer.max_steps
        changes["ema_decay"] = fitted_decay(total)
    return replace(setup, settings=replace(settings, trainer=replace(trainer, **changes)))


def fitted_epochs(settings: TrainSettings, num_clips: int) -> float:
    """Epochs that make as many steps as a set of this size wants; in larger steps as many clips."""
    if published_id(settings) or settings.weights:
        return FINETUNE_EPOCHS
    steps_per_epoch = num_clips / USUAL_BATCH
    most = max(USUAL_STEPS, USUAL_EPOCHS * steps_per_epoch)
    steps = min(STEPS_PER_ROOT * math.sqrt(num_clips), most)
    return math.ceil(max(steps / steps_per_epoch, FEWEST_EPOCHS))


def decay_of(settings: TrainSettings | TrainGanSettings) -> float | None:
    """trainer.ema_decay after ``with_schedule``, which leaves no ``auto``."""
    decay = settings.trainer.ema_decay
    return None if decay is None else float(decay)


def fitted_decay(total_steps: int | None) -> float | None:
    """The share that the moving average keeps at each step; None for a run without a known end."""
    return None if total_steps is None else round(min(0.9999, max(0.9, 1 - 1 / (AVERAGED_SHARE * total_steps))), 4)


def with_learning_rate(setup: Setup, model: nn.Module) -> Setup:
    """The setup with a number in the place of ``auto`` in optim.lr.

    Adam's rate grows with the root of the clips of a step (arXiv:2205.10287), that of SGD with their number
    (arXiv:1706.02677).
    """
    settings = setup.settings
    if not isinstance(settings, TrainSettings) or settings.optim.get("lr") != AUTO:
        return setup
    optimizer, larger = settings.optim["name"], setup.batch_size * settings.trainer.accumulate / USUAL_BATCH
    small = sum(parameter.numel() for parameter in model.parameters()) <= SMALL_MODEL
    kind = "finetune" if published_id(settings) or settings.weights else "small" if small else "large"
    rate = RATES[optimizer][kind] * (math.sqrt(larger) if optimizer == "adamw" else larger)
    return replace(setup, settings=replace(settings, optim={**settings.optim, "lr": float(f"{rate:.3g}")}))
