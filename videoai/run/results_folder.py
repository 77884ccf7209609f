"""Where results go, so that none take the place of others without a word: results of the same kind are replaced, and
that is said; others lie in a folder of their own."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from videoai.core import process_group
from videoai.core.hub import is_on_hub
from videoai.core.messages import truncated_list
from videoai.core.numbered import next_number, numbered
from videoai.core.paths import display_path
from videoai.models.published import is_published
from videoai.run.training.folder import default_run_dir, make_writable

logger = logging.getLogger(__name__)
Facts = Mapping[str, Any]  # what results are of


def evaluation_folder(run_dir: str | None, *, checkpoint: str, data: str | None, facts: Facts) -> Path:
    """The folder of an evaluation: ``run_dir``, or RUN/test, RUN/val, RUN/test-4x3, RUN/test-last, RUN/test-NAME.

    Args:
        data: the name of other data than the checkpoint's own; None = its own.
        facts: ``split``, ``views``, ``fingerprint`` (of the data) and ``settings`` (that change answers), as
            results.json has them.
    """
    stem = os.path.splitext(os.path.basename(checkpoint))[0]
    file = "" if stem == "best" or is_published(checkpoint) or is_on_hub(checkpoint) else stem
    views = "" if facts["views"] == "1x1" else facts["views"]
    name = "-".join(filter(None, (facts["split"], data, views, file)))
    return choose_folder(run_dir, default_run_dir(checkpoint) / name, facts, read_results)


def prediction_folder(run_dir: str | None, facts: Facts) -> Path:
    """The folder of predictions: ``run_dir``, or runs/predict, runs/predict-2, ..."""
    folder = choose_folder(run_dir, Path("runs") / "predict", facts, read_inputs)
    if process_group.rank() == 0:
        (folder / INPUTS).write_text(json.dumps(dict(facts), indent=2) + "\n")
    return folder


def description_folder(run_dir: str | None, facts: Facts) -> Path:
    """The folder of descriptions: ``run_dir``, or runs/describe, runs/describe-2, ..."""
    folder = choose_folder(run_dir, Path("runs") / "describe", facts, lambda held: _read(held / DESCRIBED))
    (folder / DESCRIBED).write_text(json.dumps(dict(facts), indent=2) + "\n")
    return folder


def explanation_folder(run_dir: str | None, facts: Facts) -> Path:
    """The folder of explanations: ``run_dir``, or runs/explain, runs/explain-2, ..."""
    folder = choose_folder(run_dir, Path("runs") / "explain", facts, lambda held: _read(held / EXPLAINED))
    (folder / EXPLAINED).write_text(json.dumps(dict(facts), indent=2) + "\n")
    return folder


def choose_folder(
    run_dir: str | None, first: Path, facts: Facts, read: Callable[[Path], Facts | None], *, continues: bool = False
) -> Path:
    """``run_dir``; else the folder among ``first``, ``first-2``, ... that holds results of these facts, or nothing;
    else the next number. Of several processes the first one decides.

    Args:
        continues: results of the same facts stay, so that nothing is said of them.
    Raises: OSError: it cannot be written.
    """
    return Path(process_group.broadcast_from_rank0(lambda: str(_chosen(run_dir, first, facts, read, continues))))


def read_results(folder: Path) -> Facts | None:
    """What the results of an evaluation are of; None = there are none."""
    held = _read(folder / "results.json")
    return None if held is None else {"settings": {}, **held}  # left out where they are the usual ones


DESCRIBED = "describe.json"  # beside the folders of the videos: what was asked
EXPLAINED = "explain.json"  # likewise
INPUTS = "predictions.json"  # beside predictions.jsonl: what the answers are to


def read_inputs(folder: Path) -> Facts | None:
    """What predictions are of; None = there are none."""
    return (_read(folder / INPUTS) or {}) if (folder / "predictions.jsonl").exists() else None


def _chosen(
    run_dir: str | None, first: Path, facts: Facts, read: Callable[[Path], Facts | None], continues: bool
) -> Path:
    folder = Path(run_dir) if run_dir else _own_or_free(first, facts, read)
    make_writable(folder)
    held = read(folder)
    if held is not None and not (continues and held == dict(facts)):
        changed = [_text(key, held.get(key)) for key, value in facts.items() if held.get(key, value) != value]
        whose = f" of other ones ({truncated_list(changed, 3)})" if changed else ""
        logger.info("%s: the results%s there are replaced", display_path(folder), whose)
    return folder


def _text(key: str, value: Any) -> str:
    """``split=val``; settings one by one."""
    if not isinstance(value, Mapping):
        return f"{key}={value}"
    return ", ".join(f"{name}={one}" for name, one in value.items()) or f"the usual {key}"


def _own_or_free(first: Path, facts: Facts, read: Callable[[Path], Facts | None]) -> Path:
    for folder in numbered(first):
        held = read(folder)
        is_own = held is not None and all(held.get(key) == value for key, value in facts.items())
        if is_own or not any(folder.iterdir()):
            return folder
    return next_number(first)


def _read(path: Path) -> Facts | None:
    with suppress(OSError, ValueError):
        content = json.loads(path.read_bytes())
        return content if isinstance(content, dict) else {}
    return {} if path.exists() else None
