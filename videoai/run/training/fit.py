"""What the runs of all tasks share: the folder that they hold, whether they go on, what their checkpoints carry."""

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from videoai.core import distributed
from videoai.core.checkpoint import versions
from videoai.core.device import resolve_device
from videoai.core.log import RunLog
from videoai.core.types import ClipSpec
from videoai.data.lists.manifest import Manifest
from videoai.engine.interrupt import Interrupted
from videoai.engine.trainer import Trainer
from videoai.run.training.folder import RunFolder, continued, find_resume
from videoai.run.training.generated_clips import Synthetic


def fit(
    config: dict[str, Any],
    assemble: Callable[[dict[str, Any], RunFolder, Any], Trainer],
    at_default: Collection[str],
) -> dict[str, Any]:
    """Hold the run's folder, continue what it has, train. Returns and raises: as ``train``."""
    folder = RunFolder(Path(config["run_dir"]))
    with distributed.together(resolve_device(config["device"]).type), folder.locked():
        refuse_uneven(config["trainer"])
        state = find_resume(folder, config["resume"])
        if state:
            config = continued(config, state["config"], at_default=at_default)
        trainer = assemble(config, folder, state)
        started = time.perf_counter()
        try:
            trainer.fit()
        finally:
            trainer.log.close()
    return summary(folder, trainer, time.perf_counter() - started)


def finished(done: dict[str, Any]) -> str:
    """The checkpoint of a run that is one of several.

    Raises: Interrupted: a signal came in its last step, and asks that the next run does not begin.
    """
    if done["received"]:
        raise Interrupted.by(done["received"], f"{done['run_dir']} is done. The same command goes on behind it.")
    return done["checkpoint"]


def summary(folder: RunFolder, trainer: Trainer, seconds: float) -> dict[str, Any]:
    """What the caller learns; plain data."""
    return {
        "run_dir": str(folder.path),
        "checkpoint": str(folder.best if folder.best.exists() else folder.last),
        "step": trainer.step,
        "seconds": round(seconds, 1),
        "metric": trainer.metric,
        f"best_{trainer.metric}": trainer.best.value,
        "best_step": trainer.best.step,
        "received": trainer.received,
    }


def refuse_uneven(settings: dict[str, Any]) -> None:
    """Raises: ValueError: several processes cannot share the micro-batches of a step evenly."""
    processes, accumulate = distributed.world_size(), settings["accumulate"]
    if accumulate % processes:
        raise ValueError(
            f"{processes} processes share the trainer.accumulate={accumulate} micro-batches of a step, each of "
            f"trainer.batch_size={settings['batch_size']} clips: set trainer.accumulate to a multiple of {processes}."
        )


def refuse_other_data(manifest: Manifest, state: dict[str, Any] | None, config: dict[str, Any]) -> None:
    """A continued run must see the same classes and videos. Raises: ValueError naming both."""
    if not state:
        return
    if list(manifest.classes) != state["classes"]:
        raise ValueError(
            f"{manifest.source} has the classes {', '.join(manifest.classes)}, but the run in {config['run_dir']} "
            "was trained on "
            f"{', '.join(state['classes'])}. Choose another run_dir, or fine-tune with weights=PATH."
        )
    if manifest.fingerprint() != state["versions"]["data"]:
        raise ValueError(
            f"{manifest.source}: the list of videos changed since the run in {config['run_dir']} began. Choose "
            "another run_dir; "
            f"weights={config['run_dir']}/checkpoints/last.pt starts from what it learned."
        )


def new_log(folder: RunFolder, settings: dict[str, Any], first_step: int) -> RunLog:
    """Of several processes the first keeps one."""
    path = folder.path if distributed.rank() == 0 else None
    return RunLog(path, start_step=first_step, tensorboard=settings["tensorboard"])


def facts(
    config: dict[str, Any], manifest: Manifest, clip: ClipSpec, synthetic: Synthetic | None = None
) -> dict[str, Any]:
    """What every checkpoint of the run carries unchanged."""
    made_with = {**versions(), "data": manifest.fingerprint()}
    if synthetic:
        made_with["synthetic"] = synthetic.fingerprint
    return {
        "config": config,
        "classes": list(manifest.classes),
        "multi_label": manifest.is_multi_label,
        "clip": clip.to_dict(),
        "versions": made_with,
    }


def counted(number: int, noun: str) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def pick(node: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The named keys of a config node."""
    return {key: node[key] for key in keys}
