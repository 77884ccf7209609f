"""``videoai evaluate task=gan checkpoint=PATH``."""

from videoai.cli.config import apart, compose, refuse_missing, trusted
from videoai.cli.evaluate import data_apart, data_settings, recorded_layout


def main(arguments: list[str]) -> int:
    """Measure the generator, print one line a measure, say where the files are."""
    others, about_data = data_apart(arguments)
    own, of_classifier = apart("evaluate_gan", others)
    config, _ = compose("evaluate_gan", own)
    refuse_missing(config, "evaluate_gan")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    named = [argument for argument in about_data if argument.startswith("data=")]
    layout = named or [f"data={recorded_layout(config['checkpoint'])}"]  # it says how clips are augmented
    classifier, _ = compose("train", [*layout, *of_classifier])
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.gan import ladder_table, lines
    from videoai.run.gan.evaluate import evaluate_gan

    results = evaluate_gan(config, classifier)
    Console().print(ladder_table(results))
    print("\n".join(lines(results)))
    print(f"files: {display_path(results['folder'])}/ results.json per_class.csv bank/")
    return 0
