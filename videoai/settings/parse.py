"""Plain nested dicts (YAML, overrides, keywords, checkpoints) <-> settings objects. Every key is checked."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, TypeGuard, TypeVar, get_type_hints

from videoai.core.messages import did_you_mean
from videoai.settings.setting import Setting, WrongSetting, allowed, checked, default_of, setting_of, shown

T = TypeVar("T")
REQUIRED = "???"  # a setting that must be given, as OmegaConf writes it
# What people type first, and the setting that it stands for.
HINTS = {
    "lr": "optim.lr", "learning_rate": "optim.lr", "weight_decay": "optim.weight_decay",
    "epochs": "trainer.max_epochs", "max_epochs": "trainer.max_epochs", "steps": "trainer.max_steps",
    "max_steps": "trainer.max_steps", "batch_size": "trainer.batch_size", "batch": "trainer.batch_size",
    "workers": "loading.num_workers", "num_workers": "loading.num_workers", "precision": "trainer.precision",
    "path": "data.path", "root": "data.root", "frames": "clip.num_frames", "num_frames": "clip.num_frames",
    "size": "clip.size", "imgsz": "clip.size", "pretrained": "model.pretrained", "output": "run_dir",
    "mixup": "augment.mixup", "dropout": "model.dropout", "warmup": "schedule.warmup", "wd": "optim.weight_decay",
    "momentum": "optim.momentum", "grad_clip": "trainer.max_grad_norm", "clip_grad": "trainer.max_grad_norm",
    "accum": "trainer.accumulate", "accumulate": "trainer.accumulate", "ema": "trainer.ema_decay",
    "amp": "trainer.precision", "fp16": "trainer.precision", "early_stopping": "trainer.patience",
    "patience": "trainer.patience", "backbone": "model", "arch": "model", "dataset": "data", "data_dir": "data.root",
    "bs": "trainer.batch_size", "optimizer": "optim", "scheduler": "schedule", "out": "run_dir", "ckpt": "resume",
    "checkpoint": "resume", "wandb": "logger", "val_split": "data.val_fraction", "freeze": "finetune.freeze",
    "class_weights": "imbalance.effective_number", "trainer.lr": "optim.lr", "clip_len": "clip.num_frames",
    "label_smoothing": "trainer.label_smoothing", "cuda": "device",
    "output_dir": "run_dir", "save_dir": "run_dir", "img_size": "clip.size", "image_size": "clip.size",
}  # fmt: skip
# The same where a generator is trained, whose settings have other names.
GAN_HINTS = {"optim.lr": "optim.lr_generator", "trainer.max_epochs": "trainer.max_steps"}
FROM_DATA = ("num_classes", "classes", "model.num_classes", "data.num_classes")
GPUS = ("gpus", "devices", "num_gpus", "world_size")


class Described(NamedTuple):
    """One setting of a composed whole."""

    key: str  # with its group: trainer.batch_size
    value: Any  # REQUIRED where it must be given
    about: Setting
    allowed: str  # in words
    default: Any = REQUIRED  # REQUIRED where there is none


def parse(cls: type[T], given: Mapping[str, Any]) -> T:
    """Settings of ``cls`` from a nested dict, with defaults for what is left out.

    Raises: ValueError: an unknown key, a value that is not allowed, or a setting that must be given.
    """
    whole = complete(cls, given)
    if missing := [key for key, value in flatten(whole).items() if value == REQUIRED]:
        raise ValueError(f"{missing[0]} is not set. Add {missing[0]}=...")
    return _built(cls, whole)


def complete(cls: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with every default filled in, as plain data; REQUIRED where a setting must be given.

    Raises: ValueError: an unknown key, or a value that is not allowed.
    """
    return to_dict(_completed(cls, given, ""))


def to_dict(settings: Any) -> Any:
    """Settings as plain data, for YAML, JSON and checkpoints: dataclasses become dicts, tuples lists."""
    if is_dataclass(settings):
        own = {f.name: getattr(settings, f.name) for f in fields(settings)}
        rest = next((f.name for f in fields(settings) if setting_of(f).rest), None)
        return to_dict((own.pop(rest) if rest else {}) | own)
    if isinstance(settings, Mapping):
        return {key: to_dict(value) for key, value in settings.items()}
    return [to_dict(value) for value in settings] if isinstance(settings, list | tuple) else settings


def default_values(cls: type) -> dict[str, Any]:
    """The defaults of a dataclass, nested, as plain data; a setting without one is left out."""
    hints, values = type_hints(cls), {}
    for f in fields(cls):
        if is_group(hints[f.name]):
            values[f.name] = default_values(hints[f.name])
        elif default_of(f) is not MISSING:
            values[f.name] = to_dict(default_of(f))
    return values


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots; an empty dict is a value."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else {f"{prefix}{key}": value}
    return flat


