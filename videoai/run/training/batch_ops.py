"""The operations that a batch of training passes through on the device, in their order."""

from collections.abc import Sequence

from videoai.core.build import build_own
from videoai.core.types import BatchOp
from videoai.data.augment.mix import Mix
from videoai.data.normalize import ToModelInput
from videoai.run.training.generated_clips import Synthetic
from videoai.tasks.diff_augment import DiffAugment
from videoai.tasks.task import Setup


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
    ops += build_own(augment.batch_ops, where="augment.batch_ops")
    if generated:
        ops.append(generated.targets)
    if augment.mixup or augment.cutmix:
        ops.append(Mix(num_classes=len(setup.outputs), mixup=augment.mixup, cutmix=augment.cutmix, seed=seed))
    return ops
