"""``videoai study JOB``."""

from typing import Any

from videoai.cli.config import CONFIGS, apart, compose, refuse_missing, trusted
from videoai.cli.evaluate import data_apart, data_settings

# Settings of train that a study of GANs sets itself, and the setting of its own that says so.
TAKEN = {f"trainer.{key}": "steps" for key in ("max_steps", "max_epochs", "eval_every")}
TAKEN |= {"seed": "seeds", "data.num_workers": "num_workers", "synthetic.source": "arms"}


def main(arguments: list[str]) -> int:
    """Measures, and prints a table and a sentence. Raises: ValueError: no such job."""
    job, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if job not in JOBS:
        raise ValueError(f"videoai study '{job}': choose from {', '.join(JOBS)}. See videoai study --help")
    results = JOBS[job](rest)
    from videoai.core.paths import display_path
    from videoai.report.study import Difference, study_table
    from videoai.report.tables import as_text

    found = [Difference(**one) for one in results["differences"]]
    print(as_text(study_table(results["rows"], results["baseline"], found)))
    for where, reason in results["refused"].items():
        print(f"{where}: {reason}")
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ rows.jsonl results.json study.png")
    return 0


def feature_augment(arguments: list[str]) -> dict[str, Any]:
    """Data are the encoder's own, or named."""
    own, about_data = data_apart(arguments)
    config, _ = compose("study_feature_augment", own)
    refuse_missing(config, "study feature_augment")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    from videoai.run.study.feature_augment import study_features

    return study_features(config)


def gan_augment(arguments: list[str]) -> dict[str, Any]:
    """Settings of the generator go to it, all others to the classifiers, and own YAML to both."""
    own, others = apart("study_gan_augment", arguments)
    if taken := next((key for one in others if (key := one.partition("=")[0]) in TAKEN), None):
        raise ValueError(f"{taken} is set by the study: use {TAKEN[taken]}=...")
    config, _ = compose("study_gan_augment", own)
    config["trust"] = trusted(config["trust"])
    of_both = [one for one in others if one.startswith("--") or "=" not in one]  # --config-dir and its folder
    of_gan = [one for one in others if one.startswith(("gan=", "gan.", "clip=", "clip."))]
    of_classifier = [one for one in others if one not in (*of_gan, *of_both)]
    from videoai.run.study.gan_augment import BASES, judge_arm, study_gan

    gan, _ = compose("train_gan", [*of_both, *of_gan])
    arms = dict.fromkeys([*BASES, judge_arm(config["rare"]), *config["arms"]])
    classifiers = {arm: _classifier(arm, [*of_both, *of_classifier], gan["gan"]["diff_augment"]) for arm in arms}
    for settings in classifiers.values():
        settings["device"], settings["data"]["num_workers"] = config["device"], config["num_workers"]
    one = classifiers[BASES[0]]
    shared = {key: one["trainer"][key] for key in ("num_threads", "tensorboard")}
    gan |= {"data": one["data"], "device": config["device"], "trainer": gan["trainer"] | shared}
    return study_gan(config, gan, classifiers)


def _classifier(arm: str, arguments: list[str], policy: list[str]) -> dict[str, Any]:
    """What train composes, with the augmentation that the arm's base is called after. ``policy``: of DiffAugment."""
    from videoai.run.study.gan_augment import split_arm

    base, added = split_arm(arm)
    more = {"oversampling": ["imbalance.sampler=balanced"], "gaussian": ["finetune=linear_probe"]}.get(added, [])
    settings, _ = compose("train", [*arguments, *more])
    refuse_missing(settings, "study gan_augment")
    if base != "standard":
        plain = compose("train", ["augment=none"])[0]["augment"]  # an experiment may change single keys of its own
        settings["augment"] = {**plain, "diff_augment": policy if base == "diff_augment" else []}
    if added == "gaussian":
        settings["augment"]["features"] = "gaussian"
    return settings


JOBS = {"feature_augment": feature_augment, "gan_augment": gan_augment}


def job_help(name: str | None) -> str:
    """What ``videoai study [JOB] --help`` prints."""
    jobs = [name] if name in JOBS else JOBS
    return "\n".join((CONFIGS / f"study_{job}.yaml").read_text() for job in jobs)
