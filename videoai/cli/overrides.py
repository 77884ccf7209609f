"""Words of a command line that name data, for the jobs that take them beside settings of their own."""

import os
from typing import TYPE_CHECKING

from videoai.compose.settings import from_arguments
from videoai.settings.data import DataSettings, absolute_values
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings

if TYPE_CHECKING:
    from videoai.run.checkpoint_data import DataChange


def path_first(arguments: list[str]) -> tuple[str | None, list[str]]:
    """PATH, when the first argument is one, and the rest. A path may hold ``=`` where it exists or behind a slash."""
    first = arguments[0] if arguments else ""
    is_path = first and not first.startswith("-") and ("=" not in first.partition("/")[0] or os.path.exists(first))
    return (first, arguments[1:]) if is_path else (None, arguments)


def one_or_list(word: str, *keys: str) -> str:
    """For settings that are lists of paths: ``key=PATH`` is taken as typed; in a list names with special characters
    need quotes."""
    key, _, value = word.partition("=")
    return f"{key}=[{quoted(value)}]" if key in keys and value and value[0] not in "['\"" else word


def quoted(path: str) -> str:
    """A path as an element of a list on the command line."""
    return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"


def about_data(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The words that name data (``data=``, ``data.``), and the others; ``--config-dir DIR`` belongs to data."""
    words = [one for one in arguments if one.startswith(("data=", "data."))]
    flags = [one for one in arguments if one.startswith("--config-dir") or "=" not in one]
    others = [one for one in arguments if one not in (*words, *flags)]
    return [*words, *flags] if words else [], others if words else [*others, *flags]


def settings_of(path: str) -> list[str]:
    """The settings of train that name what lies at PATH: shards, or the first layout that ``data inspect`` would name.

    Raises: FileNotFoundError.
    """
    if os.path.isdir(os.path.join(path, "shards")) and os.path.isfile(os.path.join(path, "prepare.json")):
        return ["data=shards", f"data.path={path}"]
    from videoai.data.layouts.detect import candidates
    from videoai.data.layouts.survey import survey

    for fit in candidates(survey(path)):
        return [f"data={fit.name}", *(f"data.{key}={value}" for key, value in fit.settings.items())]
    # none: the reader of either says best what is missing
    return ["data=csv", f"data.path={path}"] if os.path.isfile(path) else ["data=folder", f"data.root={path}"]


def named_data(words: list[str]) -> DataSettings:
    """The data that ``data=NAME data.key=...`` names. Raises: ValueError: a key that must be given."""
    return parse(TrainSettings, from_arguments(TrainSettings, words).whole).data.absolute()


def data_change(words: list[str], checkpoint_path: str) -> "DataChange":
    """Other data that ``data=...`` names, or the keys of the checkpoint's own data that ``data.key=...`` changes.

    ``data.root=PATH`` is enough when a folder has moved.
    """
    from videoai.models.published import is_published
    from videoai.run.checkpoint_data import DataChange

    if not words:
        return DataChange()
    if any(word.startswith("data=") for word in words):
        return DataChange(named=named_data(words))
    if is_published(checkpoint_path):
        raise ValueError(
            f"checkpoint={checkpoint_path}: published weights bring no data. Say which: data=folder or csv."
        )
    composed = from_arguments(TrainSettings, [f"data={recorded_layout(checkpoint_path)}", *words])
    keys = {word.partition("=")[0].split(".")[1] for word in words if word.startswith("data.")}
    return DataChange(changed=absolute_values({key: composed.whole["data"][key] for key in keys}))


def recorded_layout(checkpoint_path: str) -> str:
    """The layout that a checkpoint names. Raises: ValueError: none of this project's, as any name would be a file."""
    from videoai.inference.load import open_checkpoint
    from videoai.run.checkpoint_data import layout_of

    return layout_of(open_checkpoint(checkpoint_path)["config"].get("data"), checkpoint_path)
