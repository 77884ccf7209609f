"""Arguments or keywords -> one settings object, every key of every file checked."""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeVar

from videoai.compose.arguments import Arguments, keys_of, put, read_arguments, values_of
from videoai.compose.files import CONFIGS, GROUPS, check_chosen, choices_of, keys_beside_targets, options_of, origin_of
from videoai.compose.presets import compose_presets
from videoai.core.messages import did_you_mean
from videoai.settings.gan import TrainGanSettings
from videoai.settings.model import ModelOptions
from videoai.settings.parse import REQUIRED, complete, flatten, parse, type_hints, unknown, unused, without_name
from videoai.settings.renamed import renamed
from videoai.settings.setting import WrongSetting, checked, setting_of
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)
T = TypeVar("T")
JOBS: dict[type, str] = {TrainSettings: "train", TrainGanSettings: "train_gan"}  # settings made from presets


@dataclass(frozen=True)
class Composed(Generic[T]):
    """Settings as they were put together, before missing settings raise an error."""

    cls: type[T]
    whole: dict[str, Any]  # every setting, as plain data; "???" where one must be given
    choices: Mapping[str, str | None]  # the file that each group took

    def settings(self) -> T:
        """Warns of settings without effect. Raises: ValueError: a setting that has no default was not given."""
        clip = self.whole.get("clip")
        if isinstance(clip, Mapping) and clip.get("num_frames") == REQUIRED and not self.choices.get("clip"):
            chosen = f"model={self.choices.get('model')}"
            raise ValueError(
                f"{chosen} picks no clip. Add clip=NAME, such as clip=16x2x32; or in its file, as the first line: "
                "defaults: [/clip@_global_.clip: 16x2x32, _self_]"
            )
        for sentence in unused(self.cls, self.whole):
            logger.warning("%s", sentence)
        return named(parse(self.cls, self.whole), self.choices)


def from_arguments(cls: type[T], arguments: Sequence[str]) -> Composed[T]:
    """``["model=r3d_18", "optim.lr=1e-3", "--config-dir", "mine"]`` -> the settings of ``cls``.

    Raises: ValueError: one line: the setting, what is allowed, what to do.
    """
    given = read_arguments(cls, arguments)
    if cls not in JOBS:
        if given.config_dir:
            logger.warning("--config-dir has no effect here: it is for data=NAME and for settings of train")
        return Composed(cls, complete(cls, values_of(given.overrides)), {})
    config, choices = compose_presets(JOBS[cls], given.overrides, given.config_dir)
    return from_composed(cls, config, choices, given)


def own_words(cls: type, words: Sequence[str]) -> list[str]:
    """The words that set something of ``cls``; presets and ``--config-dir`` belong to what is made of presets."""
    heads = {f.name for f in fields(cls)} | (set(GROUPS) if cls in JOBS else set())
    is_own = [word.partition("=")[0].partition(".")[0] in heads or (cls in JOBS and "=" not in word) for word in words]
    return [word for word, mine in zip(words, is_own, strict=True) if mine]


def for_classifier(words: Sequence[str]) -> list[str]:
    """The words of a classifier that measures something, with a fixed network and loss in the place of what ``auto``
    would choose for each set of clips, so that its scores compare."""
    given = {word.partition("=")[0] for word in words}
    defaults = [] if "experiment" in given else ["model=tiny_r3d", "trainer=paper"]
    return [*(word for word in defaults if word.partition("=")[0] not in given), *words]


