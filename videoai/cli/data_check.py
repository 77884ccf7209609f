"""``videoai data check PATH``."""

import os
from typing import Any

from videoai.cli.config import apart, compose, refuse_missing
from videoai.cli.data import path_first, settings_of

FAULTS_FOUND = 3  # exit code: the check was done, and something is wrong


def main(arguments: list[str]) -> int:
    """Checks, prints what was found and where the report lies. Exit code 3 when something must be mended."""
    path, rest = path_first(arguments)
    own, rest = apart("data_check", rest)
    if path is None and not any(argument.startswith("data") for argument in rest):
        raise ValueError("say which videos: videoai data check PATH, or data=csv data.path=FILE.")
    settings, _ = compose("data_check", own)
    config, choices = compose("train", [*(settings_of(path) if path else ()), *rest])
    refuse_missing({"data": config["data"]}, "data check")
    settings["out"] = settings["out"] or os.path.join("runs", f"check-{_name(config['data'], choices)}")
    names_clip = any(argument.startswith(("clip", "model=", "experiment=")) for argument in rest)
    return _check(config["data"], settings, config["clip"] if names_clip else None)


def _check(data: dict[str, Any], settings: dict[str, Any], clip: dict[str, Any] | None) -> int:
    from videoai.core.paths import display_path
    from videoai.core.types import ClipSpec
    from videoai.data.check.faults import KINDS
    from videoai.report.check import check_table, summary
    from videoai.report.tables import as_text
    from videoai.run.datasets.check import check

    checked = check(data, settings, ClipSpec(**clip) if clip else None)
    if checked.faults:
        print(as_text(check_table(checked.faults, KINDS)))
    print(f"{checked.num_files} files, {summary(checked.faults)}.")
    print(f"files: {display_path(checked.folder)}/ report.html report.csv quarantine.csv")
    if not any(not fault.is_light for fault in checked.faults):
        return 0
    print(f"to train without them: videoai train ... data.quarantine={display_path(checked.folder / 'quarantine.csv')}")
    return FAULTS_FOUND


def _name(data: dict[str, Any], choices: dict[str, str]) -> str:
    where = data.get("path") or data.get("root")
    return os.path.splitext(os.path.basename(os.path.normpath(where)))[0] if where else choices["data"]
