"""Folders that are numbered instead of overwritten: NAME, NAME-2, NAME-3, ..."""

from glob import escape
from pathlib import Path


def numbered(base: Path) -> list[Path]:
    """``base`` and its numbered siblings that exist, in order."""
    others = {number_of(path, base): path for path in base.parent.glob(f"{escape(base.name)}*")}
    return [others[number] for number in sorted(others) if number]


def next_number(base: Path) -> Path:
    """``base`` where nothing of its name exists, otherwise the sibling behind the last one."""
    existing = numbered(base)
    return base.with_name(f"{base.name}-{number_of(existing[-1], base) + 1}") if existing else base


def number_of(path: Path, base: Path) -> int:
    """1 of ``base`` itself, 2 of ``base-2``; 0 of any other path."""
    if path.name == base.name:
        return 1
    number = path.name.removeprefix(f"{base.name}-")
    return int(number) if number.isdecimal() and number.lstrip("0") == number and int(number) > 1 else 0
