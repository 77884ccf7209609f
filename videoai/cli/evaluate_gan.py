"""``videoai evaluate task=gan checkpoint=PATH``."""

from videoai.cli.config import apart, compose, refuse_missing, trusted
from videoai.cli.evaluate import data_settings


def main(arguments: list[str]) -> int:
    """Measure the generator, print one line a measure, say where the files are."""
    about_data = [argument for argument in arguments if argument.startswith("data.")]
    own, of_classifier = apart("evaluate_gan", [one for one in arguments if one not in about_data])
    config, _ = compose("evaluate_gan", own)
    refuse_missing(config, "evaluate_gan")
    config["trust"] = trusted(config["trust"])
    _, config["moved"] = data_settings(about_data, config["checkpoint"])
    classifier, _ = compose("train", [f"data={data_name(config['checkpoint'])}", *of_classifier])
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.gan import ladder_table, lines
    from videoai.run.gan.evaluate import evaluate_gan

    results = evaluate_gan(config, classifier)
    Console().print(ladder_table(results))
    print("\n".join(lines(results)))
    print(f"files: {display_path(results['folder'])}/ results.json per_class.csv bank/")
    return 0


def data_name(checkpoint_path: str) -> str:
    """The layout of the checkpoint's data, which says how its clips are augmented."""
    from videoai.core import checkpoint

    return checkpoint.load(checkpoint_path)["config"]["data"].get("name", "csv")
