"""``videoai evaluate checkpoint=PATH``."""

from typing import Any

from videoai.cli.config import compose, refuse_missing, task_of, trusted


def main(arguments: list[str]) -> int:
    """Score the checkpoint, print the summary, say where the files are."""
    task, arguments = task_of(arguments)
    if task == "gan":
        from videoai.cli.evaluate_gan import main as evaluate_gan

        return evaluate_gan(arguments)
    own, about_data = data_apart(arguments)
    config, _ = compose("evaluate", own)
    refuse_missing(config, "evaluate")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.tables import results_table
    from videoai.run.evaluate import evaluate

    results = evaluate(config)
    Console().print(results_table(results))
    names = "scores.csv per_class.csv average_precision.png" if "mAP" in results else "per_class.csv confusion.png"
    print(f"files: {display_path(results['folder'])}/ results.json predictions.csv {names}")
    return 0


def data_apart(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The overrides of the verb's own settings, and those of data; ``--config-dir DIR`` stands in both."""
    about_data = [argument for argument in arguments if argument.startswith(("data=", "data."))]
    own = [argument for argument in arguments if argument not in about_data]
    for_both = [argument for argument in own if argument.startswith("--config-dir") or "=" not in argument]
    return own, [*about_data, *for_both] if about_data else []


def data_settings(overrides: list[str], checkpoint_path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Other data that ``data=...`` names, or the keys of the checkpoint's own data that ``data.key=...`` changes.

    ``data.root=PATH`` is enough when a folder has moved.
    """
    if not overrides:
        return {}, {}
    if any(override.startswith("data=") for override in overrides):
        named = compose("train", overrides)[0]["data"]
        refuse_missing({"data": named}, "evaluate")
        return named, {}
    from videoai.models.published import is_published

    if is_published(checkpoint_path):
        raise ValueError(
            f"checkpoint={checkpoint_path}: published weights bring no data. Say which: data=folder or csv."
        )
    given = compose("train", [f"data={recorded_layout(checkpoint_path)}", *overrides])[0]["data"]
    keys = [override.partition("=")[0] for override in overrides if override.startswith("data.")]
    return {}, {key: given[key] for key in {key.split(".")[1] for key in keys}}


def recorded_layout(checkpoint_path: str) -> str:
    """The layout that a checkpoint names. Raises: ValueError: none of this project's, as any name would be a file."""
    from videoai.core import checkpoint
    from videoai.run.checkpoint_data import layout_of

    return layout_of(checkpoint.load(checkpoint_path)["config"].get("data"), checkpoint_path)
