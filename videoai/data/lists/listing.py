"""Clips as a reader gives them, before labels and splits are resolved: what every reader hands to the manifest."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, NoReturn

import numpy as np
from numpy import ndarray

from videoai.core.messages import pluralize
from videoai.core.paths import composed
from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.clip_table import Column
from videoai.data.lists.items import Items, Vocabulary
from videoai.data.lists.target_columns import Kinds, TargetColumn, label_of_votes, read_targets

SPLITS = ("train", "val", "test")
# In lower case. What is called eval or dev is looked at during training, as val is.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev", "eval", "evaluation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


class NamedSpan(NamedTuple):
    """One of several labels of a clip as found, the class by name. For the times see LabelSpan."""

    label: str
    start_seconds: float = 0.0
    end_seconds: float | None = None
    is_known: bool = True


class Row(NamedTuple):
    """One clip as found, the class by name."""

    path: str  # below the root, or absolute when it lies elsewhere
    label: str  # "" where spans name the labels
    split: str | None = None  # one of SPLITS
    group: str | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None
    line: int = 0
    spans: tuple[NamedSpan, ...] | None = None  # in a multi-label set
    targets: tuple[str, ...] = ()  # what stands in the columns of targets, checked already


@dataclass(frozen=True)
class Listing:
    """Rows in columns, in the order found."""

    items: Items  # labels are indices into names
    names: list[str]  # class names, in any order; may hold more than the items use
    split: ndarray  # int8 [N], index into SPLITS, -1 = not said
    columns: tuple[TargetColumn, ...] = ()  # what items.values are

    @classmethod
    def of(cls, rows: Iterable[Row], root: str, kinds: Kinds | None = None) -> "Listing":
        """Gathers rows as they come: no list of them is made. kinds: of the columns of targets that rows hold."""
        names, split, cells = Vocabulary(), array("b"), [list[str]() for _ in kinds or ()]

        def labelled() -> Iterator[VideoItem]:
            for row in rows:
                split.append(-1 if row.split is None else SPLITS.index(row.split))
                for texts, text in zip(cells, row.targets, strict=True):
                    texts.append(composed(text))
                label, spans = MULTI_LABEL, None
                if row.spans is None:
                    label = names[composed(row.label)]
                else:
                    spans = tuple(LabelSpan(names[composed(span.label)], *span[1:]) for span in row.spans)
                yield VideoItem(row.path, label, row.start_seconds, row.end_seconds, row.group, spans)

        items = Items.of(labelled(), root)
        listing = cls(items, list(names), np.array(split, np.int8))
        return (
            listing
            if not kinds or not len(items)
            else listing.with_targets(dict(zip(kinds, cells, strict=True)), kinds)
        )

    def with_targets(self, cells: Mapping[str, list[str]], kinds: Kinds) -> "Listing":
        """With the columns of targets; a clip of votes is of the class that has the most."""

        def fail(line: int, problem: str) -> NoReturn:
            raise ValueError(f"{self.items[line].path}: {problem}")

        block, columns = read_targets({name: Column.of(texts) for name, texts in cells.items()}, kinds, fail)
        items, names = replace(self.items, values=block), self.names
        if voted := label_of_votes(block, columns):
            items, names = replace(items, label=voted.codes), voted.texts
        return replace(self, items=items, names=names, columns=columns)


class Together(NamedTuple):
    """A setting of data that would keep the clips of one person or source in one split, and that nobody has set."""

    setting: str
    value: str
    why: str  # what says so, with a verb: "the column person names 12 groups of clips"


class ReadClips(NamedTuple):
    """The result of a reader."""

    clips: Listing
    has_test_split: bool  # whether it also says which clips, if any, are for testing; if not, a test split may be made
    notes: list[str]
    together: Together | None = None


def label_notes(items: Items) -> list[str]:
    """What to say about the labels of multi-label items, fresh from a reader."""
    clip, _ = items.label_pairs()
    num_labels = np.bincount(clip, minlength=len(items))
    notes = [f"multi-label: {num_labels.mean():.1f} labels a clip, {num_labels.max(initial=0)} at most."]
    if (num_none := int((num_labels == 0).sum())) > 0:
        notes.append(f"{pluralize(num_none, 'clip has', 'clips have')} no label: examples of none of the classes.")
    return notes


def unknown_notes(items: Items, names: Sequence[str]) -> list[str]:
    """What to say about clips that were not annotated for some classes."""
    unknown = items.count_unknown(len(names))
    if not unknown.any():
        return []
    share = unknown.sum() / (len(items) * max(1, int((items.count_labels(len(names)) > 0).sum())))
    worst = int(unknown.argmax())
    return [
        f"not annotated: {unknown.sum()} pairs of a clip and a class ({share:.1%}), most of {names[worst]} "
        f"({unknown[worst]} of {pluralize(len(items), 'clip')}); they count neither in the loss nor in scores."
    ]


def group_notes(items: Items, grouped_by: str | None) -> list[str]:
    """What to say about the groups of items, fresh from a reader."""
    if grouped_by is None:
        return []
    num_alone = int((items.group < 0).sum())
    rest = f"; {pluralize(num_alone, 'clip')} without one, each for itself" if num_alone else ""
    return [f"clips with the same {grouped_by} stay together, {len(items.groups)} in number{rest}."]
