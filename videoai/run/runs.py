"""``runs``: what lies below a folder of runs, read from their own records. Opens no checkpoint and writes nothing."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from videoai.run.training.folder import RunFolder
from videoai.run.training.status import status_of
from videoai.settings.parse import flatten
from videoai.settings.setting import shown

TESTED = ("test", "test-last", "")  # folders of results, the first that is there; "": of an earlier videoai
SCORES = ("video_top1", "mAP")
# Where a run was made and what it chose by measuring, which tells no runs apart.
SAME = ("name", "run_dir", "resume", "device", "debug", "logger", "loading", "profile")
SAME += ("trainer.num_threads", "trainer.layout", "trainer.precision", "trainer.log_every", "trainer.step_timeout")


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run, in words."""

    name: str  # the path below the folder
    state: str  # finished, stopped, training now, failed; "?" where an earlier videoai wrote no record
    step: str  # 40/40
    best: str  # top-1 93.0% at 20
    test: str  # video_top1 92.0 %
    date: str
    settings: dict[str, str]  # those that differ from run to run


def list_runs(folder: str) -> list[RunRow]:
    """The runs below a folder, the newest last.

    Raises: FileNotFoundError: no such folder, or no run below it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder. Give the folder of your runs: videoai runs PATH")
    found = sorted(_runs_below(root), key=_began)
    if not found:
        raise FileNotFoundError(f"{folder}: no run below it (none has a config.yaml). Train one first: videoai train")
    configs = [flatten(RunFolder(path).recorded() or {}) for path in found]
    return [_row(path, root, own) for path, own in zip(found, differing(configs), strict=True)]


def differing(configs: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """For each run the settings whose values are not the same in all."""
    keys = sorted({key for config in configs for key in config if not key.startswith(SAME)})
    own = [key for key in keys if len({repr(config.get(key)) for config in configs}) > 1]
    return [{key: shown(config[key]) for key in own if key in config} for config in configs]


def _runs_below(root: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(root):
        if "config.yaml" in files:
            folders.clear()
            yield Path(place)
        folders[:] = [name for name in folders if not name.startswith(".")]


def _began(path: Path) -> str:
    return status_of(path).get("began") or datetime.fromtimestamp((path / "config.yaml").stat().st_mtime).isoformat()


def _row(path: Path, root: Path, settings: dict[str, str]) -> RunRow:
    status, log = status_of(path), _log(path)
    is_running = RunFolder(path).is_locked
    state = "training now" if is_running else status.get("state", "?")
    is_killed = not is_running and state == "training"  # it could not say so
    step = log[-1]["step"] if log and (is_running or is_killed or not status) else status.get("step", 0)
    stop = f"/{status['stop_step']}" if "stop_step" in status else ""
    return RunRow(
        name=os.path.relpath(path, root) if path != root else path.name,
        state="stopped" if is_killed else state,
        step=f"{step}{stop}",
        best=_best(status, log, is_running=is_running),
        test=_test(path),
        date=_began(path)[:16].replace("T", " "),
        settings=settings,
    )


def _best(status: Mapping[str, Any], log: Sequence[Mapping[str, Any]], *, is_running: bool) -> str:
    if status.get("best") and not is_running:
        return f"{status['best']} at {status['best_step']}"
    metric = str(status.get("metric"))
    scored = [(one[metric], one["step"]) for one in log if one.get("split") == "val" and one.get(metric) is not None]
    if not scored:
        return ""
    value, step = (min if status.get("lower_is_better") else max)(scored, key=lambda pair: pair[0])
    return f"{metric} {value:.3f} at {step}"


def _test(path: Path) -> str:
    for results in (_json(path / folder / "results.json") for folder in TESTED):
        for key in SCORES:
            if isinstance(results.get(key), float | int):
                return f"{key} {100 * results[key]:.1f} %"
    return ""


def _log(path: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    with suppress(OSError):
        for line in (path / "metrics.jsonl").read_text("utf-8").splitlines():
            with suppress(ValueError):  # the last one may be half written
                records.append(json.loads(line))
    return [one for one in records if isinstance(one, dict) and "step" in one]


def _json(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        content = json.loads(path.read_bytes())
        return content if isinstance(content, dict) else {}
    return {}
