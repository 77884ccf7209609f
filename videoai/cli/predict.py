"""``videoai predict checkpoint=PATH input=FILE|FOLDER|GLOB``."""

import io
import json
import sys

from videoai.compose.settings import from_arguments
from videoai.core.launcher import launched_rank
from videoai.settings.verbs import PredictSettings


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read."""
    settings = from_arguments(PredictSettings, arguments).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name need not be UTF-8
    from videoai.run.predict import predict

    prints = launched_rank() == 0  # of several processes the first one
    answered = unreadable = 0
    for record in predict(settings):
        if prints:
            print(json.dumps(record, ensure_ascii=False), flush=True)
        answered, unreadable = answered + ("error" not in record), unreadable + ("error" in record)
    if unreadable and prints:
        print(f"{unreadable} of {answered + unreadable} videos could not be read.", file=sys.stderr)
    return 0 if answered else 1
