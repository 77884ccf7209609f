"""What a setting is: the type, limits, help and marks of one field, and the check of one value against them.

batch_size: int = setting(16, min=1, help="clips in one forward pass")
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from videoai.core.messages import did_you_mean

LARGEST = sys.float_info.max
UNCHANGED = object()  # stands for "as the default is"


class WrongSetting(ValueError):
    """A key that is no setting, or a value that its setting does not allow."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is known of a setting beside its type and default."""

    help: str
    min: float | None = None  # the smallest number that is allowed
    above: float | None = None  # numbers must be larger than this
    max: float | None = None  # the largest number that is allowed
    below: float | None = None  # numbers must be smaller than this
    length: int | None = None  # number of elements of a list; None = any
    ordered: bool = False  # [low, high]: the lower one first
    path: bool = False  # a file or folder: taken as typed
    resume: bool = False  # a continued run may change it
    auto: bool = False  # "auto" in a continued run means what the run began with
    fixed_because: str = ""  # why a continued run keeps it, where that is not plain
    before: Any = UNCHANGED  # what runs had before this setting existed, where that is not the default
    variants: Mapping[str, type] | None = None  # the group's keys depend on its name: name -> dataclass; {} = any keys
    needs: str = ""  # "augment.policy", "augment.policy=randaugment" or "augment.repeats>1": without it, no effect
    options: type | None = None  # with variants={}: a dataclass that describes some of the keys
    rest: bool = False  # takes the keys of its own group that are no fields


def setting(
    default: Any = MISSING,
    *,
    help: str,
    **marks: Any,
) -> Any:
    """A dataclass field that is a setting; without ``default`` it must be given. ``marks``: fields of ``Setting``."""
    described = {"setting": Setting(help=help, **marks)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=described)
    return field(default=default, metadata=described)


def setting_of(described: Field[Any]) -> Setting:
    """The description of a dataclass field."""
    return described.metadata.get("setting") or Setting(help="")


def default_of(described: Field[Any]) -> Any:
    """The default of a field, or ``dataclasses.MISSING``."""
    return described.default_factory() if described.default_factory is not MISSING else described.default


def checked(key: str, value: Any, annotation: Any, about: Setting) -> Any:
    """``value`` as the annotation wants it: lists become tuples, numbers that stand for names become text.

    Raises: WrongSetting: another type, outside the limits, or no choice.
    """
    value = plain(value)
    fitted = _first_fit(value, annotation, about)
    if fitted is not UNCHANGED:
        return fitted
    given = repr(value) if isinstance(value, str) and is_number(value) else shown(value)
    quotes = " A number that is text stands in quotes." if str in alternatives(annotation) else ""
    words, near = allowed(annotation, about, capital=True), _near(value, annotation)
    words = words[0].upper() + words[1:] if near else words  # behind a question mark
    message = f"{key}={given}:{near} {words}.{quotes}"
    raise WrongSetting(key, message)


def plain(value: Any) -> Any:
    """A path and a torch.device as text, and a number of numpy or torch as Python's: what a notebook passes."""
    if type(value).__module__ == "torch" and type(value).__name__ == "device":
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def is_number(text: str) -> bool:
    """Whether a text looks like a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def choices_of(annotation: Any) -> list[Any]:
    """The literal values that an annotation allows."""
    return [value for kind in alternatives(annotation) if get_origin(kind) is Literal for value in get_args(kind)]


def allowed(annotation: Any, about: Setting, *, capital: bool = False) -> str:
    """What may be given, in words: ``give a whole number from 1 up, or null``."""
    kinds, choices = alternatives(annotation), ["null" if c is None else str(c) for c in choices_of(annotation)]
    words = [_described(kind, about) for kind in kinds if kind is not NoneType and get_origin(kind) is not Literal]
    if words:
        others = [*choices, *(["null"] if NoneType in kinds else [])]
        return f"give {' or '.join(words)}{''.join(f', or {other}' for other in others)}"
    choices += ["null"] if NoneType in kinds else []
    return f"{'Choose' if capital else 'choose'} from {', '.join(choices)}"


def shown(value: Any) -> str:
    """A value as it is typed on the command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {shown(one)}' for key, one in value.items())}}}"
    return str(value)


