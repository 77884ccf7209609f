"""Made splits: which clips train and which evaluate. Groups never cross a split, and stay where they are as sets grow.

Clips cut from one source video, or showing one person, look alike. When they fall on both sides of a split the score
flatters: by about four points on a surveillance data set of 300 clips. Hence whole groups are assigned, never clips.

A group that never moves can depend on nothing but itself: on a number drawn from the seed and its name. Shares are then
met on average only. docs/architecture.md says what that costs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.messages import pluralize
from videoai.core.seeding import seeds_for
from videoai.data.lists.items import Items


def group_numbers(items: Items) -> ndarray:
    """int64 [N], the group of each item. An item without a group belongs to its file; groups that share a file are one.

    The number of a file is its index in items.files; groups count on from there, as in items.groups. Where some are
    one, the smallest number stands for all, whatever the order of the items.
    """
    num_files = len(items.files)
    numbers = np.where(items.group < 0, items.file, num_files + items.group.astype(np.int64))
    standing_for = np.arange(num_files + len(items.groups))
    smallest = np.full(num_files, len(standing_for))  # the smallest number of those that share a file
    np.minimum.at(smallest, items.file, numbers)
    smallest = smallest[items.file]
    others = numbers != smallest
    parent: dict[int, int] = {}
    for one, other in set(zip(smallest[others].tolist(), numbers[others].tolist(), strict=True)):
        one, other = _root(parent, one), _root(parent, other)
        if one != other:
            parent[max(one, other)] = min(one, other)
    standing_for[list(parent)] = [_root(parent, number) for number in list(parent)]
    return standing_for[numbers]


def split_groups(items: Items, fractions: Mapping[str, float], seed: int) -> dict[str, Items]:
    """Assigns each group by a number in 0 .. 1 that is drawn from the seed and the group's name: the lowest are test,
    the next val, the rest train. Groups that come later move none of those that are there, but for these:

    - A class without a group in train gets the one with its highest number, until others come.
    - A class without a group in test or val, though its share rounds to one or more, gets the one with the lowest
      number that train can spare: a stand-in, which goes back to train when others come. So does an empty split.

    Args:
        items: in any order; the result does not depend on it.
        fractions: share of the groups per split, summing to 1, with "train" among them.
    Returns:
        every item exactly once, each split in order.
    Raises:
        ValueError: impossible fractions, or too few groups to fill every split.
    """
    _check_fractions(fractions)
    items = items[items.in_order()]
    numbers, group_of = np.unique(group_numbers(items), return_inverse=True)
    drawn = seeds_for(seed, "split number", ends=_names(items, numbers)) / 2.0**63
    made = [split for split in [*fractions][::-1] if split != "train"]  # test first, so that val_fraction leaves it
    home = np.searchsorted(np.cumsum([fractions[split] for split in made]), drawn, side="right")
    groups, train = _hold_classes(group_of, items, drawn), len(made)
    _keep_classes_in_train(groups, home, train)
    for split, name in enumerate(made):
        _stand_in(groups, home, split, train, fractions[name])
    if not np.bincount(home, minlength=len(fractions)).all():
        raise _too_few(home, fractions, unit_of(items))
    return {split: items[home[group_of] == [*made, "train"].index(split)] for split in fractions}


def count_shared_groups(splits: Mapping[str, Items]) -> Counter[tuple[str, str]]:
    """Groups with clips in two splits, per pair of splits: a model recognises there what it has already seen."""
    numbers = group_numbers(Items.join(list(splits.values())))
    ends = np.cumsum([len(items) for items in splits.values()])
    present = {
        split: np.bincount(part, minlength=numbers.max(initial=0) + 1) > 0
        for split, part in zip(splits, np.split(numbers, ends), strict=False)
    }
    shared = {(one, two): int((present[one] & present[two]).sum()) for one, two in combinations(splits, 2)}
    return Counter({pair: count for pair, count in shared.items() if count})


def unit_of(*parts: Items) -> str:
    """What splits keep whole, in a word: a group where any are named, else a video with all its clips."""
    return "group" if any((items.group >= 0).any() for items in parts) else "video"


class _Groups(NamedTuple):
    """Which classes G groups hold. Each holds one more, the last, which stands for anything at all."""

    order: ndarray  # int64 [G], groups with low numbers first
    group: ndarray  # int64 [P], in order
    label: ndarray  # int64 [P], a class that the group holds
    starts: ndarray  # int64 [G + 1], where the classes of each group stand
    num_classes: int

    def labels(self, group: int) -> ndarray:
        return self.label[self.starts[group] : self.starts[group + 1]]

    def per_class(self, chosen: ndarray) -> ndarray:
        """int64 [K], how many of the groups bool [G] hold each class."""
        return np.bincount(self.label[chosen[self.group]], minlength=self.num_classes)

    def holding(self, lacking: ndarray) -> ndarray:
        """The groups that hold one of the classes bool [K], those with low numbers first."""
        return self.order[np.isin(self.order, self.group[lacking[self.label]])]


def _hold_classes(group_of: ndarray, items: Items, drawn: ndarray) -> _Groups:
    """A clip with several labels counts in each of their classes."""
    clip, label = items.label_pairs()
    num_classes = int(label.max(initial=-1)) + 2
    anything = np.arange(1, len(drawn) + 1) * num_classes - 1
    keys = np.unique(np.concatenate([group_of[clip] * num_classes + label, anything]))
    group, label = np.divmod(keys, num_classes)
    starts = np.searchsorted(group, np.arange(len(drawn) + 1))
    return _Groups(drawn.argsort(kind="stable"), group, label, starts, num_classes)


def _keep_classes_in_train(groups: _Groups, home: ndarray, train: int) -> None:
    lacking = (groups.per_class(home == train) == 0) & (groups.per_class(home >= 0) > 0)
    for group in groups.holding(lacking)[::-1]:
        if lacking[labels := groups.labels(group)].any():
            home[group], lacking[labels] = train, False


def _stand_in(groups: _Groups, home: ndarray, split: int, train: int, share: float) -> None:
    """The lowest first, whatever the classes' numbers: a group that comes later can only make a stand-in needless."""
    counts = np.stack([groups.per_class(home == each) for each in range(train + 1)])
    total = counts.sum(0)
    is_due = (total * share >= 0.5) & (total > train)
    is_due[-1] = True
    lacking = is_due & (counts[split] == 0)
    candidates = groups.holding(lacking)
    in_train = home[candidates] == train
    for group in [*candidates[in_train], *candidates[~in_train]]:
        labels, now = groups.labels(group), home[group]
        is_needed = (counts[now, labels] < 2) & (is_due[labels] | (now == train))
        if lacking[labels].any() and not is_needed.any():
            home[group], lacking[labels] = split, False
            counts[now, labels] -= 1


