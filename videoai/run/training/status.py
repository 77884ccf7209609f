"""``status.json`` of a run: what it is doing or how it ended, for ``videoai runs``."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from videoai.core import process_group
from videoai.core.files import write_atomic
from videoai.engine.interrupt import Interrupted
from videoai.engine.trainer import Trainer
from videoai.run.training.folder import RunFolder

FILE = "status.json"


@contextmanager
def recording(folder: RunFolder, trainer: Trainer, text: Callable[[float], str]) -> Iterator[None]:
    """Writes ``training`` now and ``finished``, ``stopped`` or ``failed`` at the end. ``text``: a metric in words."""
    began = datetime.now().isoformat(timespec="seconds")

    def write(state: str, error: BaseException | None = None) -> None:
        if process_group.rank() > 0:
            return
        best = trainer.best
        facts: dict[str, Any] = {"state": state, "step": trainer.step, "stop_step": trainer.cadence.stop_step}
        facts |= {"metric": trainer.metric, "lower_is_better": trainer.lower_is_better, "began": began}
        facts |= {"best": text(best.value) if best.step > 0 else "", "best_step": best.step}
        facts |= {"error": " ".join(str(error).split())[:300]} if error else {}
        write_atomic(folder.path / FILE, (json.dumps(facts, indent=2) + "\n").encode(), sync=False)

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
