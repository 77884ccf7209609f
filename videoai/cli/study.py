"""``videoai study JOB``."""

from typing import Any

from videoai.cli.config import CONFIGS, apart, compose, refuse_missing, trusted
from videoai.cli.evaluate import data_settings

TAKEN = {
    "seed": "seeds",
    "trainer.max_steps": "steps",
    "trainer.max_epochs": "steps",
}  # settings of train -> the study's
TAKEN |= {"trainer.eval_every": "steps", "data.num_workers": "num_workers", "synthetic.source": "arms"}


def main(arguments: list[str]) -> int:
    """Measures, and prints a table and a sentence. Raises: ValueError: no such job."""
    job, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if job not in JOBS:
        raise ValueError(f"videoai study '{job}': choose from {', '.join(JOBS)}. See videoai study --help")
    results = JOBS[job](rest)
    from videoai.report.study import Difference, study_table
    from videoai.report.tables import as_text
    from videoai.run.data import shown

    found = [Difference(**one) for one in results["differences"]]
    print(as_text(study_table(results["rows"], results["baseline"], found)))
    for where, reason in results["refused"].items():
        print(f"{where}: {reason}")
    print(results["verdict"])
    print(f"files: {shown(results['folder'])}/ rows.jsonl results.json study.png")
    return 0


def feature_augment(arguments: list[str]) -> dict[str, Any]:
    """Data are the encoder's own, or named."""
    about_data = [argument for argument in arguments if argument.startswith(("data=", "data."))]
    config, _ = compose("study_feature_augment", [one for one in arguments if one not in about_data])
    refuse_missing(config, "study feature_augment")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    from videoai.run.study_features import study_features

    return study_features(config)


def gan_augment(arguments: list[str]) -> dict[str, Any]:
    """Each arm is what train would compose, with an augmentation of its own or a few more overrides."""
    own, others = apart("study_gan_augment", arguments)
    if taken := [one for one in others if one.partition("=")[0] in TAKEN]:
        key = taken[0].partition("=")[0]
        raise ValueError(f"{key} is set by the study: use {TAKEN[key]}=...")
    config, _ = compose("study_gan_augment", own)
    config["trust"] = trusted(config["trust"])
    everywhere = [one for one in others if one.startswith("--") or "=" not in one]  # --config-dir and its folder
    of_gan = [one for one in others if one.startswith(("gan=", "gan.", "clip=", "clip."))]
    of_classifier = [one for one in others if one not in (*of_gan, *everywhere)]
    from videoai.run.study_gan import BASES, split_arm, study_gan

    gan, _ = compose("train_gan", [*everywhere, *of_gan])
    plain = compose("train", ["augment=none"])[0]["augment"]
    classifiers = {}
    for arm in dict.fromkeys([*BASES, *config["arms"]]):
        base, added = split_arm(arm)
        more = {"oversampling": ["imbalance.sampler=balanced"], "gaussian": ["finetune=linear_probe"]}.get(added, [])
        settings, _ = compose("train", [*everywhere, *of_classifier, *more])
        refuse_missing(settings, "study gan_augment")
        if base != "standard":
            settings["augment"] = {
                **plain,
                "diff_augment": gan["gan"]["diff_augment"] if base == "diff_augment" else [],
            }
        if added == "gaussian":
            settings["augment"] = {**settings["augment"], "features": "gaussian"}
        settings["data"]["num_workers"] = config["num_workers"]
        classifiers[arm] = {**settings, "device": config["device"]}
    one = classifiers[BASES[0]]
    shared = {"num_threads": one["trainer"]["num_threads"], "tensorboard": one["trainer"]["tensorboard"]}
    gan |= {"data": one["data"], "device": config["device"], "trainer": gan["trainer"] | shared}
    return study_gan(config, gan, classifiers)


JOBS = {"feature_augment": feature_augment, "gan_augment": gan_augment}


def job_help(name: str | None) -> str:
    """What ``videoai study [JOB] --help`` prints."""
    jobs = [name] if name in JOBS else JOBS
    return "\n".join((CONFIGS / f"study_{job}.yaml").read_text() for job in jobs)
