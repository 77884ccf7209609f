"""Several labels in one field of a table: ``run|jump``, and beside it when each holds: ``0-1.5|2-``."""

import ast
import math
import re
from collections import Counter
from collections.abc import Sequence

from videoai.data.lists.listing import NamedSpan

SEPARATOR = "|"
OTHER_SEPARATORS = (";", ",")
SECONDS_COLUMN = "label_seconds"
UNKNOWN_COLUMN = "unknown_labels"
NUMBER = r"\s*(\d+\.?\d*(?:e[+-]?\d+)?)\s*"
INTERVAL = re.compile(f"{NUMBER}-(?:{NUMBER})?", re.IGNORECASE)


def split_labels(labels: str, seconds: str = "", unknown: str = "") -> tuple[NamedSpan, ...]:
    """The labels in a field; none in an empty one.

    Args:
        seconds: as many times, ``start-end`` or ``start-``, or nothing where a label holds all along; "" = all do.
        unknown: names of classes that the clip was not annotated for.

    Raises: ValueError: an empty name, the same label twice at one time, times that are no times.
    """
    rest = _unknown(unknown)
    if not labels.strip():
        return rest
    names = [name.strip() for name in labels.split(SEPARATOR)]
    times = seconds.split(SEPARATOR) if seconds.strip() else [""] * len(names)
    if not all(names):
        raise ValueError(f"label is {labels!r}: a name between {SEPARATOR} is empty; delete a {SEPARATOR}")
    if len(times) != len(names):
        raise ValueError(
            f"{SECONDS_COLUMN} is {seconds!r}: {len(times)} times for {len(names)} labels; give one each, or none"
        )
    spans = tuple(NamedSpan(name, *_interval(time.strip())) for name, time in zip(names, times, strict=True))
    if len(set(spans)) < len(spans):
        raise ValueError(f"{_twice(spans)}: in this field, or in two lines of one clip; delete one")
    if both := {span.label for span in spans} & {span.label for span in rest}:
        raise ValueError(f"{min(both)!r} is a label and stands in {UNKNOWN_COLUMN}; delete one")
    return spans + rest


def _twice(spans: Sequence[NamedSpan]) -> str:
    """``label 'run' is given twice from 0.8 to 2.5 s``, of the first such label."""
    label, start, end = next(span for number, span in enumerate(spans) if span in spans[:number])[:3]
    when = "" if (start, end) == (0.0, None) else f" from {start:g} to {'the end' if end is None else f'{end:g} s'}"
    return f"label {label!r} is given twice{when}"


def _unknown(names: str) -> tuple[NamedSpan, ...]:
    """The labels of which nothing is known, of a field as ``run|jump``."""
    given = sorted({name.strip() for name in names.split(SEPARATOR)} - {""})
    return tuple(NamedSpan(name, is_known=False) for name in given)


def with_bars(labels: Sequence[str]) -> tuple[list[str], str]:
    """The label texts of a table that were written in another way, ``run;jump``, ``run, jump`` or ``['run', 'jump']``,
    as ``split_labels`` reads them, and that way; "" = they are as they were.

    A comma may belong to a name. It separates where a part of a text is a part of another text, too.
    """
    filled = [text for text in labels if text.strip()]
    if any(SEPARATOR in text for text in filled):
        return list(labels), ""
    if filled and all(_listed(text) is not None for text in filled):
        return [SEPARATOR.join(_listed(text) or ()) for text in labels], "['run', 'jump']"
    for separator in OTHER_SEPARATORS:
        counts = Counter(part for text in filled for part in {*_parts(text, separator)})
        if any(counts[part] > 1 for text in filled if separator in text for part in _parts(text, separator)):
            return [SEPARATOR.join(_parts(text, separator)) for text in labels], f"run{separator}jump"
    return list(labels), ""


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _listed(text: str) -> list[str] | None:
    """The names in a list of Python or JSON, or None."""
    try:
        names = ast.literal_eval(text.strip()) if text.strip().startswith("[") else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def join_labels(spans: Sequence[NamedSpan]) -> tuple[str, str, str]:
    """The three fields that ``split_labels`` reads.

    Raises: ValueError: a name that holds the separator.
    """
    for span in spans:
        if SEPARATOR in span.label:
            raise ValueError(f"class {span.label!r}: its name holds a {SEPARATOR}, which separates labels; rename it")
    unknown = SEPARATOR.join(span.label for span in spans if not span.is_known)
    spans = [span for span in spans if span.is_known]
    is_timed = any(span.start_seconds or span.end_seconds is not None for span in spans)
    times = [f"{span.start_seconds!r}-{'' if span.end_seconds is None else repr(span.end_seconds)}" for span in spans]
    return SEPARATOR.join(span.label for span in spans), SEPARATOR.join(times) if is_timed else "", unknown


def _interval(text: str) -> tuple[float, float | None]:
    if not text:
        return 0.0, None
    match = INTERVAL.fullmatch(text)
    start, end = (float(match[1]), float(match[2]) if match[2] else None) if match else (math.nan, None)
    if start < (math.inf if end is None else end):  # not so for nan
        return start, end
    raise ValueError(f"{SECONDS_COLUMN} holds {text!r}; a start and a later end such as 0-1.5, or 2-, are allowed")
