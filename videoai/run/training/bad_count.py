"""Unreadable training videos are counted, and stop a run when they are too many."""

import logging
from collections import Counter
from collections.abc import Sequence

from videoai.core import process_group
from videoai.core.types import Clips
from videoai.data.lists.manifest import Manifest

logger = logging.getLogger(__name__)

SHARE_EVERY = 50  # micro-batches; several processes then tell each other what they could not read
MAX_CLASS_LOSS = 0.2  # unreadable share of one class; whole classes go when one recorder or one archive is broken


class BadCount:
    """Counts the distinct unreadable training videos and stops the run when they are too many, in total or in a class.

    Processes that train together call it equally often, and count those of all.
    """

    def __init__(self, manifest: Manifest, max_fraction: float) -> None:
        self.manifest, self.max_fraction = manifest, max_fraction
        self.items = manifest.splits["train"]
        self.num_of_class = self.items.count_labels(len(manifest.classes)).tolist()
        self.bad: dict[int, str] = {}
        self.bad_of_class: Counter[int] = Counter()
        self.bad_generated: set[int] = set()
        self.num_calls = 0
        self.unshared: dict[int, str] = {}  # not yet sent to the other processes

    def __call__(self, clips: Clips) -> None:
        """Raises: ValueError: more than ``max_fraction`` of the training videos are unreadable, or MAX_CLASS_LOSS of a
        class."""
        for index, error in zip(clips.index.tolist(), clips.error, strict=True):
            if error and index not in self.bad and index >= len(self.items):
                self.bad_generated.add(index)
                logger.warning("unreadable generated clip (%d so far): %s", len(self.bad_generated), error)
            elif error and index not in self.bad:
                self.unshared[index] = error
                self._count(index, error)
        self.num_calls += 1
        if self.num_calls % SHARE_EVERY == 0:
            errors = [news for process in process_group.all_gather(self.unshared) for news in process.items()]
            self.unshared = {}
            for index, error in errors:
                if index not in self.bad:
                    self._count(index, error)

    def _count(self, index: int, error: str) -> None:
        self.bad[index] = error
        labels = self.items[index].labels
        self.bad_of_class.update(labels)
        logger.warning("unreadable, replaced by a random substitute (%d so far): %s", len(self.bad), error)
        self._check_limits(labels)

    def _check_limits(self, labels: Sequence[int]) -> None:
        last = f"the last: {list(self.bad.values())[-1]}. Repair or remove them"
        if len(self.bad) > self.max_fraction * len(self.items):
            raise ValueError(
                f"{len(self.bad)} of {len(self.items)} training videos are unreadable, more than "
                f"loading.max_bad_fraction={self.max_fraction:g}; {last}, or raise the limit."
            )
        for label in labels:
            bad, total = self.bad_of_class[label], self.num_of_class[label]
            if bad > 1 and bad > max(MAX_CLASS_LOSS, self.max_fraction) * total:  # one of a class of four is bad luck
                raise ValueError(
                    f"{bad} of the {total} training videos of '{self.manifest.classes[label]}' are unreadable and "
                    f"would be replaced by other classes, so that this one is under-represented; {last}."
                )
