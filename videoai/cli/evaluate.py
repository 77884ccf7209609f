"""``videoai evaluate checkpoint=PATH``."""

from videoai.cli.overrides import about_data, data_change
from videoai.compose.settings import from_arguments
from videoai.core.launcher import launched_rank
from videoai.settings.verbs import EvaluateSettings


def main(arguments: list[str]) -> int:
    """Score the checkpoint, print the summary, say where the files are."""
    words, rest = about_data(arguments)
    settings = from_arguments(EvaluateSettings, rest).settings()
    change = data_change(words, settings.checkpoint)
    from rich.console import Console

    from videoai.core.messages import command_line
    from videoai.core.paths import display_path
    from videoai.report.tables import results_table
    from videoai.run.evaluate import evaluate

    done = evaluate(settings, change, command=command_line("evaluate", *arguments))
    if launched_rank() > 0:  # the first process prints
        return 0
    Console().print(results_table(done.table, split=done.results["split"]))
    print(f"files: {display_path(done.folder)}/ {' '.join(done.files)}")
    return 0