def shared_out(cls: type, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that set something of ``cls``, and the others, which are those of the training that it starts."""
    own = own_words(cls, words)
    return own, [word for word in words if word not in own]


def from_keywords(cls: type[T], given: Mapping[str, Any]) -> Composed[T]:
    """A nested or dotted dict -> the settings of ``cls``. A group is the name of a preset, or a dict with its ``name``
    and what differs.

    Raises: ValueError: an unknown setting, or a value that is not allowed.
    """
    nested = renamed(_nested(given), logger.warning)
    chosen = {group: name for group in GROUPS if (name := _preset(group, nested.get(group)))}
    if cls is TrainSettings and "model" not in nested and "features" in _node(nested.get("data")):
        chosen["model"] = "auto"  # as ``presets.with_model`` does for words
    config, choices = compose_presets(JOBS[cls], [f"{group}={name}" for group, name in chosen.items()])
    config = renamed(config)
    for group, node in nested.items():
        if not (group in GROUPS and isinstance(node, str)):
            config[group] = node if _is_own(node) else _merged(config.get(group), node)
    return from_composed(cls, config, choices, Arguments(None, []), typed=flatten(nested))


def _node(given: Any) -> Mapping[str, Any]:
    """A group that is given as a dict; {} = by its name alone, or not."""
    return given if isinstance(given, Mapping) else {}


def named(settings: T, choices: Mapping[str, str | None]) -> T:
    """With the name of the run and absolute paths, where the settings are those of a run."""
    if not isinstance(settings, TrainSettings | TrainGanSettings):
        return settings
    data = settings.data.absolute()
    network = settings.gan.name if isinstance(settings, TrainGanSettings) else settings.model.get("name")
    group = "gan" if isinstance(settings, TrainGanSettings) else "model"
    parts = (data.title or choices.get("data") or "data", network or choices.get(group) or group)
    name = settings.name or choices.get("experiment") or "-".join(part for part in parts if part != "auto")
    run_dir = os.path.abspath(os.path.expanduser(settings.run_dir)) if settings.run_dir else None
    return replace(settings, name=name, run_dir=run_dir, data=data)


def from_composed(
    cls: type[T],
    config: Mapping[str, Any],
    choices: Mapping[str, str | None],
    given: Arguments,
    *,
    typed: Collection[str] = (),
) -> Composed[T]:
    """What Hydra composed -> the settings of ``cls``. ``typed``: keys that the caller set beside the words ``given``.

    Raises: ValueError: an unknown key or a value that is not allowed, and the file that holds it.
    """
    for group, name in choices.items():
        if name:
            check_chosen(group, name, given.config_dir)
    try:
        whole = renamed({**config, **_own_nodes(given, config, choices)}, logger.warning)
        check_names(whole, choices, given.config_dir)
        check_model(whole.get("model"))
        return Composed(cls, complete(cls, whole), choices)
    except WrongSetting as error:
        is_typed = error.key in typed or error.key in {*keys_of(given.overrides)} - {*GROUPS}
        file = None if is_typed else origin_of(error.key, choices, given.config_dir)
        raise ValueError(f"{file}: {error}" if file else str(error)) from error


def check_names(whole: Mapping[str, Any], choices: Mapping[str, str | None], config_dir: str | None) -> None:
    """Raises: ValueError: a name that there is not, or that is set alone, so that another preset's options stay."""
    for group in ("optim", "schedule", "model"):
        chosen, node = choices.get(group), whole.get(group)
        preset = options_of(group, chosen, config_dir) if chosen else None
        if not preset or "name" not in preset or not isinstance(node, Mapping) or _is_own(node):
            continue
        if node.get("name") != preset["name"]:
            name = str(node.get("name"))
            if options_of(group, name) is None:
                known = choices_of(group)
                raise ValueError(f"{group}.name={name}: no such choice.{did_you_mean(name, known)}")
            raise ValueError(
                f"{group}.name={name}: the other settings of {group} are those of {group}={chosen}. Choose both with "
                f"{group}={name}; in a file, under defaults: - override /{group}: {name}"
            )


def check_model(node: Any) -> None:
    """Raises: WrongSetting: an option that the model's preset does not have, or a value not allowed."""
    if not isinstance(node, Mapping) or _is_own(node):
        return
    if "name" not in node:
        raise WrongSetting("model", f"{without_name('model', node, ())} videoai models lists the names.")
    name = str(node.get("name"))
    if (known := options_of("model", name)) is None:
        raise WrongSetting("model.name", f"model.name={name}: no such choice.{did_you_mean(name, choices_of('model'))}")
    for key in node:
        if key not in known:
            raise WrongSetting(f"model.{key}", unknown(f"model.{key}", [f"model.{name}" for name in known]))
    hints = type_hints(ModelOptions)
    for name, described in ModelOptions.__dataclass_fields__.items():
        if name in node:
            hint = (
                " Published weights by id: weights=ID." if name == "pretrained" and isinstance(node[name], str) else ""
            )
            try:
                checked(f"model.{name}", node[name], hints[name], setting_of(described))
            except WrongSetting as error:
                raise WrongSetting(error.key, f"{error}{hint}") from error


def _own_nodes(given: Arguments, config: Mapping[str, Any], choices: Mapping[str, str | None]) -> dict[str, Any]:
    """``model._target_=mine.Net model.width=8``, on the command line or in an experiment: the options of the preset are
    not those of the user's class."""
    typed = keys_of(given.overrides)
    own = {key.partition(".")[0] for key in typed if key.endswith("._target_") and key.count(".") == 1}
    nodes: dict[str, Any] = {}
    for group, keys in keys_beside_targets(choices, given.config_dir).items():
        added = [key.split(".")[1] for key in typed if key.startswith(f"{group}.")]
        nodes[group] = {key: config[group][key] for key in (*keys, *added)}
    for group in own:
        options = [one for one in given.overrides if one.startswith(f"{group}.")]
        nodes |= values_of(options)
    return nodes


def _is_own(node: Any) -> bool:
    return isinstance(node, Mapping) and bool(node.get("_target_"))


def _preset(group: str, value: Any) -> str | None:
    """The file that a group given as a name or a dict starts from."""
    name = value if isinstance(value, str) else value.get("name") if isinstance(value, Mapping) else None
    if isinstance(value, str) or (name and (CONFIGS / group / f"{name}.yaml").exists()):
        return name
    return None


def _merged(base: Any, node: Any) -> Any:
    """Nested dicts merged, ``node`` over ``base``; what is an option of another choice than ``base`` is kept apart."""
    if not isinstance(base, Mapping) or not isinstance(node, Mapping):
        return node
    return {**base, **{key: _merged(base.get(key), value) if key in base else value for key, value in node.items()}}


def _nested(config: Mapping[str, Any]) -> dict[str, Any]:
    """``{"trainer.max_steps": 5}`` -> ``{"trainer": {"max_steps": 5}}``."""
    nested: dict[str, Any] = {}
    for key, value in flatten(config).items():
        put(nested, key, value)
    return nested
