"""``videoai demo checkpoint=PATH``."""

from videoai.compose.settings import from_arguments
from videoai.settings.serve import DemoSettings


def main(arguments: list[str]) -> int:
    """The URL on standard output once the page is there; the rest on standard error. Exit code 0 after SIGTERM or
    Ctrl-C."""
    settings = from_arguments(DemoSettings, arguments).settings()
    from videoai.run.demo import demo

    demo(settings, on_ready=lambda url: print(url, flush=True))
    return 0
