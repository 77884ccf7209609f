"""Parts of messages: a truncated list of names, a suggestion for a typo, a plural, a command that can be pasted."""

import difflib
import os
import shlex
import sys
from collections.abc import Iterable, Sequence


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """' Did you mean ...?' or nothing."""
    near = difflib.get_close_matches(name, list(allowed), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def near_names(path: str) -> str:
    """A hint for a path that is not there: the deepest folder that is, and similar names in it."""
    folder, name = os.path.split(os.path.abspath(path))  # a bare name has no folder
    while not os.path.isdir(folder):
        folder, name = os.path.split(folder)
    return did_you_mean(name, names_in(folder)) or f" The folder {folder} exists; check the name {name!r} in it."


def names_in(folder: str) -> list[str]:
    """The names in a folder; none if it cannot be read."""
    try:
        return os.listdir(folder)
    except (OSError, ValueError):  # ValueError: a null byte
        return []


def truncated_list(names: Sequence[str], limit: int = 8) -> str:
    """The first few names, and how many more."""
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """``1 folder``, ``2 folders``; ``1 class``, ``2 classes`` with its plural."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def whole_percent(share: float) -> str:
    """``48 %`` of 0.483."""
    return f"{100 * share:.0f} %"


def command_line(job: str, *words: str, trust: Sequence[str] = ()) -> str:
    """``videoai JOB word ...`` to paste into a shell. ``trust``: the user's own packages that the checkpoint needs."""
    more = [f"trust=[{','.join(trust)}]"] if trust else []
    return shlex.join(["videoai", *job.split(), *words, *more])


def same_command(*more: str) -> str | None:
    """The ``videoai`` command that this process runs, with more words, to paste into a shell; None = called from
    Python."""
    is_module = sys.argv[0].endswith(os.path.join("videoai", "__main__.py"))
    is_command = is_module or os.path.basename(sys.argv[0]) == "videoai"
    return shlex.join(["videoai", *sys.argv[1:], *more]) if is_command else None


def about(name: str, error: str) -> str:
    """``name: error``, or the error alone where it names the same already."""
    return error if error.startswith(name) else f"{name}: {error}"
