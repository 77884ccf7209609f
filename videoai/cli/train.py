"""``videoai train``."""

import shlex
import sys

import yaml

from videoai.cli.config import compose, with_run_dir


def main(arguments: list[str]) -> int:
    """Compose the settings, train, and say what to do next."""
    config, choices = compose("train", [argument for argument in arguments if argument != "--cfg"])
    if "--cfg" in arguments:
        sys.stdout.write(yaml.safe_dump(config, sort_keys=False))
        return 0
    from videoai.run.data import shown
    from videoai.run.train import train

    done = train(with_run_dir(config, choices))
    checkpoint = shown(done["checkpoint"])
    print(f"val top-1 {done['best_top1']:.1%} at step {done['best_step']}, after {done['seconds']:.0f} s: {checkpoint}")
    print(f"next: videoai evaluate {shlex.quote(f'checkpoint={checkpoint}')}")
    return 0
