"""``videoai study JOB``."""

from typing import Any

from videoai.cli.config import CONFIGS, apart, compose, refuse_missing, trusted
from videoai.cli.evaluate import data_settings


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
    """Each arm is what train would compose with a few more overrides."""
    own, others = apart("study_gan_augment", arguments)
    config, _ = compose("study_gan_augment", own)
    config["trust"] = trusted(config["trust"])
    of_gan = [one for one in others if one.startswith(("gan=", "gan.", "clip=", "clip."))]
    of_classifier = [one for one in others if one not in of_gan]
    from videoai.run.study_gan import JUDGE, split_arm, study_gan

    gan, _ = compose("train_gan", of_gan)
    bases = {
        "real": ["augment=none"],
        "standard": [],
        "diff_augment": ["augment=none", f"augment.diff_augment=[{','.join(gan['gan']['diff_augment'])}]"],
    }
    more = {
        "oversampling": ["imbalance.sampler=balanced"],
        "gaussian": ["finetune=linear_probe", "augment.features=gaussian"],
    }
    classifiers = {}
    for arm in dict.fromkeys([*config["arms"], JUDGE, *(arm.partition("+")[0] for arm in config["arms"])]):
        base, added = split_arm(arm)
        classifiers[arm], _ = compose("train", [*of_classifier, *bases[base], *more.get(added, [])])
        classifiers[arm]["device"] = config["device"]
        classifiers[arm]["data"]["num_workers"] = config["num_workers"]
        refuse_missing(classifiers[arm], "study gan_augment")
    node = classifiers[JUDGE]
    shared = {"num_threads": node["trainer"]["num_threads"], "tensorboard": node["trainer"]["tensorboard"]}
    gan |= {"data": node["data"], "device": config["device"], "trainer": gan["trainer"] | shared}
    return study_gan(config, gan, classifiers)


JOBS = {"feature_augment": feature_augment, "gan_augment": gan_augment}


def job_help(name: str | None) -> str:
    """What ``videoai study [JOB] --help`` prints."""
    jobs = [name] if name in JOBS else JOBS
    return "\n".join((CONFIGS / f"study_{job}.yaml").read_text() for job in jobs)
