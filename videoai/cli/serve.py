"""``videoai serve checkpoint=PATH``."""

from videoai.compose.settings import from_arguments
from videoai.settings.serve import ServeSettings


def main(arguments: list[str]) -> int:
    """The URL on standard output once the server answers; the rest on standard error. Exit code 0 after SIGTERM or
    Ctrl-C."""
    settings = from_arguments(ServeSettings, arguments).settings()
    from videoai.run.serve import serve

    serve(settings, on_ready=lambda url: print(url, flush=True))
    return 0