def _too_few(home: ndarray, fractions: Mapping[str, float], unit: str) -> ValueError:
    more = "clips of other groups" if unit == "group" else "videos"
    spare = "test" in fractions and len(np.unique(home)) > 1  # what there is beside train would do for val
    return ValueError(
        f"{pluralize(len(home), unit)} cannot fill {', '.join(fractions)} and keep every "
        f"class in train: add {more}{', or set test_fraction to 0' if spare else ''}"
    )


def _names(items: Items, numbers: ndarray) -> Iterator[bytes]:
    """The texts from which seeds are drawn, in UTF-8."""
    num_files = len(items.files)
    files, groups = numbers[numbers < num_files], numbers[numbers >= num_files] - num_files
    for kind, texts, which in ((b"file ", items.files, files), (b"group ", items.groups, groups)):
        for name in texts.encoded(which):
            yield kind + (name if name.isascii() else _as_utf8(name))


def _as_utf8(name: bytes) -> bytes:
    """A file name need not be UTF-8; the seed rule hashes text that is."""
    text = name.decode("utf-8", "surrogatepass").encode("utf-8", "surrogateescape")
    return text.decode("utf-8", "backslashreplace").encode()


def _root(parent: dict[int, int], number: int) -> int:
    while number in parent:
        above = parent[number]
        parent[number] = parent.get(above, above)
        number = above
    return number


def _check_fractions(fractions: Mapping[str, float]) -> None:
    given = ", ".join(f"{split} {fraction:g}" for split, fraction in fractions.items())
    if "train" not in fractions:
        raise ValueError(f"fractions: got {given}; one of them must be train")
    if min(fractions.values()) <= 0 or abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError(f"fractions: got {given}; each must be above 0 and together they must make 1")
