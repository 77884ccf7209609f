"""Settings: YAML files and overrides composed by Hydra into one plain dict. Below this file nothing knows Hydra."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from videoai.core.build import did_you_mean

_PACKAGE = Path(__file__).resolve().parents[1]
CONFIGS = (
    _PACKAGE / "configs" if (_PACKAGE / "configs").is_dir() else _PACKAGE.parent / "configs"
)  # wheel, else source tree
GROUPS = (
    *("data", "model", "clip", "augment", "synthetic", "imbalance", "optim", "schedule", "finetune", "trainer"),
    *("experiment", "gan"),
)
TASKS = {"classify": "train", "gan": "train_gan"}  # task -> its settings, a file of configs/
# Values that are paths: taken as typed, because Hydra's grammar stumbles over spaces, brackets and equals signs.
PATHS = (
    *("checkpoint", "input", "path", "out", "run_dir", "weights", "resume"),
    *("data.root", "data.path", "data.annotations", "data.class_names", "data.quarantine", "synthetic.source"),
    *("judge", "output", "against", "encoder"),
)


def compose(job: str, arguments: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """``train`` and ``["model=r3d_18", "--config-dir", "mine"]`` -> the resolved config, and which file each group
    took.

    Raises: ValueError: one line: the setting, what is allowed, what to do.
    """
    config_dir, overrides = _split_config_dir(arguments)
    extra = [f"hydra.searchpath=[file://{config_dir}]"] if config_dir else []
    config, choices = _composed(job, [_quoted(override) for override in overrides], extra)
    return config, {key.partition("@")[0]: value for key, value in choices.items()}


def task_of(arguments: list[str]) -> tuple[str, list[str]]:
    """What ``task=...`` names, and the other arguments. Raises: ValueError: no such task."""
    named = [argument.partition("=")[2] for argument in arguments if argument.startswith("task=")]
    task = named[-1] if named else "classify"
    if task not in TASKS:
        raise ValueError(
            f"task={task}: no such task.{did_you_mean(task, list(TASKS))} Choose from: {', '.join(TASKS)}."
        )
    return task, [argument for argument in arguments if not argument.startswith("task=")]


def apart(job: str, arguments: list[str]) -> tuple[list[str], list[str]]:
    """The overrides of the job's own settings, and the others, which are train's."""
    own = compose(job, [])[0]
    is_own = [argument.partition("=")[0] in own for argument in arguments]
    return (
        [argument for argument, mine in zip(arguments, is_own, strict=True) if mine],
        [argument for argument, mine in zip(arguments, is_own, strict=True) if not mine],
    )


def train(config: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Train from Python: what ``videoai train`` does, with settings as a dict, as keywords, or both.

        videoai.train(data={"name": "folder", "root": "clips"}, model="r3d_18", trainer={"max_epochs": 5},
        run_dir="runs/a")

    A group is the name of a file in ``configs/`` or a dict with its ``name`` and what differs; what is left out has
    the command line's default. A run's ``config.yaml``, read as a dict, repeats that run.

    Returns: ``run_dir``, ``checkpoint``, ``step``, ``seconds``, ``metric``, ``best_top1`` (or whatever the metric is),
    ``best_step``.
    """
    full, choices = complete({**(config or {}), **settings})
    task, chosen = full.get("task", "classify"), [f"{group}={name}" for group, name in choices.items() if name]
    return trainer_of(task)(with_run_dir(full, choices), at_default=at_default(full, TASKS[task], chosen))


def trainer_of(task: str) -> Callable[..., dict[str, Any]]:
    """What carries the task's settings out."""
    if task == "gan":
        from videoai.run.gan.train import train_gan

        return train_gan
    from videoai.run.train import train

    return train


