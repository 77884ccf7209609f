"""``videoai study feature_augment``."""

from videoai.cli.config import CONFIGS, compose, refuse_missing, trusted
from videoai.cli.evaluate import data_settings

JOBS = ("feature_augment",)


def main(arguments: list[str]) -> int:
    """Measures, and prints a table and a sentence. Raises: ValueError: no such job."""
    job, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if job not in JOBS:
        raise ValueError(f"videoai study '{job}': choose from {', '.join(JOBS)}. See videoai study --help")
    about_data = [argument for argument in rest if argument.startswith(("data=", "data."))]
    config, _ = compose(f"study_{job}", [argument for argument in rest if argument not in about_data])
    refuse_missing(config, f"study {job}")
    config["trust"] = trusted(config["trust"])
    config["data"], config["moved"] = data_settings(about_data, config["checkpoint"])
    from rich.console import Console

    from videoai.report.study import Difference, study_table
    from videoai.run.data import shown
    from videoai.run.study_features import study_features

    results = study_features(config)
    found = [Difference(**one) for one in results["differences"]]
    Console().print(study_table(results["rows"], results["baseline"], found))
    for where, reason in results["refused"].items():
        print(f"{where}: {reason}")
    print(results["verdict"])
    print(f"files: {shown(results['folder'])}/ rows.jsonl results.json study.png")
    return 0


def job_help(name: str | None) -> str:
    """What ``videoai study [JOB] --help`` prints."""
    jobs = [name] if name in JOBS else JOBS
    return "\n".join((CONFIGS / f"study_{job}.yaml").read_text() for job in jobs)
