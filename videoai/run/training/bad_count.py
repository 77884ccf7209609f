"""Unreadable training videos are counted, and stop a run when they are too many."""

import logging
from collections import Counter
from collections.abc import Sequence

from videoai.core import distributed
from videoai.core.types import Clips
from videoai.data.lists.manifest import Manifest

logger = logging.getLogger(__name__)

SHARE_EVERY = 50  # micro-batches; several processes then tell each other what they could not read
MAX_CLASS_LOSS = 0.2  # unreadable share of one class; whole classes go when one recorder or one archive is broken


class BadCount:
    """Counts the distinct unreadable training videos and stops the run when they are too many, of all or of a class.

    Processes that train together call it equally often, and count those of all.
    """

    def __init__(self, manifest: Manifest, max_fraction: float) -> None:
        self.manifest, self.max_fraction = manifest, max_fraction
        self.items = manifest.splits["train"]
        self.num_of_class = self.items.count_labels(len(manifest.classes)).tolist()
        self.seen: dict[int, str] = {}
        self.seen_of_class: Counter[int] = Counter()
        self.seen_generated: set[int] = set()
        self.num_calls = 0
        self.untold: dict[int, str] = {}  # what other processes do not know yet

    def __call__(self, clips: Clips) -> None:
        """Raises: ValueError: more than ``max_fraction`` of the training videos are unreadable, or MAX_CLASS_LOSS of a
        class."""
        for index, error in zip(clips.index.tolist(), clips.error, strict=True):
            if error and index not in self.seen and index >= len(self.items):
                self.seen_generated.add(index)
                logger.warning("unreadable generated clip (%d so far): %s", len(self.seen_generated), error)
            elif error and index not in self.seen:
                self.untold[index] = error
                self._count(index, error)
        self.num_calls += 1
        if self.num_calls % SHARE_EVERY == 0:
            told = [news for process in distributed.from_all(self.untold) for news in process.items()]
            self.untold = {}
            for index, error in told:
                if index not in self.seen:
                    self._count(index, error)

    def _count(self, index: int, error: str) -> None:
        self.seen[index] = error
        labels = self.items[index].labels
        self.seen_of_class.update(labels)
        logger.warning("unreadable, another video stands in (%d so far): %s", len(self.seen), error)
        self._refuse_too_many(labels)

    def _refuse_too_many(self, labels: Sequence[int]) -> None:
        last = f"the last: {list(self.seen.values())[-1]}. Mend or remove them"
        if len(self.seen) > self.max_fraction * len(self.items):
            raise ValueError(
                f"{len(self.seen)} of {len(self.items)} training videos are unreadable, more than "
                f"loading.max_bad_fraction={self.max_fraction:g}; {last}, or raise the limit."
            )
        for label in labels:
            bad, total = self.seen_of_class[label], self.num_of_class[label]
            if bad > 1 and bad > max(MAX_CLASS_LOSS, self.max_fraction) * total:  # one of a class of four is bad luck
                raise ValueError(
                    f"{bad} of the {total} training videos of '{self.manifest.classes[label]}' are unreadable: other "
                    f"classes stand in for them, and the model would hardly see this one; {last}."
                )
