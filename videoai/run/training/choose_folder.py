"""Which folder a run takes: the one that ``run_dir`` names; else, below runs/, that of the run with the same settings,
or the next free number: NAME, NAME-2, NAME-3."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from videoai.core import process_group
from videoai.core.numbered import next_number, numbered
from videoai.core.paths import display_path
from videoai.run.training.begun_as import Settings, begun_as
from videoai.run.training.folder import NEW, FolderInUse, RunFolder
from videoai.run.training.same_run import differences
from videoai.settings.parse import to_dict
from videoai.settings.setting import shown
from videoai.tasks import node_of

logger = logging.getLogger(__name__)
SECONDS = 5.0  # until a run that has just locked its folder has written its settings there


def first_folder(settings: Settings) -> Path:
    """The folder that the settings name, or the first of those to choose from."""
    return Path(os.path.abspath(settings.run_dir or os.path.join("runs", settings.name or "run")))


@contextmanager
def hold_folder(settings: Settings) -> Iterator[RunFolder]:
    """The folder of the run, locked. Where several processes train together the first chooses and holds it for all.

    Raises: OSError: not writable, or another process trains this run. ValueError: a damaged run lies in the way.
    """
    with ExitStack() as held:
        path = process_group.broadcast_from_rank0(lambda: str(_hold(settings, held)))
        yield RunFolder(Path(path))


def _hold(settings: Settings, held: ExitStack) -> Path:
    if settings.run_dir:
        held.enter_context(RunFolder(first_folder(settings)).locked())
        return first_folder(settings)
    end = time.monotonic() + SECONDS
    while True:  # another process may take a folder between the look and the lock
        choice = _choose(settings)
        folder = RunFolder(choice.path)
        try:
            with ExitStack() as attempt:
                attempt.enter_context(folder.locked())
                if choice.is_own or not folder.held:
                    choice.announce()
                    if not choice.is_own:
                        folder.write_config(to_dict(settings))  # so that others see whose it is
                    held.push(attempt.pop_all())
                    return choice.path
        except FolderInUse:
            if choice.is_own or time.monotonic() > end:
                raise
            time.sleep(0.05)


class Choice(NamedTuple):
    """A folder, and the runs of the same name that it is not."""

    path: Path
    is_own: bool  # it holds the run of these settings
    others: Mapping[Path, Mapping[str, Any]]  # folder -> what differs there

    def announce(self) -> None:
        """A line where a run of the same name has other settings, and this one is new."""
        if self.others and not self.is_own:
            nearest = min(self.others, key=lambda path: len(self.others[path]))
            holds = f"{display_path(nearest)} holds a run with {_in_words(self.others[nearest])}"
            logger.info("%s; this one is %s", holds, display_path(self.path))


def _choose(settings: Settings) -> Choice:
    """Looks at every folder of the name, since an older command finds its own among the numbered ones."""
    base, others, free = first_folder(settings), {}, []
    wants_new = str(settings.resume).lower() in NEW
    for path in numbered(base):
        folder = RunFolder(path)
        if not folder.held and not folder.is_locked:  # nothing is lost there
            free.append(path)
        elif (recorded := folder.recorded()) is None:  # it begins at this moment
            return Choice(path, is_own=False, others={})
        elif (changed := _differences(settings, recorded)) or wants_new:
            others[path] = changed
        else:
            return Choice(path, is_own=True, others=others)
    return Choice((*free, next_number(base))[0], is_own=False, others=others)


def _differences(settings: Settings, recorded: Mapping[str, Any]) -> dict[str, Any]:
    recorded = {**recorded, "task": node_of({"config": recorded})}
    return differences(begun_as(settings, recorded), recorded)


def _in_words(changed: Mapping[str, Any]) -> str:
    listed = [f"{key}={shown(value)}" for key, value in changed.items()]
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return f"{', '.join(listed[:3])}{more}" if listed else "the same settings"
