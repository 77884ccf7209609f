"""What ``videoai --help``, ``videoai GROUP --help`` and ``videoai JOB ... --help`` print."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence

from videoai.cli.jobs import GROUPS, JOBS, SWEEP, Command, jobs_of

USAGE = """\
videoai trains, evaluates and applies video action-recognition models.

usage: videoai VERB [key=value ...]

{verbs}

start here:
  videoai train                                        train on the built-in clips; a few minutes on a CPU
  videoai train data=folder data.root=PATH             train on your clips: one sub-folder a class
  videoai evaluate checkpoint=runs/NAME/checkpoints/best.pt
  videoai predict  checkpoint=runs/NAME/checkpoints/best.pt input=VIDEO

more:
  videoai VERB --help    every setting: its meaning, value and range, as composed by what else is typed
  videoai train --cfg    the composed settings as YAML     videoai train -m seed=0,1   one run for each combination
  videoai --version      the version                       debug=true                  the traceback of an error

exit codes: 0 done, 1 error, 2 unknown verb, 75 stopped by SIGTERM after saving, 130 stopped by Ctrl-C (training saves
first)
"""


def usage() -> str:
    """The text of ``videoai --help``."""
    rows = {name: job.help for name, job in JOBS.items() if " " not in name}
    rows |= {f"{group} {'|'.join(jobs_of(group))}": text for group, text in GROUPS.items()}
    return USAGE.format(verbs="\n".join(_verb(name, text) for name, text in rows.items()))


def _verb(name: str, text: str) -> str:
    """A name that is too long for its column has a line of its own."""
    return f"  {name:<36}{text}" if len(name) < 36 else f"  {name}\n{'':<38}{text}"


def group_help(group: str) -> str:
    """The jobs of a group."""
    jobs = "\n".join(f"  {name:<18}{job.help}" for name, job in jobs_of(group).items())
    return (
        f"videoai {group}: {GROUPS[group]}\n\nusage: videoai {group} JOB ...\n\n{jobs}\n\n"
        f"videoai {group} JOB --help lists the settings of a job."
    )


def job_help(command: Command) -> str:
    """Every setting of the job as the other words compose it. Raises: ValueError: words that do not compose."""
    lines = [
        f"videoai {command.name}: {command.job.help}",
        "",
        f"usage: videoai {command.name} {command.job.usage}".rstrip(),
    ]
    words = [word for word in command.rest if word not in ("--cfg", "-m", "--multirun")]
    sources = [*command.job.settings, *([SWEEP] if {"-m", "--multirun"} & {*command.rest} else [])]
    lines += [line for place, source in enumerate(sources) for line in _settings(source, words, place > 0)]
    return "\n".join(lines)


def _settings(source: str, words: Sequence[str], is_passed_on: bool) -> Iterator[str]:
    from videoai.compose.arguments import split_config_dir
    from videoai.compose.files import GROUPS as PRESETS
    from videoai.compose.files import choices_of, comments_of
    from videoai.compose.settings import JOBS as FROM_PRESETS
    from videoai.compose.settings import from_arguments, own_words
    from videoai.core.build import resolve
    from videoai.settings.parse import describe

    cls = resolve(source, "jobs")
    config_dir, _ = split_config_dir(words)
    composed = from_arguments(cls, own_words(cls, words))  # pyright: ignore[reportArgumentType]
    yield from (
        ("", *textwrap.wrap(" ".join((cls.__doc__ or "").split()), _width())) if not is_passed_on else ("", "and:")
    )
    if cls in FROM_PRESETS:
        yield from ("", "presets, GROUP=NAME (and your own: --config-dir DIR with GROUP/NAME.yaml):")
        for group in PRESETS:
            if group in composed.choices:
                named = textwrap.wrap(" ".join(choices_of(group, config_dir)), _width() - 14)
                yield from (f"  {group + '=' if not place else '':<12}{row}" for place, row in enumerate(named))
    yield from ("", "settings, with their values as composed here:")
    of_model = comments_of("model", str(composed.choices.get("model")), config_dir)
    for described in describe(cls, composed.whole):  # pyright: ignore[reportArgumentType]
        meaning = described.about.help or of_model.get(described.key.removeprefix("model."), "")
        yield from _row(described.key, described.value, meaning, described.allowed)


def _row(key: str, value: object, meaning: str, allowed: str) -> Iterator[str]:
    from videoai.settings.setting import shown

    text = "; ".join(
        part for part in (meaning, allowed.removeprefix("give ").replace("choose from ", "one of ")) if part
    )
    head = f"  {key}={shown(value)}"
    rows = textwrap.wrap(text, _width() - 40) or [""]
    if len(head) > 37:
        yield head
        head = ""
    yield f"{head:<38}  {rows[0]}".rstrip()
    yield from (f"{'':<40}{row}" for row in rows[1:])


def _width() -> int:
    return max(80, min(shutil.get_terminal_size((120, 40)).columns, 140))
