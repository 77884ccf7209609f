"""``videoai explain checkpoint=PATH input=VIDEO|FOLDER|GLOB``."""

from videoai.cli.predict import print_records
from videoai.compose.settings import from_arguments
from videoai.settings.explain import ExplainSettings

SHORT = ("path", "error", "target", "score", "method", "layer", "hottest", "files")


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read, 3 when some could not."""
    settings = from_arguments(ExplainSettings, arguments).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    from videoai.run.explain import explain

    return print_records({key: told[key] for key in SHORT if key in told} for told in explain(settings))
