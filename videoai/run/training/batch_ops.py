"""The operations that a batch of training passes through on the device, in their order."""

import logging
from collections.abc import Sequence
from functools import cache, partial

from videoai.core.build import build_own
from videoai.core.types import Batch, BatchOp
from videoai.data.augment.mix import Mix
from videoai.data.normalize import ToModelInput
from videoai.run.training.generated_clips import Synthetic
from videoai.tasks.diff_augment import DiffAugment
from videoai.tasks.task import Setup

logger = logging.getLogger(__name__)


def batch_ops(setup: Setup, to_input: ToModelInput, generated: Synthetic | None) -> Sequence[BatchOp]:
    """Generated clips fill the batch up; all of it is augmented, also by custom operations; then labels turn
    soft, and clips are mixed.

    Raises: ValueError: a custom operation cannot be built.
    """
    augment, seed = setup.settings.augment, setup.settings.seed
    ops: list[BatchOp] = []
    if generated and generated.generate:
        ops.append(generated.generate)
    if augment.diff_augment:
        ops.append(DiffAugment(augment.diff_augment, to_input=to_input, seed=seed))
    own = build_own(augment.batch_ops, where="augment.batch_ops", called_with=("batch", "position"))
    ops += [partial(checked, op) for op in own]
    if generated:
        ops.append(generated.targets)
    if augment.mixup or augment.cutmix:
        ops.append(Mix(num_classes=len(setup.outputs), mixup=augment.mixup, cutmix=augment.cutmix, seed=seed))
    return ops


def checked(op: BatchOp, batch: Batch, position: int) -> Batch:
    """A custom operation on a batch. Raises: ValueError: it returns no batch, or parts that do not fit together."""
    changed, name = op(batch, position), getattr(op, "__name__", type(op).__name__)
    if not isinstance(changed, Batch):
        raise ValueError(
            f"augment.batch_ops: {name} returned a {type(changed).__name__}; return the batch, such as "
            "batch._replace(video=...)."
        )
    before, after = tuple(batch.video.shape), tuple(changed.video.shape)
    lengths = {"video": len(changed.video), "label": len(changed.label), "index": len(changed.index)}
    if len({*lengths.values()}) > 1 or after[1:2] != before[1:2] or changed.video.dtype != batch.video.dtype:
        raise ValueError(
            f"augment.batch_ops: {name} returned video {changed.video.dtype} {list(after)}, and clips by part: "
            f"{lengths}. Keep {batch.video.dtype} [B, C, T, H, W] with C={before[1]}, and as many labels and indices "
            "as clips."
        )
    if before != after:
        say_changed(name, before, after)
    return changed


@cache
def say_changed(name: str, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Once for each change of size."""
    logger.info("augment.batch_ops: %s turns batches %s into %s", name, list(before), list(after))
