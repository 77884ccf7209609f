"""``videoai predict checkpoint=PATH input=FILE|FOLDER|GLOB``."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from videoai.compose.settings import from_arguments
from videoai.core.launcher import launched_processes, launched_rank
from videoai.settings.verbs import PredictSettings

PARTLY = 3  # exit code; 2 is a wrong command, as in data check


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read, 3 when some could not."""
    settings = from_arguments(PredictSettings, arguments).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    from videoai.run.predict import predict

    return print_records(predict(settings))


def print_records(records: Iterable[Mapping[str, Any]]) -> int:
    """One line of JSON each, as they come; one with ``error`` is a video that could not be read. Returns: the exit
    code: 1 when none could, 3 when some could not."""
    prints = launched_rank() == 0  # the first process alone
    answered = unreadable = 0
    for record in records:
        if prints:
            print(json.dumps(record, ensure_ascii=False), flush=True)
        answered, unreadable = answered + ("error" not in record), unreadable + ("error" in record)
    if unreadable and prints:
        print(f"{unreadable} of {answered + unreadable} videos could not be read.", file=sys.stderr)
    if not answered:
        return 1
    return PARTLY if unreadable and launched_processes() == 1 else 0  # torchrun would start all again
