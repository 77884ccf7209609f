"""Made splits: which clips train and which evaluate. Groups never cross a split; the choice depends on the seed only.

Clips cut from one source video, or showing one person, look alike. When they fall on both sides of a split the score
flatters: by about four points on a surveillance data set of 300 clips. Hence whole groups are assigned, never clips.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from operator import add
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
    """Deals whole groups to splits so that sizes and class shares come near the fractions.

    Larger groups go first, equal ones in an order drawn from the seed and the group's name. Each goes to the split that
    lacks most: the clips missing in its own classes plus the clips missing per class over all. Every class keeps at
    least one group in train and every split gets at least one group.

    Args:
        items: in any order; the result does not depend on it.
        fractions: share of the clips per split, summing to 1, with "train" among them.
    Returns:
        every item exactly once, each split in order.
    Raises:
        ValueError: impossible fractions, or too few groups to fill every split.
    """
    _check_fractions(fractions)
    items = items[items.in_order()]
    numbers, group_of = np.unique(group_numbers(items), return_inverse=True)
    groups = _count_classes(group_of, items)
    drawn = seeds_for(seed, "split", ends=_names(items, numbers))
    order = np.lexsort((drawn, -groups.sizes)).tolist()  # equal draws: by number, which is by name
    home = _deal(groups, order, fractions)
    _fill_empty_splits(groups, order, home, fractions, unit_of(items))
    home_of = np.array(home)[group_of]
    return {split: items[home_of == index] for index, split in enumerate(fractions)}


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
    """How many clips of which class each group holds."""

    sizes: ndarray  # int64 [G], clips
    starts: ndarray  # int64 [G + 1]
    pairs: list[tuple[int, int]]  # (label, clips), those of one group side by side, in the order of the items
    per_class: ndarray  # int64 [K], groups that hold the class
    clips_per_class: ndarray  # int64 [K]

    def classes(self, group: int) -> list[tuple[int, int]]:
        return self.pairs[self.starts[group] : self.starts[group + 1]]


def _count_classes(group_of: ndarray, items: Items) -> _Groups:
    """A clip with several labels counts in each of their classes."""
    clip, label = items.label_pairs()
    num_labels = int(label.max(initial=0)) + 1
    keys, first_index, counts = np.unique(group_of[clip] * num_labels + label, return_index=True, return_counts=True)
    order = np.lexsort((first_index, keys // num_labels))
    one_of_each: dict[tuple[int, int], tuple[int, int]] = {}  # most of a million groups are alike
    pairs = [
        one_of_each.setdefault(pair, pair)
        for pair in zip((keys % num_labels)[order].tolist(), counts[order].tolist(), strict=True)
    ]
    sizes = np.bincount(group_of)
    starts = np.searchsorted(keys // num_labels, np.arange(len(sizes) + 1))
    return _Groups(sizes, starts, pairs, np.bincount(keys % num_labels), np.bincount(label))


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


def _deal(groups: _Groups, order: list[int], fractions: Mapping[str, float]) -> list[int]:
    """The index of the split of each group, in one greedy pass."""
    shares, train = list(fractions.values()), list(fractions).index("train")
    groups_left, num_clips = groups.per_class.tolist(), groups.clips_per_class.tolist()
    num_classes = int((groups.per_class > 0).sum())
    missing = [[share * n for share in shares] for n in num_clips]
    missing_per_class = [share * int(groups.sizes.sum()) / num_classes for share in shares]
    in_train: set[int] = set()
    home = [train] * len(order)
    # Picked up front, because each look into a list of a million at random waits for memory.
    sizes, starts, ends = (column[order].tolist() for column in (groups.sizes, groups.starts[:-1], groups.starts[1:]))
    for group, size, start, end in zip(order, sizes, starts, ends, strict=True):
        classes = groups.pairs[start:end]
        if size == len(classes) == 1:  # the same as below in a third of the time: most of a million groups are one clip
            lacks = list(map(add, missing[classes[0][0]], missing_per_class))
        else:
            lacks = [
                sum([n * missing[label][split] for label, n in classes]) / size + rest
                for split, rest in enumerate(missing_per_class)
            ]
        split = lacks.index(max(lacks))
        if split != train and any(groups_left[label] == 1 and label not in in_train for label, _ in classes):
            split = train  # the last chance of the class to be learnt at all
        home[group] = split
        missing_per_class[split] -= size / num_classes
        for label, n in classes:
            missing[label][split] -= n
            groups_left[label] -= 1
            if split == train:
                in_train.add(label)
    return home


def _fill_empty_splits(
    groups: _Groups, order: list[int], home: list[int], fractions: Mapping[str, float], unit: str
) -> None:
    """Moves the smallest group that can be spared into each split that came out empty."""
    train = list(fractions).index("train")
    for empty in sorted({*range(len(fractions))} - {*home}):
        num_groups = Counter(home)
        in_train = Counter(label for group in order if home[group] == train for label, _ in groups.classes(group))
        for group in reversed(order):
            spared = num_groups[home[group]] > 1
            if home[group] == train:
                spared = spared and all(in_train[label] > 1 for label, _ in groups.classes(group))
            if spared:
                home[group] = empty
                break
        else:
            more = "clips of other groups" if unit == "group" else "videos"
            spare = "test" in fractions and len(num_groups) > 1  # what there is beside train would do for val
            raise ValueError(
                f"{pluralize(len(order), unit)} cannot fill {', '.join(fractions)} and keep every "
                f"class in train: add {more}{', or set test_fraction to 0' if spare else ''}"
            )
