"""``videoai explain checkpoint=PATH input=VIDEO|FOLDER|GLOB``."""

import json
import sys

from videoai.cli.predict import PARTLY
from videoai.compose.settings import from_arguments
from videoai.settings.explain import ExplainSettings

SHORT = ("path", "error", "target", "score", "method", "layer", "hottest", "files")


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read, 3 when some could not."""
    settings = from_arguments(ExplainSettings, arguments).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    from videoai.run.explain import explain

    explained = unreadable = 0
    for told in explain(settings):
        print(json.dumps({key: told[key] for key in SHORT if key in told}, ensure_ascii=False), flush=True)
        explained, unreadable = explained + ("error" not in told), unreadable + ("error" in told)
    if unreadable:
        print(f"{unreadable} of {explained + unreadable} videos could not be read.", file=sys.stderr)
    if not explained:
        return 1
    return PARTLY if unreadable else 0
