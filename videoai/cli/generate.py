"""``videoai generate checkpoint=GAN output=DIR``."""

import shlex

from videoai.cli.config import compose, refuse_missing, trusted
from videoai.cli.evaluate import data_apart, data_settings


def main(arguments: list[str]) -> int:
    """Fill the bank, say class by class what passed and why the rest did not."""
    own, about_data = data_apart(arguments)
    config, _ = compose("generate", own)
    refuse_missing(config, "generate")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    from videoai.core.paths import display_path
    from videoai.run.gan.generate import generate

    done = generate(config)
    for name, reason in done["excluded"].items():
        print(f"{name}: no clip passes: {reason}")
    for name, count in done["classes"].items():
        if name not in done["excluded"]:
            print(f"{name}: {count} of {config['per_class']} clips pass")
    folder = display_path(done["output"])
    print(f"{done['passed']} of {done['made']} clips: {folder}/manifest.csv; the others: {folder}/rejected.csv")
    if done["passed"]:
        print(f"next: videoai train ... {shlex.quote(f'synthetic.source={folder}')}")
    return 0
