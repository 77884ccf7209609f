"""``videoai data inspect|check|prepare PATH``: look at videos before anything is trained."""

import os
from difflib import get_close_matches
from importlib import import_module

JOBS = {  # job -> (module:function, one line of help)
    "inspect": ("videoai.cli.data_inspect:main", "say what lies at PATH, and the command that trains on it"),
    "check": ("videoai.cli.data_check:main", "find broken, short, double, leaking and mislabelled videos"),
    "prepare": ("videoai.cli.data_prepare:main", "re-encode, cache or pack videos so that training reads them faster"),
}


def main(arguments: list[str]) -> int:
    """Runs the job. Raises: ValueError: no such job."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name not in JOBS:
        near = get_close_matches(name, JOBS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"videoai data '{name}': choose from {', '.join(JOBS)}.{hint} See videoai data --help")
    module, _, function = JOBS[name][0].partition(":")
    return getattr(import_module(module), function)(rest)


def path_first(arguments: list[str]) -> tuple[str | None, list[str]]:
    """PATH, when the first argument is one, and the rest. A path may hold ``=`` where it exists or behind a slash."""
    first = arguments[0] if arguments else ""
    is_path = first and not first.startswith("-") and ("=" not in first.partition("/")[0] or os.path.exists(first))
    return (first, arguments[1:]) if is_path else (None, arguments)


def settings_of(path: str) -> list[str]:
    """The settings of train that name what lies at PATH: shards, or the first layout that ``data inspect`` would name.

    Raises: FileNotFoundError.
    """
    if os.path.isdir(os.path.join(path, "shards")) and os.path.isfile(os.path.join(path, "prepare.json")):
        return ["data=shards", f"data.path={path}"]
    from videoai.data.layouts.detect import candidates
    from videoai.data.layouts.survey import survey

    for fit in candidates(survey(path)):
        return [f"data={fit.name}", *(f"data.{key}={value}" for key, value in fit.settings.items())]
    # none: the reader of either says best what is missing
    return ["data=csv", f"data.path={path}"] if os.path.isfile(path) else ["data=folder", f"data.root={path}"]


def job_help(name: str | None) -> str:
    """What ``videoai data [JOB] --help`` prints. A settings file explains itself, so its text is the help."""
    from videoai.cli.config import CONFIGS

    if name not in JOBS:
        jobs = "\n".join(f"  {job:<10}{text}" for job, (_, text) in JOBS.items())
        return f"videoai data: look at videos before anything is trained\n\nusage: videoai data JOB PATH\n\n{jobs}"
    settings = (CONFIGS / f"data_{name}.yaml").read_text()
    return f"videoai data {name}: {JOBS[name][1]}\n\nusage: videoai data {name} PATH [key=value ...]\n\n{settings}"
