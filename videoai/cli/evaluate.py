"""``videoai evaluate checkpoint=PATH``."""

from typing import Any

from videoai.cli.config import compose, refuse_missing, task_of, trusted


def main(arguments: list[str]) -> int:
    """Score the checkpoint, print the summary, say where the files are."""
    task, arguments = task_of(arguments)
    if task == "gan":
        from videoai.cli.evaluate_gan import main as evaluate_gan

        return evaluate_gan(arguments)
    about_data = [argument for argument in arguments if argument.startswith(("data=", "data."))]
    config, _ = compose("evaluate", [argument for argument in arguments if argument not in about_data])
    refuse_missing(config, "evaluate")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    if "_target_" in config["data"]:
        config["trust"].append(config["data"]["_target_"].split(".")[0])  # the person composed it just now
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.tables import results_table
    from videoai.run.evaluate import evaluate

    results = evaluate(config)
    Console().print(results_table(results))
    names = "scores.csv per_class.csv average_precision.png" if "mAP" in results else "per_class.csv confusion.png"
    print(f"files: {display_path(results['folder'])}/ results.json predictions.csv {names}")
    return 0


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
    from videoai.core import checkpoint
    from videoai.models.published import is_published

    if is_published(checkpoint_path):
        raise ValueError(
            f"checkpoint={checkpoint_path}: published weights bring no data. Say which: data=folder or csv."
        )
    name = checkpoint.load(checkpoint_path)["config"]["data"].get("name")
    given = compose("train", [f"data={name}", *overrides])[0]["data"]
    changed = {override.partition("=")[0].removeprefix("data.").split(".")[0] for override in overrides}
    return {}, {key: given[key] for key in changed}
