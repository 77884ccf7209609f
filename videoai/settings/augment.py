"""What is done to training clips (``augment``), and against classes of unequal size (``imbalance``)."""

from dataclasses import dataclass
from typing import Any, Literal

from videoai.settings.setting import setting

Policy = Literal["randaugment", "trivial", "autoaugment"]
FeatureAugmenter = Literal["gaussian", "feature_mixup", "smote", "feature_gan"]
DiffOperation = Literal["color", "translation", "cutout"]
Sampler = Literal["uniform", "sqrt", "balanced"]
RANDAUGMENT = "augment.policy=randaugment"
Nodes = tuple[dict[str, Any], ...]  # {_target_: package.module.Class, ...}


@dataclass(frozen=True, kw_only=True)
class AugmentSettings:
    """What is done to training clips. Mirrored and reversed clips: data.flip and data.reverse, which change labels."""

    scale: tuple[float, ...] = setting(
        (1.0, 1.0), above=0, max=1, length=2, ordered=True, help="share of the frame's area that a random crop covers"
    )
    ratio: tuple[float, ...] = setting((1.0, 1.0), above=0, length=2, ordered=True, help="width / height of the crop")
    shift: float = setting(0.0, min=0, max=1, help="the clip moves by up to this share of its side, black moves in")
    color_jitter: float = setting(
        0.0, min=0, max=1, help="brightness, contrast, saturation by a factor in [1 - x, 1 + x]"
    )
    policy: Policy | None = setting(None, help="operations on the pixels")
    num_ops: int = setting(2, min=1, needs=RANDAUGMENT, help="operations of randaugment")
    magnitude: int = setting(9, min=0, max=30, needs=RANDAUGMENT, help="strength of randaugment")
    erase: float = setting(0.0, min=0, max=1, help="probability of an erased box, the same in every frame")
    mixup: float = setting(0.0, min=0, help="alpha of the Beta distribution (arXiv:1710.09412); 0 = off")
    cutmix: float = setting(0.0, min=0, help="likewise (arXiv:1905.04899); with both a coin decides for each batch")
    diff_augment: tuple[DiffOperation, ...] = setting(
        (), help="DiffAugment of a classifier's batch: color, translation, cutout (arXiv:2006.10738)"
    )
    speed: float = setting(1.0, min=1, max=8, help="the clip runs up to this many times faster or slower; 1 = off")
    time_jitter: float = setting(
        0.0,
        min=0,
        max=1,
        needs="clip.sampling=dense",
        help="each frame of a dense clip moves by up to this share of half the way to the next",
    )
    frame_drop: float = setting(0.0, min=0, max=0.9, help="share of frames that are lost: the frame before is held")
    repeats: int = setting(1, min=1, help="clips of each drawn video, from one decoding pass")
    repeats_in: Literal["batch", "steps"] = setting(
        "batch",
        needs="augment.repeats>1",
        help="batch = all of them in one batch; steps = one in each of as many consecutive steps",
    )
    features: FeatureAugmenter | None = setting(
        None, help="features drawn beside each batch, of a frozen body; docs/gan.md"
    )
    feature_ratio: float = setting(1.0, above=0, needs="augment.features", help="drawn features for each clip")
    feature_classes: Literal["all", "rare", "balanced"] = setting(
        "all",
        needs="augment.features",
        help="as often as in the data; balanced = all alike; rare = those with less than half of the largest",
    )
    clip_transforms: Nodes = setting((), help="your own, on uint8 [T, C, H, W] in the worker: [{_target_: pkg.Class}]")
    batch_ops: Nodes = setting((), help="your own, on the batch on the device: [{_target_: pkg.Class}]")


@dataclass(frozen=True, kw_only=True)
class ImbalanceSettings:
    """For classes of very different sizes. Compare by mean class accuracy: docs/augmentation.md"""

    sampler: Sampler = setting(
        "uniform",
        help="uniform = every video once an epoch; sqrt = by the root of a class's size; balanced = equally often",
    )
    balanced_softmax: bool | Literal["auto"] = setting(
        "auto",
        auto=True,
        help="true = adds the log of each class's share to its logit (arXiv:2007.10740); auto = in sets of emotions, "
        "where the largest class has 10 times the clips of the smallest",
    )
    effective_number: float = setting(  # 1 itself divides by zero
        0.0, min=0, max=0.999999, help="beta: weights (1 - beta) / (1 - beta^n) in the loss (arXiv:1901.05555); 0 = off"
    )
    pos_weight: float = setting(
        0.0, min=0, max=1, help="several labels: positives weigh (negatives / positives) ** this; 0 = off"
    )
    focal: float = setting(0.0, min=0, help="gamma, less weight for what is right already (arXiv:1708.02002); 0 = off")
    gamma_neg: float = setting(
        0.0,
        min=0,
        help="several labels, asymmetric loss (arXiv:2009.14119): gamma of the negatives, such as 4; 0 = off",
    )
    gamma_pos: float = setting(0.0, min=0, help="several labels, asymmetric loss: gamma of the positives, 0 or 1")
    margin: float = setting(
        0.0, min=0, below=1, help="several labels, asymmetric loss: negatives below it cost nothing, such as 0.05; clip"
    )

    def __post_init__(self) -> None:
        """Raises: ValueError: two losses at once."""
        asymmetric = {key: getattr(self, key) for key in ("gamma_neg", "gamma_pos", "margin") if getattr(self, key)}
        if self.focal and asymmetric:
            key, value = next(iter(asymmetric.items()))
            raise ValueError(
                f"imbalance.focal={self.focal:g} with imbalance.{key}={value:g}: focal loss is the asymmetric one with "
                "one gamma for both. Set imbalance.focal=0, or leave the others out."
            )


def check_repeats(augment: AugmentSettings, batch_size: int | Literal["auto"]) -> None:
    """Raises: ValueError: the clips of a video do not fit into one batch."""
    if augment.repeats_in == "batch" and batch_size != "auto" and batch_size % augment.repeats:
        raise ValueError(
            f"augment.repeats={augment.repeats}: all clips of a video stand in one batch, so trainer.batch_size="
            f"{batch_size} must be a multiple of it, or augment.repeats_in=steps."
        )
