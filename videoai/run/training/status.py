"""``status.json`` of a run: what it is doing or how it ended, for ``videoai runs``."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from videoai.core import process_group
from videoai.core.files import write_atomic
from videoai.engine.interrupt import Interrupted
from videoai.engine.trainer import Trainer
from videoai.run.training.folder import RunFolder

FILE = "status.json"


@contextmanager
def beginning(folder: RunFolder) -> Iterator[None]:
    """Writes ``training`` while the run is built, so that a finished one that is continued and killed then is no longer
    called finished. A command that is refused leaves the record as it was."""
    path = folder.path / FILE
    before = path.read_bytes() if path.is_file() else None
    facts = {"began": _now(), "step": 0, **status_of(folder.path), "state": "training"}
    for key in ("stop_step", "error"):  # those of the command before
        facts.pop(key, None)
    if process_group.rank() == 0:
        _write(path, facts)
    try:
        yield
    except BaseException:
        if process_group.rank() == 0:
            write_atomic(path, before, sync=False) if before is not None else path.unlink(missing_ok=True)
        raise


def status_of(run: Path) -> dict[str, Any]:
    """The record of a run; {} where there is none that can be read."""
    with suppress(OSError, ValueError):
        content = json.loads((run / FILE).read_bytes())
        return content if isinstance(content, dict) else {}
    return {}


@contextmanager
def recording(folder: RunFolder, trainer: Trainer, text: Callable[[float], str]) -> Iterator[None]:
    """Writes ``training`` now and ``finished``, ``stopped`` or ``failed`` at the end. ``text``: a metric in words."""
    began = status_of(folder.path).get("began") or _now()  # a run that goes on began before

    def write(state: str, error: BaseException | None = None) -> None:
        if process_group.rank() > 0:
            return
        best = trainer.best
        facts: dict[str, Any] = {"state": state, "step": trainer.step, "stop_step": trainer.cadence.stop_step}
        facts |= {"metric": trainer.metric, "lower_is_better": trainer.lower_is_better, "began": began}
        facts |= {"best": text(best.value) if best.step > 0 else "", "best_step": best.step}
        facts |= {"error": " ".join(str(error).split())[:300]} if error else {}
        _write(folder.path / FILE, facts)

    write("training")
    try:
        yield
    except (KeyboardInterrupt, Interrupted) as stopped:
        write("stopped", stopped)
        raise
    except Exception as error:
        write("failed", error)
        raise
    write("finished")


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    write_atomic(path, (json.dumps(facts, indent=2) + "\n").encode(), sync=False)


def _now() -> str:
    return datetime.now().isoformat(timespec="seconds")
