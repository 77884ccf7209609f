"""``videoai describe input=VIDEO|FOLDER|GLOB checkpoint=[A,B,...]``."""

import json
import sys

from videoai.cli.predict import PARTLY
from videoai.cli.runs import quoted
from videoai.compose.settings import from_arguments
from videoai.settings.describe import DescribeSettings


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read, 3 when some could not."""
    settings = from_arguments(DescribeSettings, [single_checkpoint(word) for word in arguments]).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    from videoai.run.describe import describe, summary_of

    described = unreadable = 0
    for told in describe(settings):
        print(json.dumps(summary_of(told), ensure_ascii=False), flush=True)
        described, unreadable = described + ("error" not in told), unreadable + ("error" in told)
    if unreadable:
        print(f"{unreadable} of {described + unreadable} videos could not be read.", file=sys.stderr)
    if not described:
        return 1
    return PARTLY if unreadable else 0


def single_checkpoint(word: str) -> str:
    """``checkpoint=PATH`` is taken as typed, as ``predict`` takes it; in a list names with special characters need
    quotes."""
    key, _, value = word.partition("=")
    return f"checkpoint=[{quoted(value)}]" if key == "checkpoint" and value and value[0] not in "['\"" else word
