"""The task of a checkpoint that answers for videos: classes of a clip, or events on a timeline."""

from collections.abc import Mapping, Sequence
from typing import Any

from videoai.tasks import task_of
from videoai.tasks.localize.task import Localize
from videoai.tasks.supervised import SupervisedTask, scoring_task


def answering_task(state: Mapping[str, Any], source: str, *, trust: Sequence[str] = ()) -> SupervisedTask | Localize:
    """Raises: ValueError: it answers nothing, as that of a GAN."""
    task = task_of(state, trust=trust)
    return task if isinstance(task, Localize) else scoring_task(state, source, trust=trust)
