"""``videoai push RUN hub=OWNER/NAME license=NAME``."""

from videoai.cli.overrides import path_first
from videoai.compose.settings import from_arguments
from videoai.core.paths import display_path
from videoai.settings.verbs import PushSettings


def main(arguments: list[str]) -> int:
    """Publish, and say where it is and how it is used."""
    path, rest = path_first(arguments)
    settings = from_arguments(PushSettings, [*([f"run={path}"] if path else ()), *rest]).settings()
    from videoai.core.messages import command_line
    from videoai.run.push import push

    done = push(settings)
    if done.folder:
        print(f"written: {display_path(done.folder)}/ {' '.join(done.files)}")
    if done.url:
        at = f"@{settings.revision}" if settings.revision else ""
        print(f"pushed: {done.url}")
        print(f"use: {command_line('predict', f'checkpoint=hf://{settings.hub}{at}', 'input=FILE')}")
    return 0
