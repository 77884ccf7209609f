"""``videoai evaluate checkpoint=PATH``."""

from typing import Any

from videoai.cli.config import compose, refuse_missing


def main(arguments: list[str]) -> int:
    """Score the checkpoint, print the summary, say where the files are."""
    about_data = [argument for argument in arguments if argument.startswith(("data=", "data."))]
    config, _ = compose("evaluate", [argument for argument in arguments if argument not in about_data])
    refuse_missing(config, "evaluate")
    config["data"] = data_settings(about_data, config["checkpoint"])
    from rich.console import Console

    from videoai.report.tables import results_table
    from videoai.run.data import shown
    from videoai.run.evaluate import evaluate

    results = evaluate(config)
    Console().print(results_table(results))
    print(f"files: {shown(results['folder'])}/ results.json predictions.csv per_class.csv confusion.png")
    return 0


def data_settings(overrides: list[str], checkpoint_path: str) -> dict[str, Any]:
    """The data node that ``data=...`` and ``data.key=...`` ask for; empty = the checkpoint's own.

    Without ``data=``, keys change the checkpoint's node, so ``data.root=PATH`` is enough when a folder has moved.
    """
    if not overrides:
        return {}
    if any(override.startswith("data=") for override in overrides):
        return compose("train", overrides)[0]["data"]
    from videoai.core import checkpoint

    node = dict(checkpoint.load(checkpoint_path)["config"]["data"])
    given = compose("train", [f"data={node.get('name')}", *overrides])[0]["data"]
    changed = {key.partition("=")[0].removeprefix("data.").split(".")[0] for key in overrides}
    return {**node, **{key: given[key] for key in changed}}
