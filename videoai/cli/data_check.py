"""``videoai data check PATH``."""

from videoai.cli.overrides import path_first, settings_of
from videoai.compose.settings import from_arguments, shared_out
from videoai.settings.datasets import CheckSettings
from videoai.settings.training import TrainSettings

FAULTS_FOUND = 3  # exit code: the check was done, and something is wrong


def main(arguments: list[str]) -> int:
    """Checks, prints the results and the path of the report. Exit code 3 when something must be fixed."""
    path, rest = path_first(arguments)
    own, rest = shared_out(CheckSettings, rest)
    if path is None and not any(argument.startswith("data") for argument in rest):
        raise ValueError("say which videos: videoai data check PATH, or data=csv data.path=FILE.")
    settings = from_arguments(CheckSettings, own).settings()
    words = [*(settings_of(path) if path else ()), *rest]
    return _check(settings, from_arguments(TrainSettings, words).settings(), words)


def _check(settings: CheckSettings, training: TrainSettings, words: list[str]) -> int:
    """``words``: the settings of train that name the videos, and perhaps the clip that they should fill."""
    from videoai.core.messages import command_line, pluralize, same_command
    from videoai.core.paths import display_path
    from videoai.data.check.faults import KINDS
    from videoai.report.check import check_table, summary
    from videoai.report.tables import as_text
    from videoai.run.datasets.check import check

    names_clip = any(word.startswith(("clip", "model=", "experiment=")) for word in words)
    clip = training.clip if names_clip else None
    checked = check(settings, training.data, frame_fps=training.loading.frame_fps, clip=clip)
    if checked.faults:
        print(as_text(check_table(checked.faults, KINDS)))
    print(f"{pluralize(checked.num_files, 'file')}, {summary(checked.faults)}.")
    print(f"files: {display_path(checked.folder)}/ report.html report.csv quarantine.csv")
    if not any(not fault.is_light for fault in checked.faults):
        return 0
    quarantine = f"data.quarantine={display_path(checked.folder / 'quarantine.csv')}"
    if any(fault.kind == "refused" for fault in checked.faults):
        again = same_command() or command_line("data check", *words)
        print(f"next: mend what is refused, which no quarantine does; then again: {again}")
    else:
        print(f"next: {command_line('train', *words, quarantine)}")
    return FAULTS_FOUND
