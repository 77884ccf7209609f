"""Labelled videos in columns: a million take some 100 MB, and worker processes share them.

A list of a million VideoItems is five million Python objects. Each process that only looks at one writes its reference
count, so that forked workers end up with a copy of all memory pages. A column is one block of numbers or bytes without
counts; an item is built when it is requested.
"""

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress, islice, pairwise, repeat
from operator import lt
from typing import Any, overload

import numpy as np
from numpy import ndarray

from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.label_sets import LabelSets

# Rows held as Python objects at a time. Python looks for garbage after 700 new ones (gc.get_threshold), and a look at
# all that torch has loaded takes long: with chunks of 4096 a table of a million lines took three times as long to read.
CHUNK = 512
DIFFERENT = "items have different numbers of values; each has one for every column of targets, None where it is missing"


class Vocabulary(dict[str, int]):
    """Integer codes of strings, 0, 1, 2, ... in order of appearance; ``vocabulary[text]`` adds a new one."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number

    def codes(self, texts: Sequence[str]) -> ndarray:
        """int32 [N], the number of each text."""
        return np.fromiter(map(self.__getitem__, texts), np.int32, len(texts))


class StringTable:
    """Strings in one block of bytes."""

    def __init__(self, block: ndarray, ends: ndarray) -> None:
        self.block = block.tobytes()  # bytes are sliced faster than an array
        self.ends = ends  # int64 [N + 1]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "StringTable":
        block, sizes = bytearray(), array("q", [0])
        rest = iter(texts)
        while chunk := list(islice(rest, CHUNK)):
            together = "".join(chunk)
            # A file name need not be UTF-8: Python then writes lone surrogates, which surrogatepass keeps.
            block += together.encode("utf-8", "surrogatepass")
            is_ascii = together.isascii()
            sizes.extend(map(len, chunk if is_ascii else [text.encode("utf-8", "surrogatepass") for text in chunk]))
        return cls(np.frombuffer(block, np.uint8), np.cumsum(sizes))

    @classmethod
    def sorted_from(cls, texts: Iterable[str], codes: ndarray) -> tuple["StringTable", ndarray]:
        """Those of the texts that the codes number, in order, and the codes as int32 indices into them; -1 = none
        stays. The texts differ."""
        texts = list(texts)
        used = np.bincount(codes[codes >= 0], minlength=len(texts)).astype(bool)
        index_of = np.full(len(texts) + 1, -1, np.int32)  # the last one answers -1
        texts = list(compress(texts, used.tolist()))
        if all(map(lt, texts, texts[1:])):  # as a sorted column gives them
            index_of[np.flatnonzero(used)] = np.arange(len(texts))
            return cls.of(texts), index_of[codes]
        order = np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int32)
        index_of[np.flatnonzero(used)[order]] = np.arange(len(texts))
        return cls.of(map(texts.__getitem__, order.tolist())), index_of[codes]

    def arrays(self) -> tuple[ndarray, ndarray]:
        """What `StringTable` is made of: uint8 [bytes], int64 [N + 1]."""
        return np.frombuffer(self.block, np.uint8), self.ends

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), CHUNK):
            ends = self.ends[start : start + CHUNK + 1].tolist()
            for begin, end in pairwise(ends):
                yield self.block[begin:end].decode("utf-8", "surrogatepass")

    def encoded(self, which: ndarray) -> Iterator[bytes]:
        """The bytes of the texts with these indices, int [M]."""
        for start in range(0, len(which), CHUNK):
            part = which[start : start + CHUNK]
            for begin, end in zip(self.ends[part].tolist(), self.ends[part + 1].tolist(), strict=True):
                yield self.block[begin:end]

    def __getitem__(self, index: int) -> str:
        return self.block[self.ends[index] : self.ends[index + 1]].decode("utf-8", "surrogatepass")


@dataclass(frozen=True, eq=False)
class Items(Sequence[VideoItem]):
    """A sequence of VideoItem, kept as columns. A slice, a mask or an array of indices selects Items.

    What was selected shares the texts with what it was selected from. Texts are sorted, so indices compare as they do.
    """

    files: StringTable  # paths below root, or absolute when they lie elsewhere; each once
    groups: StringTable  # names of groups; each once
    file: ndarray  # int32 [N], index into files
    label: ndarray  # int32 [N], the number of a class; in a multi-label set, of a label set
    start_seconds: ndarray  # float64 [N]
    end_seconds: ndarray  # float64 [N], NaN = to the end of the file
    group: ndarray  # int32 [N], index into groups, -1 = none
    root: str = ""  # the folder that paths lie under
    label_sets: LabelSets | None = None  # for a multi-label set; None = each item has one label
    values: ndarray | None = None  # float64 [N, C], the manifest's columns of targets, NaN = missing; None = no such

    @classmethod
    def of(cls, items: Iterable[VideoItem], root: str = "") -> "Items":
        """Items whose paths lie below root, put into columns.

        Raises: ValueError: some have one label and others a set of labels.
        """
        files, groups, sets = Vocabulary(), Vocabulary(), dict[tuple[LabelSpan, ...], int]()
        rest, parts, blocks = iter(items), [np.empty((5, 0))], list[ndarray]()
        while rows := list(islice(rest, CHUNK)):
            if odd := next((row for row in rows if not isinstance(row, VideoItem)), None):
                raise ValueError(f"an item is a VideoItem of videoai.core.types, and {odd!r} is a {type(odd).__name__}")
            path, label, start, end, group, spans, values = zip(*rows, strict=True)
            blocks.append(_block(values))
            if wrong := [one for one in (*start, *end) if not isinstance(one, int | float | np.number | None)]:
                raise ValueError(f"the time {wrong[0]!r} is no number of seconds")
            if wrong := [one for one in label if not isinstance(one, int | np.integer) or isinstance(one, bool)]:
                raise ValueError(f"the label {wrong[0]!r} is no number of a class: 0, 1, 2, ...")
            several = [each for each in spans if each is not None]
            if len(several) not in (0, len(rows)) or (len(parts) > 1 and bool(several) != bool(sets)):
                raise ValueError("items with one label and items with a set of labels cannot be mixed")
            label = [sets.setdefault(each, len(sets)) for each in several] or label
            end = [np.nan if seconds is None else seconds for seconds in end]
            group = [-1 if name is None else groups[name] for name in group]
            file = files.codes([os.fspath(one) for one in path])
            parts.append(np.array([file, label, start, end, group]))  # float64 holds every int32
        label_sets = LabelSets.of(sets) if sets else None
        made = cls.from_codes(files, groups, *np.concatenate(parts, axis=1), root=root, label_sets=label_sets)
        if len({block.shape[1] for block in blocks}) > 1:
            raise ValueError(DIFFERENT)
        return replace(made, values=np.concatenate(blocks)) if blocks and blocks[0].shape[1] else made

    @classmethod
    def from_codes(
        cls,
        files: Iterable[str],
        groups: Iterable[str],
        file: ndarray,
        label: ndarray,
        start_seconds: ndarray,
        end_seconds: ndarray,
        group: ndarray,
        *,
        root: str,
        label_sets: LabelSets | None = None,
    ) -> "Items":
        """From columns [N] as above, but with texts that differ, in any order, as files and groups."""
        names, file = StringTable.sorted_from(files, file.astype(np.int32))
        group_names, group = StringTable.sorted_from(groups, group.astype(np.int32))
        label = label.astype(np.int32)
        return cls(names, group_names, file, label, start_seconds, end_seconds, group, root, label_sets)

    @classmethod
    def join(cls, parts: Sequence["Items"]) -> "Items":
        """All parts, one after the other; quick when they were selected from the same Items."""
        first = parts[0]
        if any(
            part.files is not first.files or part.groups is not first.groups or part.label_sets is not first.label_sets
            for part in parts
        ):
            return cls.of(chain.from_iterable(parts))
        blocks = [part.values for part in parts if part.values is not None]
        joined = map(np.concatenate, zip(*(part._columns() for part in parts), strict=True))
        return first._with(joined, np.concatenate(blocks) if len(blocks) == len(parts) else None)

    def __len__(self) -> int:
        return len(self.file)

    @overload
    def __getitem__(self, index: int) -> VideoItem: ...
    @overload
    def __getitem__(self, index: slice | ndarray) -> "Items": ...
    def __getitem__(self, index: int | slice | ndarray) -> "VideoItem | Items":
        if isinstance(index, slice | ndarray):
            return self._with(
                (column[index] for column in self._columns()), None if self.values is None else self.values[index]
            )
        values = () if self.values is None else self.values[index].tolist()
        return self._item(*(column[index].item() for column in self._columns()), values=values)

    def __iter__(self) -> Iterator[VideoItem]:
        for start in range(0, len(self), CHUNK):
            part = self[start : start + CHUNK]
            values = repeat(()) if part.values is None else part.values.tolist()
            yield from map(self._item, *(column.tolist() for column in part._columns()), values)

    def __eq__(self, other: object) -> bool:
        """The same items in the same order, however they are kept."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def in_order(self) -> ndarray:
        """int64 [N], the indices by path, start, end and label: an order that forgets where an item was found."""
        return np.lexsort((self.label, self.end_seconds, self.start_seconds, self.file))  # NaN, to the end, goes last

    def count_labels(self, num_classes: int) -> ndarray:
        """int64 [K], the items of each label."""
        return np.bincount(self.label_pairs()[1], minlength=num_classes)

    def count_unknown(self, num_classes: int) -> ndarray:
        """int64 [K], for each class the items of which nobody said whether they have it."""
        if self.label_sets is None:
            return np.zeros(num_classes, np.int64)
        return self.label_sets.count_unknown(self.label, num_classes)

    def label_pairs(self) -> tuple[ndarray, ndarray]:
        """int64 [M] and int32 [M]: every item with each of its labels, once, items in order."""
        if self.label_sets is None:
            return np.arange(len(self)), self.label
        return self.label_sets.pairs(self.label)

    def multi_hot(self, num_classes: int) -> ndarray:
        """bool [N, K], which labels each item has."""
        hot = np.zeros((len(self), num_classes), bool)
        hot[self.label_pairs()] = True
        return hot

    def relabelled(self, label_of: ndarray) -> "Items":
        """Items with label_of[label] in the place of each label. Label sets leave out labels that turn into -1."""
        if self.label_sets is not None:
            return replace(self, label_sets=self.label_sets.renumbered(label_of))
        return replace(self, label=label_of[self.label].astype(np.int32))

    def _columns(self) -> tuple[ndarray, ...]:
        return self.file, self.label, self.start_seconds, self.end_seconds, self.group

    def _with(self, columns: Iterable[Any], values: ndarray | None) -> "Items":
        return Items(self.files, self.groups, *columns, root=self.root, label_sets=self.label_sets, values=values)

    def _item(self, file: int, label: int, start: float, end: float, group: int, values: Iterable[float]) -> VideoItem:
        path = os.path.join(self.root, self.files[file])
        end_seconds, name = None if end != end else end, None if group < 0 else self.groups[group]
        known = tuple(None if value != value else value for value in values)
        if self.label_sets is None:
            return VideoItem(path, label, start, end_seconds, name, None, known)
        return VideoItem(path, MULTI_LABEL, start, end_seconds, name, self.label_sets[label], known)


def _block(rows: Sequence[tuple[float | None, ...]]) -> ndarray:
    """float64 [N, C] of the values of items. Raises: ValueError: not as many for each."""
    if len({*map(len, rows)}) > 1:
        raise ValueError(DIFFERENT)
    return np.array(rows, np.float64).reshape(len(rows), -1)  # None is NaN
