"""What Hydra and OmegaConf say when they cannot compose, in one line of our words, with the file of the user's own."""

import re
from collections.abc import Callable, Sequence

from videoai.compose.files import GROUPS, choices_of, place_of
from videoai.core.messages import did_you_mean
from videoai.settings.parse import unknown

GRAMMAR_ERRORS = ("LexerNoViableAlt", "mismatched input", "no viable alternative", "extraneous", "token recognition")


def one_line(error: Exception, overrides: Sequence[str], config_dir: str | None) -> str:
    """The message of an error of composing ``overrides`` and the files of ``config_dir``."""
    text = _with_cause(error)

    def place(words: str) -> str:
        return place_of(words, overrides, config_dir)

    return _about_value(text, place) or _about_choice(text, overrides, config_dir, place) or _other(text)


def _with_cause(error: Exception) -> str:
    """The text of an error; Hydra wraps that of OmegaConf in an empty one."""
    text = str(error) or str(error.__cause__ or error.__context__ or "")
    return text or f"a key or value that YAML allows and settings do not ({error!r})"


def _about_value(text: str, place: Callable[[str], str]) -> str | None:
    """A value that cannot be read: ``${...}`` or a word of the command line."""
    if reference := re.search(r"Interpolation key '(.+?)' not found", text):
        nothing = "no file gives a setting of this name a value, so there is none to take."
        return f"{place('${' + reference[1])}${{{reference[1]}}}: {nothing}"
    if resolver := re.search(r"Unsupported interpolation type (\S+)", text):
        return f"{place('${' + resolver[1] + ':')}${{{resolver[1]}:...}}: no such function. Known: oc.env, oc.select."
    if "resolving interpolation" in text or "Recursive interpolation" in text:
        return f"{place('${')}{' '.join(text.split())}"
    if ambiguous := re.search(r"Ambiguous value for argument '(.+?)'", text):
        key, _, values = ambiguous[1].replace("++", "").partition("=")
        return f"{key}={values}: one run for each value: videoai train -m ...; a list: {key}=[{values}]"
    if any(words in text for words in GRAMMAR_ERRORS):
        first = text.splitlines()[0].replace("++", "")
        where = place("${") if "${" in text else ""
        return f"{where}cannot read the setting ({first}). Give key=value; quote special characters: 'key=\"a b\"'"
    return None


def _about_choice(
    text: str, overrides: Sequence[str], config_dir: str | None, place: Callable[[str], str]
) -> str | None:
    """A file that is chosen, by a word or in the list of defaults of a file, and cannot be."""
    if added := re.search(r"force-add of config groups is not supported: '\+\+(\w+)=", text):
        return unknown(added[1], list(GROUPS))
    if missing := re.search(r"Could not (?:find|load) '([^']+)/([^']*)'", text):
        group, name = missing.groups()
        is_typed = f"{group}={name}" in overrides
        where = "" if is_typed else place(f"{group.rpartition('/')[2]}: {name}") or place(f"- {name}") or place(name)
        if "/" in group:  # a list of defaults looks in the folder of its own file
            return f"{where}{_how_to_choose(group.rpartition('/')[2])}"
        known = choices_of(group, config_dir)
        return f"{where}{group}={name}: no such choice.{did_you_mean(name, known)} Choose from: {', '.join(known)}."
    if missing := re.search(r"Could not override '(?:\w+/)?(\w+)(?:@\w+)?'. No match in the defaults list", text):
        is_typed = any(override.startswith(f"{missing[1]}=") for override in overrides)
        return unknown(missing[1], []) if is_typed else f"{place(missing[1] + ':')}{_how_to_choose(missing[1])}"
    if twice := re.search(r"Multiple values for (\w+)|(\w+) appears more than once in the final defaults list", text):
        group = twice[1] or twice[2]
        return f"{place(f'{group}:')}{_how_to_choose(group)}"
    return None


def _how_to_choose(group: str) -> str:
    if group == "experiment":
        return "to add another experiment, write under defaults: - NAME"
    if group not in GROUPS:
        return f"there is no group '{group}' of files.{did_you_mean(group, GROUPS)} There are: {', '.join(GROUPS)}."
    return f"to choose another file of {group}, write under defaults: - override /{group}: NAME"


def _other(text: str) -> str:
    if "recursion" in text:
        key = re.search(r"full_key: (\S+)", text)
        return f"{key[1] if key else 'a file'}: holds itself, by an alias of YAML or a list of defaults."
    if unknown_to_hydra := re.search(r"In '(.+?)': .*Key '(.+?)' not in 'HydraConf'", " ".join(text.split())):
        return f"{unknown_to_hydra[1]}.yaml: hydra.{unknown_to_hydra[2]} is no setting of Hydra. Leave it out."
    if "Config group override must be" in text or "Could not load" in text:
        return f"{', '.join(GROUPS)} take the name of a file. ({text.splitlines()[0].replace('++', '')})"
    if merged := re.search(r"In '(.+?)': \w+ raised while composing config:\s*(.*)", text, re.DOTALL):
        words = merged[2].replace("DictConfig", "pairs, NAME: VALUE,").replace("ListConfig", "a list")
        return f"{merged[1]}.yaml: {' '.join(words.split())}"
    return " ".join(text.splitlines()[:2]).replace("++", "")