def complete(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Fill a partial dict up with the defaults of its task. Raises: ValueError: an unknown setting."""
    from omegaconf import OmegaConf

    given = _nested(config)
    task, _ = task_of([f"task={given.get('task', 'classify')}"])
    if task == "classify":
        given.pop("task", None)
    base, choices = compose(
        TASKS[task], [f"{group}={name}" for group in GROUPS if (name := _choice(group, given.get(group)))]
    )
    rest = {key: value for key, value in given.items() if not (key in GROUPS and isinstance(value, str))}
    for group, node in rest.items():
        if isinstance(node, dict) and "_target_" in node:
            base[group] = node  # the user's own class: only it knows what it takes
    known = flatten(base)
    for key in flatten(rest):
        if key not in known and not any(
            key.startswith(f"{parent}.") for parent, value in known.items() if value is None
        ):
            raise ValueError(f"unknown setting '{key}'.{did_you_mean(key, list(known))}")
    merged = OmegaConf.to_container(OmegaConf.merge(OmegaConf.create(base), OmegaConf.create(rest)), resolve=True)
    return merged, choices  # pyright: ignore[reportReturnType] (a dict goes in, a dict comes out)


def at_default(config: Mapping[str, Any], job: str, arguments: list[str]) -> frozenset[str]:
    """Names of the settings that have the values of the files which ``arguments`` choose: nobody set them."""
    config_dir, overrides = _split_config_dir(arguments)
    chosen = [override for override in overrides if override.partition("=")[0] in GROUPS]
    defaults = flatten(compose(job, [*(["--config-dir", config_dir] if config_dir else []), *chosen])[0])
    return frozenset(key for key, value in flatten(config).items() if key in defaults and defaults[key] == value)


def with_run_dir(config: dict[str, Any], choices: Mapping[str, str | None]) -> dict[str, Any]:
    """Settle ``name`` and ``run_dir``, and refuse what is still missing."""
    refuse_missing(config, "train")
    parts = [
        config[group].get("name") or choices.get(group) or group
        for group in ("data", "model", "gan")
        if group in config
    ]
    name = config["name"] or choices.get("experiment") or "-".join(parts)
    return {
        **config,
        "name": name,
        "run_dir": os.path.abspath(os.path.expanduser(config["run_dir"] or os.path.join("runs", name))),
    }


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots; an empty dict is a value."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else {f"{prefix}{key}": value}
    return flat


def trusted(value: str | list[str]) -> list[str]:
    """``trust=mine`` and ``trust=[mine,other]`` alike."""
    return [value] if isinstance(value, str) else list(value)


def refuse_missing(config: Mapping[str, Any], verb: str) -> None:
    """Raises: ValueError: a setting that has no default was not given."""
    missing = [key for key, value in flatten(config).items() if value == "???"]
    if missing:
        raise ValueError(f"{missing[0]} is not set. Add {missing[0]}=... (videoai {verb} --help lists the settings)")


def _composed(job: str, overrides: list[str], extra: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        return _hydra(job, [*extra, *overrides])
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise ValueError(_one_line(error, job, overrides)) from error


def _hydra(job: str, overrides: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(config_dir=str(CONFIGS), version_base="1.3"):
        config = hydra_compose(job, overrides=overrides, return_hydra_config=True)
    choices = OmegaConf.to_container(config.hydra.runtime.choices)
    settings = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    return OmegaConf.to_container(settings, resolve=True), choices  # pyright: ignore[reportReturnType]


def _help_of(job: str) -> str:
    """The command that explains the settings of a file of ``configs``."""
    verb, _, of = job.partition("_")
    task = " task=gan" if of == "gan" else ""
    return f"videoai {verb}{'' if task or not of else f' {of}'}{task} --help"


def _one_line(error: Exception, job: str, overrides: list[str]) -> str:
    text = str(error)
    if key := re.search(r"Could not override '([^']+)'", text):
        known = _known_settings(job, [o for o in overrides if "." not in o.partition("=")[0] and key[1] not in o])
        if key[1].partition(".")[0] == "gan" and job == "train":
            return f"'{key[1]}' is a setting of GANs: videoai train task=gan {key[1]}=..."
        return f"unknown setting '{key[1]}'.{did_you_mean(key[1], known)} {_help_of(job)} lists the settings."
    if missing := re.search(r"Could not find '([^']+)/([^']*)'", text):
        group, name = missing[1], missing[2]
        available = sorted(
            re.findall(r"\t(\w\S*)", text.partition("Available options")[2].partition("Config search")[0])
        )
        return f"{group}={name}: no such choice.{did_you_mean(name, available)} Choose from: {', '.join(available)}."
    if (
        "mismatched input" in text
        or "no viable alternative" in text
        or "extraneous" in text
        or "token recognition" in text
    ):
        return (
            f"cannot read the setting ({text.splitlines()[0]}). Give key=value; quote special characters: 'key=\"a b\"'"
        )
    if "Config group override must be" in text or "Could not load" in text:
        return f"{', '.join(GROUPS)} take the name of a file; videoai {job} --help lists them. ({text.splitlines()[0]})"
    return " ".join(text.splitlines()[:2])


def _known_settings(job: str, choices: list[str]) -> list[str]:
    """The settings that there are under these choices of groups; for messages only, so any trouble gives none."""
    from hydra.errors import HydraException

    try:
        return [*flatten(_hydra(job, choices)[0]), *(GROUPS if job in TASKS.values() else ())]
    except HydraException:
        return []


def _split_config_dir(arguments: list[str]) -> tuple[str | None, list[str]]:
    """``--config-dir DIR`` or ``--config-dir=DIR`` apart from the overrides. Raises: ValueError: no such folder,
    unknown flag."""
    rest, folder = list(arguments), None
    for place, argument in enumerate(arguments):
        if argument == "--config-dir" or argument.startswith("--config-dir="):
            separate = argument == "--config-dir"
            folder = (
                (arguments[place + 1] if len(arguments) > place + 1 else "") if separate else argument.partition("=")[2]
            )
            del rest[place : place + 1 + separate]
            break
    if folder is not None and not Path(folder).is_dir():
        raise ValueError(
            f"--config-dir {folder or '(nothing)'}: no such folder. Give one that holds model/, data/, ... with YAML."
        )
    flags = [argument for argument in rest if argument.startswith("-") or "=" not in argument]
    if hidden := [argument for argument in rest if argument.startswith(("+", "~", "hydra."))]:
        raise ValueError(f"'{hidden[0]}': settings are key=value; +, ~ and hydra.* are of no use here.")
    if flags:
        raise ValueError(
            f"'{flags[0]}' is not understood: settings are key=value, flags are --help, --config-dir DIR and, for "
            "train, --cfg."
        )
    return (os.path.abspath(folder) if folder else None), rest


def _quoted(override: str) -> str:
    """Paths as typed: quoted for Hydra unless the person did, or meant null."""
    key, _, value = override.partition("=")
    if key.lstrip("+") not in PATHS or value == "null" or value[:1] in ("'", '"', ""):
        return override
    escaped = re.sub(
        r'(\\*)("|$)', lambda run: run[1] * 2 + ('\\"' if run[2] else ""), value
    )  # Hydra: \ counts before a quote
    return f'{key}="{escaped}"'


def _choice(group: str, value: Any) -> str | None:
    """Which file of a group a dict of settings starts from."""
    name = value if isinstance(value, str) else value.get("name") if isinstance(value, Mapping) else None
    if isinstance(value, str) or (name and (CONFIGS / group / f"{name}.yaml").exists()):
        return name
    return None


def _nested(config: Mapping[str, Any]) -> dict[str, Any]:
    """``{"trainer.max_steps": 5}`` -> ``{"trainer": {"max_steps": 5}}``."""
    nested: dict[str, Any] = {}
    for key, value in config.items():
        *parents, leaf = key.split(".")
        node = nested
        for parent in parents:
            node = node.setdefault(parent, {})
        value = _nested(value) if isinstance(value, Mapping) else value
        node[leaf] = {**node[leaf], **value} if isinstance(node.get(leaf), dict) and isinstance(value, dict) else value
    return nested
