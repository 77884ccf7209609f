"""``videoai describe input=VIDEO|FOLDER|GLOB checkpoint=[A,B,...]``."""

from videoai.cli.predict import print_records
from videoai.cli.runs import quoted
from videoai.compose.settings import from_arguments
from videoai.settings.describe import DescribeSettings


def main(arguments: list[str]) -> int:
    """One line of JSON a video on standard output. Exit code 1 when no video could be read, 3 when some could not."""
    settings = from_arguments(DescribeSettings, [single_checkpoint(word) for word in arguments]).settings()
    if not settings.input:
        raise ValueError("input is empty. Add input=FILE, input=FOLDER or input='GLOB'")
    from videoai.run.describe import describe, summary_of

    return print_records(map(summary_of, describe(settings)))


def single_checkpoint(word: str) -> str:
    """``checkpoint=PATH`` is taken as typed, as ``predict`` takes it; in a list names with special characters need
    quotes."""
    key, _, value = word.partition("=")
    return f"checkpoint=[{quoted(value)}]" if key == "checkpoint" and value and value[0] not in "['\"" else word
