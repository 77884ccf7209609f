"""Tab completion: ``eval "$(videoai completion bash)"``. The shell asks ``videoai completion words ...``."""

from collections.abc import Sequence

from videoai.cli.jobs import GROUPS, JOBS, find, jobs_of

SCRIPTS = {
    "bash": """\
_videoai() {
  local words
  mapfile -t words < <(videoai completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("${words[@]}")
  [[ ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=/}
complete -o default -F _videoai videoai
""",
    "zsh": """\
_videoai() {
  local -a words_found
  words_found=("${(@f)$(videoai completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -Q -S '' -- $words_found
}
compdef _videoai videoai
""",
}


def main(arguments: list[str]) -> int:
    """Print the script of a shell, or the words that may follow. Raises: ValueError: no such shell."""
    shell, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if shell == "words":
        print("\n".join(following(rest)))
        return 0
    if shell not in SCRIPTS:
        raise ValueError(
            f'videoai completion {shell}: choose from {", ".join(SCRIPTS)}. For bash: eval "$(videoai completion bash)"'
        )
    print(SCRIPTS[shell], end="")
    return 0


def following(words: Sequence[str]) -> list[str]:
    """What may stand in the place of the last word, which may be begun: jobs, groups of presets, presets, settings."""
    *before, last = words or [""]
    if not before:
        return [word for word in dict.fromkeys([*(name.split()[0] for name in JOBS)]) if word.startswith(last)]
    if len(before) == 1 and before[0] in GROUPS:
        return [word for word in jobs_of(before[0]) if word.startswith(last)]
    try:
        job = find(before).job
    except ValueError:
        return []
    return [word for word in _settings(job.settings, before) if word.startswith(last)]


def _settings(sources: Sequence[str], before: Sequence[str]) -> list[str]:
    from videoai.compose.files import choices_of
    from videoai.compose.settings import JOBS as FROM_PRESETS
    from videoai.compose.settings import from_arguments, own_words
    from videoai.core.build import resolve
    from videoai.settings.parse import describe

    completions: list[str] = []
    for source in sources:
        cls = resolve(source, "jobs")
        words = own_words(cls, [word for word in before if "=" in word])  # pyright: ignore[reportArgumentType]
        try:
            composed = from_arguments(cls, words)  # pyright: ignore[reportArgumentType]
        except ValueError:  # a word before is not finished
            composed = from_arguments(cls, [])  # pyright: ignore[reportArgumentType]
        if cls in FROM_PRESETS:
            completions += [f"{group}={name}" for group in composed.choices for name in choices_of(group)]
        completions += [f"{described.key}=" for described in describe(cls, composed.whole)]  # pyright: ignore[reportArgumentType]
    return completions
