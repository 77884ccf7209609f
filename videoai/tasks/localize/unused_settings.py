"""Settings that mean nothing to a task of frames are refused, so that none is ignored without a word."""

from videoai.settings.training import TrainSettings


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
            more = " Its own heads are task.head=ms_tcn, local_attention, linear." if key == "finetune.head" else ""
            raise ValueError(f"{key}={value} means nothing to task=localize, whose labels belong to frames.{more}")
