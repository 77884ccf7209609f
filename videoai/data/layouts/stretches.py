"""What annotation tools say of one video -> clips; and which of several kinds of labels counts."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from videoai.core.messages import did_you_mean, pluralize, truncated_list
from videoai.data.layouts.annotations import Annotated
from videoai.data.layouts.entries import Entry
from videoai.data.lists.listing import NamedSpan


def clips(
    entry: Entry, video: str, spans: Sequence[NamedSpan], *, multi_label: bool, **about: Any
) -> Iterator[Annotated]:
    """A clip for each stretch, or with ``multi_label`` one clip with all of them, which may be none.

    Args:
        about: other fields of ``Annotated``.
    Raises:
        ValueError: one stretch has two labels, without ``multi_label``.
    """
    spans = sorted({*spans}, key=lambda span: (span.start_seconds, span.end_seconds or 0.0, span.label))
    if multi_label:
        yield Annotated(video, "", spans=tuple(spans), **about)
        return
    label_at: dict[tuple[float, float | None], str] = {}
    for label, start, end, _ in spans:
        if (other := label_at.setdefault((start, end), label)) != label:
            entry.fail(
                f"{video} has the labels {other!r} and {label!r} at the same time; data.multi_label=true reads several "
                "labels a clip"
            )
        yield Annotated(video, label, start_seconds=start, end_seconds=end, **about)


def stretch(entry: Entry, what: str, label: str, start_seconds: float, end_seconds: float) -> NamedSpan:
    """One label with its times.

    Args:
        what: the annotation, for the message.
    Raises:
        ValueError: it ends before it begins.
    """
    if end_seconds < start_seconds:
        entry.fail(
            f"{what} ({label!r}) is from {start_seconds:g} to {end_seconds:g} s; it must not end before it begins. "
            "Correct its times, or delete it"
        )
    return NamedSpan(label, start_seconds, end_seconds)


def choose(setting: str, wanted: str | None, counts: Mapping[str, int], source: str) -> str:
    """Which tier, control or attribute holds the labels: the one that is wanted, else the only one.

    Args:
        setting: data.SETTING chooses it.
        counts: how many labels each holds.
    Raises:
        ValueError: there is none, several, or none that is called so.
    """
    shown = truncated_list(listed(counts))
    if wanted is not None and wanted not in counts:
        there = f"there are {shown}" if counts else "there are no labels at all"
        raise ValueError(f"{source}: data.{setting}={wanted}, but {there}.{did_you_mean(wanted, counts)}")
    if not counts:
        raise ValueError(f"{source}: it holds no labels of videos; has anything been annotated?")
    if wanted is None and len(counts) > 1:
        choice = shlex.quote(f"data.{setting}={most(counts)}")
        raise ValueError(f"{source}: there are several kinds of labels, {shown}; choose: {choice}")
    return wanted or next(iter(counts))


def most(counts: Mapping[str, int]) -> str:
    """The kind with the most labels, of equals the first."""
    return max(counts, key=lambda name: counts[name])


def listed(counts: Mapping[str, int]) -> list[str]:
    """``name (3 labels)`` for each kind."""
    return [f"{name} ({pluralize(count, 'label')})" for name, count in counts.items()]
