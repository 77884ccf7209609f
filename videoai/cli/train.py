"""``videoai train``."""

import shlex
import sys

import yaml

from videoai.cli.config import compose, with_run_dir

METRICS = {"top1": "top-1", "mean_class_accuracy": "mean class accuracy", "macro_f1": "macro F1"}
METRICS |= {"map": "mAP", "micro_f1": "micro F1", "hit1": "hit@1"}


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
    metric = done["metric"]
    value = f"{METRICS[metric]} {done[f'best_{metric}']:.1%}"
    print(f"val {value} at step {done['best_step']}, after {done['seconds']:.0f} s: {checkpoint}")
    print(f"next: videoai evaluate {shlex.quote(f'checkpoint={checkpoint}')}")
    return 0
