"""``videoai stream checkpoint=PATH source=FILE|[A,B,...]``."""

import json

from videoai.cli.overrides import one_or_list
from videoai.cli.predict import PARTLY
from videoai.compose.settings import from_arguments
from videoai.settings.stream import StreamSettings


def main(arguments: list[str]) -> int:
    """Lines of JSON on standard output. Exit code 1 when no source could be read to its end, 3 when some could not."""
    settings = from_arguments(StreamSettings, [one_or_list(word, "source") for word in arguments]).settings()
    from videoai.run.stream import stream

    streaming = stream(settings)
    for line in streaming.run():
        print(json.dumps(line, ensure_ascii=False), flush=True)
    if not streaming.failed:
        return 0
    return PARTLY if streaming.failed < len(streaming.session.streams) else 1
