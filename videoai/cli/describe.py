"""``videoai describe input=VIDEO|FOLDER|GLOB checkpoint=[A,B,...]``."""

from videoai.cli.overrides import one_or_list
from videoai.cli.predict import print_records
from videoai.compose.settings import from_arguments
from videoai.settings.describe import DescribeSettings


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read, 3 when some could not."""
    settings = from_arguments(DescribeSettings, [one_or_list(word, "checkpoint") for word in arguments]).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    from videoai.run.describe import describe, summary_of

    return print_records(map(summary_of, describe(settings)))
