"""``videoai runs [FOLDER]`` , ``videoai ensemble RUN RUN`` and ``videoai compare RUN RUN``."""

from videoai.cli.overrides import path_first, quoted
from videoai.compose.settings import from_arguments
from videoai.settings.runs import CompareSettings, EnsembleSettings, RunsSettings


def runs(arguments: list[str]) -> int:
    """A table of the runs below a folder."""
    path, rest = path_first(arguments)
    settings = from_arguments(RunsSettings, [*([f"folder={path}"] if path else []), *rest]).settings()
    from rich.console import Console

    from videoai.report.runs import runs_table, settings_lines
    from videoai.run.runs import list_runs

    rows = list_runs(settings.folder)
    Console().print(runs_table(rows))
    print("\n".join(settings_lines(rows)))
    return 0


def ensemble(arguments: list[str]) -> int:
    """The path of the checkpoint, and what can be done with it."""
    paths: list[str] = []
    path, rest = path_first(arguments)
    while path:
        paths.append(path)
        path, rest = path_first(rest)
    words = [f"runs=[{','.join(map(quoted, paths))}]"] if paths else []
    settings = from_arguments(EnsembleSettings, [*words, *rest]).settings()
    from videoai.core.messages import command_line
    from videoai.core.paths import display_path
    from videoai.run.ensemble import make_ensemble

    done = make_ensemble(settings)
    path = display_path(done.path)
    print(f"{len(done.members)} networks answer together: {path}")
    if done.shares_test:
        print(f"score them: {command_line('evaluate', f'checkpoint={path}')}")
    else:
        print("their lists of videos differ, so no test split is new to all of them: name other data to score them")
    return 0


def compare(arguments: list[str]) -> int:
    """Tables of both runs side by side, and the paths of the CSV file and the page."""
    one, rest = path_first(arguments)
    other, rest = path_first(rest)
    words = [f"{key}={path}" for key, path in (("run", one), ("other", other)) if path]
    settings = from_arguments(CompareSettings, [*words, *rest]).settings()
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.comparison import classes_table, comparison_table
    from videoai.run.compare import compare_runs

    done = compare_runs(settings)
    Console().print(comparison_table(done.comparison, settings.run, settings.other))
    Console().print(classes_table(done.comparison))
    print(done.comparison.verdict)
    print(f"files: {', '.join(map(display_path, done.files))}")
    return 0