def _fitted(value: Any, kind: Any, about: Setting) -> Any:
    """The value as ``kind``, or UNCHANGED where it does not fit."""
    origin = get_origin(kind)
    if kind is Any or (kind is NoneType and value is None):
        return value
    if origin is Literal:
        return next((one for one in get_args(kind) if value == one and type(value) is type(one)), UNCHANGED)
    if kind is bool:
        return value if isinstance(value, bool) else UNCHANGED
    if kind in (int, float):
        return value if _is_number(value, kind, about) else UNCHANGED
    if kind is str:
        is_text = isinstance(value, str | int) and not isinstance(value, bool)  # 1.10 would become 1.1
        return str(value) if is_text else UNCHANGED
    if origin is tuple:
        value = [value] if isinstance(value, str) else value  # trust=mine
        return _fitted_list(value, get_args(kind)[0], about)
    if origin is dict:
        return _fitted_dict(value, get_args(kind), about)
    return UNCHANGED


def _fitted_list(value: Any, kind: Any, about: Setting) -> Any:
    if not isinstance(value, list | tuple) or about.length not in (None, len(value)):
        return UNCHANGED
    fitted: list[Any] = [_first_fit(one, kind, about) for one in value]
    if UNCHANGED in fitted or (about.ordered and fitted[0] > fitted[-1]):
        return UNCHANGED
    return tuple(fitted)


def _fitted_dict(value: Any, kinds: tuple[Any, ...], about: Setting) -> Any:
    if not isinstance(value, Mapping):
        return UNCHANGED
    keys = [_first_fit(key, kinds[0], about) for key in value]
    values = [_first_fit(one, kinds[1], about) for one in value.values()]
    return UNCHANGED if UNCHANGED in [*keys, *values] else dict(zip(keys, values, strict=True))


def _first_fit(value: Any, annotation: Any, about: Setting) -> Any:
    fits = (_fitted(value, kind, about) for kind in alternatives(annotation))
    return next((fitted for fitted in fits if fitted is not UNCHANGED), UNCHANGED)


def _is_number(value: Any, kind: Any, about: Setting) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        return False
    if kind is float and not -LARGEST <= value <= LARGEST:  # also NaN and infinity
        return False
    too_low = (about.min is not None and value < about.min) or (about.above is not None and value <= about.above)
    too_high = (about.max is not None and value > about.max) or (about.below is not None and value >= about.below)
    return not too_low and not too_high


def _described(kind: Any, about: Setting) -> str:
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        return f"a {'whole number' if kind is int else 'number'}{_limits(about)}"
    if get_origin(kind) is tuple:
        return _described_list(get_args(kind)[0], about)
    if get_origin(kind) is dict and (choices := choices_of(get_args(kind)[1])):
        return f"pairs, {{name: {choices[0]}}}, of {' or '.join(map(str, choices))}"
    return {str: "text", dict: "pairs, {name: value}"}.get(get_origin(kind) or kind, "a value")


def _described_list(kind: Any, about: Setting) -> str:
    if choices := choices_of(kind):
        return f"a list of some of {', '.join(map(str, choices))}, such as [{choices[0]}]"
    nouns = {int: "whole numbers", float: "numbers", str: "names", dict: "{_target_: package.module.Class}"}
    noun = " or ".join(nouns.get(get_origin(one) or one, "values") for one in alternatives(kind))
    if about.ordered:
        return f"[low, high], two {noun}{_limits(about)}, the lower one first"
    return f"a list of {f'{about.length} ' if about.length else ''}{noun}{_limits(about)}"


def _limits(about: Setting) -> str:
    least = (
        f" above {about.above:g}"
        if about.above is not None
        else f" from {about.min:g}"
        if about.min is not None
        else ""
    )
    most = f" to {about.max:.10g}" if about.max is not None else " up" if about.min is not None else ""
    return least + most + (f", below {about.below:g}" if about.below is not None else "")


def _near(value: Any, annotation: Any) -> str:
    return did_you_mean(str(value), [str(choice) for choice in choices_of(annotation)])
