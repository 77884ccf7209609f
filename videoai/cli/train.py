"""``videoai train``."""

import os
import shlex
import sys

import yaml

from videoai.cli.config import TASKS, at_default, compose, task_of, trainer_of, with_run_dir

METRICS = {"top1": "top-1", "mean_class_accuracy": "mean class accuracy", "macro_f1": "macro F1"}
METRICS |= {"map": "mAP", "micro_f1": "micro F1", "hit1": "hit@1"}
# Of a GAN: without a judge, and with one.
METRICS |= {"likeness": "likeness", "score": "named x spread", "judged": "agreement x diversity", "cas": "CAS"}


def main(arguments: list[str]) -> int:
    """Compose the settings, train, and say what to do next."""
    task, settings = task_of(arguments)
    settings = [setting for setting in settings if setting != "--cfg"]
    config, choices = compose(TASKS[task], settings)
    if "--cfg" in arguments:
        sys.stdout.write(yaml.safe_dump(config, sort_keys=False))
        return 0
    from videoai.core.paths import display_path

    done = trainer_of(task)(with_run_dir(config, choices), at_default=at_default(config, TASKS[task], settings))
    if os.environ.get("RANK", "0") != "0":  # of several processes one speaks
        return 0
    checkpoint = display_path(done["checkpoint"])
    metric = done["metric"]
    value = f"{METRICS[metric]} {done[f'best_{metric}']:.1%}"
    print(f"val {value} at step {done['best_step']}, after {done['seconds']:.0f} s: {checkpoint}")
    which = "" if task == "classify" else f"task={task} "
    print(f"next: videoai evaluate {which}{shlex.quote(f'checkpoint={checkpoint}')}")
    return 0