def describe(cls: type, whole: Mapping[str, Any], prefix: str = "") -> Iterator[Described]:
    """Every setting of a composed whole (``complete``), in the order of the dataclasses."""
    hints = type_hints(cls)
    for f in fields(cls):
        about, kind = setting_of(f), hints[f.name]
        if is_group(kind):
            yield from describe(kind, whole[f.name], f"{prefix}{f.name}.")
        elif about.variants is not None:
            yield from _describe_variant(
                about, whole if about.rest else whole[f.name] or {}, prefix if about.rest else f"{prefix}{f.name}."
            )
        else:
            default = REQUIRED if default_of(f) is MISSING else to_dict(default_of(f))
            yield Described(f"{prefix}{f.name}", whole[f.name], about, allowed(kind, about), default)


def unused(cls: type, whole: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each setting that is set and has no effect, since another one that it needs is off."""
    flat = flatten(whole)
    for one in describe(cls, whole):
        needs = one.about.needs
        if needs and one.value != one.default and not is_met(needs, flat):
            needed = re.split("[=>]", needs)[0]
            yield f"{one.key}={shown(one.value)} has no effect: {needed}={shown(flat.get(needed))}; set {needs} too"


def is_met(needs: str, flat: Mapping[str, Any]) -> bool:
    """Whether what a setting ``needs`` is there: ``key`` is on, or ``key=value``, or ``key>number``."""
    needed, is_above, least = needs.partition(">")
    if is_above:
        return flat[needed] > float(least)
    needed, is_equal, value = needs.partition("=")
    return str(flat.get(needed)) == value if is_equal else bool(flat.get(needed))


def resume_keys(cls: type, whole: Mapping[str, Any]) -> frozenset[str]:
    """The settings of a composed whole that a continued run may change."""
    return frozenset(one.key for one in describe(cls, whole) if one.about.resume)


def is_group(kind: Any) -> TypeGuard[type]:
    """Whether an annotation is a dataclass of settings."""
    return is_dataclass(kind)


@cache
def type_hints(cls: type) -> dict[str, Any]:
    """The evaluated annotations of a dataclass."""
    return get_type_hints(cls)


def _describe_variant(about: Setting, node: Mapping[str, Any], prefix: str) -> Iterator[Described]:
    variant = (about.variants or {}).get(str(node.get("name"))) if "_target_" not in node else None
    if variant:
        yield from describe(variant, node, prefix)
    elif not about.rest:
        yield from (_describe_option(about, key, value, prefix) for key, value in node.items())


def _describe_option(about: Setting, key: str, value: Any, prefix: str) -> Described:
    """A key of a group that takes any keys: as ``options`` describes it, or by the type of its value."""
    described = {f.name: f for f in fields(about.options)} if about.options else {}
    if key in described and about.options:
        kind, found = type_hints(about.options)[key], setting_of(described[key])
    else:
        kind, found = (type(value) if isinstance(value, bool | int | float) else Any), Setting(help="")
    return Described(f"{prefix}{key}", value, found, "" if kind is Any else allowed(kind, found))


def _completed(cls: type, given: Any, prefix: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise WrongSetting(
            prefix.rstrip("."),
            f"{prefix.rstrip('.')}={shown(given)}: a group of settings, such as {prefix}{_example(cls)}=...",
        )
    hints, whole = type_hints(cls), {}
    names = {f.name for f in fields(cls)}
    rest = {key: value for key, value in given.items() if key not in names}
    for f in fields(cls):
        about = setting_of(f)
        if about.rest:
            whole |= _variant(about, rest, prefix, names)
            rest = {}
        else:
            whole[f.name] = _value(f, about, hints[f.name], given, prefix)
    if rest:
        raise WrongSetting(
            key := f"{prefix}{next(iter(rest))}",
            unknown(key, [f"{prefix}{known}" for known in flatten(whole_names(cls))]),
        )
    return whole


def _example(cls: type) -> str:
    """The name of a setting of a dataclass."""
    return "name" if any(setting_of(f).rest for f in fields(cls)) else fields(cls)[0].name


def _value(f: Field[Any], about: Setting, kind: Any, given: Mapping[str, Any], prefix: str) -> Any:
    key = f"{prefix}{f.name}"
    if is_group(kind):
        return _completed(kind, given.get(f.name, {}), f"{key}.")
    value = given.get(f.name, default_of(f))
    if value is MISSING or value == REQUIRED:
        return REQUIRED
    if about.variants is not None and value is not None:
        return _variant(about, value, f"{key}.", ())
    return checked(key, value, kind, about)


def _variant(about: Setting, node: Any, prefix: str, beside: Any) -> dict[str, Any]:
    """A group whose keys depend on its name; any keys go with ``_target_``, and where nothing is known of them."""
    if isinstance(node, Mapping) and not isinstance(node.get("_target_", ""), str):
        given = shown(node["_target_"])
        raise WrongSetting(
            f"{prefix}_target_", f"{prefix}_target_={given}: give package.module.Class, or leave it out."
        )
    if not isinstance(node, Mapping):
        raise WrongSetting(
            prefix.rstrip("."),
            f"{prefix.rstrip('.')}={shown(node)}: give {{name: ..., ...}} or {{_target_: package.module.Class, ...}}.",
        )
    if node.get("_target_") or not about.variants:
        return dict(node)
    name, variants = str(node.get("name")), about.variants
    if "name" not in node:
        raise WrongSetting(prefix.rstrip("."), without_name(prefix.rstrip("."), node, variants))
    if name not in variants:
        choices = ", ".join(sorted(variants))
        hint = f"{did_you_mean(name, list(variants))} Choose from: {choices}."
        raise WrongSetting(f"{prefix}name", f"{prefix}name={shown(node['name'])}: no such choice.{hint}")
    names = {f.name for f in fields(variants[name])}
    if wrong := [key for key in node if key not in names]:
        raise WrongSetting(
            key := f"{prefix}{wrong[0]}", unknown(key, [f"{prefix}{known}" for known in (*names, *beside, "_target_")])
        )
    return _completed(variants[name], node, prefix)


def whole_names(cls: type) -> dict[str, Any]:
    """The names of a dataclass's settings, nested."""
    hints = type_hints(cls)
    return {f.name: whole_names(hints[f.name]) if is_group(hints[f.name]) else None for f in fields(cls)}


def without_name(group: str, node: Mapping[str, Any], choices: Iterable[str]) -> str:
    """The message of a group that does not say which of its kinds it is."""
    near = {key: did_you_mean(str(key), ["name", "_target_"]) for key in node if key != "_target_"}
    typo = next((f" It has '{key}'.{hint}" for key, hint in near.items() if hint), "")
    listed = f": {', '.join(sorted(choices))}" if choices else ""
    return f"{group} has no name.{typo} Give name{listed}, or _target_: package.module.Class."


def unknown(key: str, known: list[str]) -> str:
    """The message of a key that there is not."""
    if key in GPUS:
        several = "torchrun --nproc-per-node N -m videoai train ..."
        return f"unknown setting '{key}'. One GPU is found by itself; several: {several}"
    if key == "sweep":
        return "'sweep' has the settings of several runs: videoai train -m sweep.trials=30 optim.lr=interval(1e-4,1e-2)"
    if key.partition(".")[0] == "gan" and "gan" not in {name.partition(".")[0] for name in known}:
        return f"'{key}' is a setting of GANs: videoai gan train {key}=..."
    group, _, rest = key.partition(".")
    if key in known:
        return f"'{key}' cannot be a key of a file: write '{rest}:' below '{group}:'."
    if rest.partition(".")[0] == group:
        return (
            f"unknown setting '{key}'. In a file of the group {group} write its settings without '{group}:' above them."
        )
    if key in FROM_DATA:
        return f"unknown setting '{key}'. The classes come from the data: their number, names and order."
    heads = {name.partition(".")[0] for name in known}
    hint = HINTS.get(key, key)
    if "." not in key and hint.partition(".")[0] not in heads:  # a setting of another verb
        hint = key
    if key in GAN_HINTS or "gan" in heads:
        hint = GAN_HINTS.get(hint, hint)
    if hint != key:
        return f"unknown setting '{key}'. Did you mean {hint}?"
    return f"unknown setting '{key}'.{did_you_mean(key, known)}"


def _built(cls: type[T], whole: Mapping[str, Any]) -> T:
    hints, values = type_hints(cls), {}
    names = {f.name for f in fields(cls)}  # pyright: ignore[reportArgumentType]
    for f in fields(cls):  # pyright: ignore[reportArgumentType]
        kind, about = hints[f.name], setting_of(f)
        if about.rest:
            values[f.name] = {key: value for key, value in whole.items() if key not in names}
        elif is_group(kind):
            values[f.name] = _built(kind, whole[f.name])  # pyright: ignore[reportArgumentType]
        elif about.variants is not None:
            values[f.name] = whole[f.name]
        else:
            values[f.name] = checked(f.name, whole[f.name], kind, about)
    return cls(**values)
