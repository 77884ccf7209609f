"""``videoai evaluate checkpoint=PATH``."""

from videoai.cli.overrides import about_data, data_settings
from videoai.compose.former import former
from videoai.compose.settings import from_arguments
from videoai.settings.verbs import EvaluateSettings


def main(arguments: list[str]) -> int:
    """Score the checkpoint, print the summary, say where the files are."""
    words, rest = about_data(arguments)
    config = former(from_arguments(EvaluateSettings, rest).settings())
    config["data"], config["moved"] = data_settings(words, config["checkpoint"])
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.tables import results_table
    from videoai.run.evaluate import evaluate

    results = evaluate(config)
    Console().print(results_table(results["table"], split=results["split"]))
    print(f"files: {display_path(results['folder'])}/ {' '.join(results['files'])}")
    return 0
