"""Settings that mean nothing to a task of frames are refused, so that none is ignored without a word."""

from videoai.events.proposals import EventSettings
from videoai.settings.training import TrainSettings

OWN_HEADS = " Its own heads are task.head=ms_tcn, local_attention, actionformer, linear."
ONE_SCORE = "task.head=actionformer gives each event one score. Leave it out."
ONE_GAMMA = "task.head=actionformer has focal loss with one gamma: imbalance.focal."
NO_MIXTURE = "task.head=actionformer learns where actions end, and a mixture of clips has no such ends. Leave it out."
NO_GAPS = "task.head=actionformer gives each event's ends, so there are no gaps to close. Leave it out."


def check_for_ends(settings: TrainSettings, events: EventSettings) -> None:
    """Raises: ValueError: settings that a head that gives the ends of actions has no use for."""
    imbalance, augment = settings.imbalance, settings.augment
    given = {
        "task.merge_seconds": (events.merge_seconds, 0.0, NO_GAPS),
        "task.low_threshold": (
            events.low_threshold,
            EventSettings.low_threshold,
            "An event has one score, and its ends.",
        ),
        "imbalance.gamma_pos": (imbalance.gamma_pos, 0.0, ONE_GAMMA),
        "imbalance.gamma_neg": (imbalance.gamma_neg, 0.0, ONE_GAMMA),
        "imbalance.margin": (imbalance.margin, 0.0, ONE_GAMMA),
        "trainer.label_smoothing": (settings.trainer.label_smoothing, 0.0, ONE_GAMMA),
        "augment.mixup": (augment.mixup, 0.0, NO_MIXTURE),
        "augment.cutmix": (augment.cutmix, 0.0, NO_MIXTURE),
    }
    for key, (value, off, why) in given.items():
        if value != off:
            raise ValueError(f"{key}={value:g}: {why}")


def check_settings(settings: TrainSettings) -> None:
    """Raises: ValueError: settings that a task of frames has no use for."""
    imbalance = settings.imbalance
    given = {
        "imbalance.sampler": (imbalance.sampler, "uniform"),
        "imbalance.effective_number": (imbalance.effective_number, 0.0),
        "imbalance.balanced_softmax": (imbalance.balanced_softmax, False),
        "imbalance.pos_weight": (imbalance.pos_weight, 0.0),
        "finetune.head": (settings.finetune.head, "linear"),
        "finetune.features": (settings.finetune.features, None),
        "augment.features": (settings.augment.features, None),
        "synthetic.source": (settings.synthetic.source, None),
    }
    for key, (value, off) in given.items():
        if value not in (off, "auto"):
            more = (
                " Its own heads are task.head=ms_tcn, local_attention, actionformer, linear."
                if key == "finetune.head"
                else ""
            )
            raise ValueError(f"{key}={value} means nothing to task=localize, whose labels belong to frames.{more}")
