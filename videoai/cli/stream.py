"""``videoai stream checkpoint=PATH source=FILE|[A,B,...]``."""

import json

from videoai.cli.predict import PARTLY
from videoai.cli.runs import quoted
from videoai.compose.settings import from_arguments
from videoai.settings.stream import StreamSettings


def main(arguments: list[str]) -> int:
    """Lines of JSON on standard output. Exit code 1 when no source could be read to its end, 3 when some could not."""
    settings = from_arguments(StreamSettings, [single_source(word) for word in arguments]).settings()
    from videoai.run.stream import stream

    streaming = stream(settings)
    for line in streaming.run():
        print(json.dumps(line, ensure_ascii=False), flush=True)
    if not streaming.failed:
        return 0
    return PARTLY if streaming.failed < len(settings.source) else 1


def single_source(word: str) -> str:
    """``source=FILE`` is taken as typed; in a list names with special characters need quotes."""
    key, _, value = word.partition("=")
    return f"source=[{quoted(value)}]" if key == "source" and value and value[0] not in "['\"" else word
