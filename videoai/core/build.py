"""From a plain dict to an object: ``{"name": "r3d_18", "dropout": 0.5}`` or ``{"_target_": "mine.net.MyNet", ...}``.

``name`` picks from an explicit table of this project; ``_target_`` imports from the user's own package, and a ``name``
beside it is an option like any other. What a person
types on the command line may import anything. A dict that comes out of a checkpoint is somebody's data: it may only
name table entries, unless the user says ``trust=package``.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from videoai.core.messages import did_you_mean

IMPORTED_TARGETS: dict[
    str, None
] = {}  # targets outside of this project that were imported here, for what an error says
ANYTHING = ("*",)  # trust for a config that the user wrote


def build(
    node: Mapping[str, Any],
    table: Mapping[str, str],
    *,
    where: str,
    trust: Sequence[str] = (),  # packages a ``_target_`` may come from; ANYTHING for the user's own config
    **runtime: Any,
) -> Any:
    """Call what ``node`` names with its other keys and ``runtime`` as keyword arguments.

    ``table`` maps a name to ``"module:attribute"``, so that nothing is imported before it is wanted.

    Raises: ValueError: as ``bind``.
    """
    return bind(node, table, where=where, trust=trust, **runtime)()


def bind(
    node: Mapping[str, Any], table: Mapping[str, str], *, where: str, trust: Sequence[str] = (), **runtime: Any
) -> partial[Any]:
    """What ``build`` would call, checked and not yet called.

    Raises: ValueError: unknown name, untrusted or missing target, or a keyword the target does not take.
    """
    chosen_by = "_target_" if node.get("_target_") else "name"
    options = {key: value for key, value in node.items() if key not in (chosen_by, "_target_")}
    target = _find(node, table, where, trust)
    if taken := sorted(options.keys() & runtime.keys()):
        raise ValueError(f"{where}: {taken[0]} comes from videoai itself. Leave it out.")
    if not callable(target) or inspect.isabstract(target):
        what = f"lacks {', '.join(sorted(target.__abstractmethods__))}" if callable(target) else "cannot be called"
        raise ValueError(f"{where}: '{node[chosen_by]}' {what}. Name a class or function that makes the object.")
    _check_keywords(target, {**options, **runtime}, where)
    return partial(target, **options, **runtime)


def build_own(nodes: Sequence[Mapping[str, Any]], *, where: str, called_with: Sequence[str]) -> list[Any]:
    """Callables of one's own packages, from the nodes of a list in one's own config. ``called_with`` names their
    positional arguments.

    Raises: ValueError: a node without ``_target_``, one that cannot be built, or that does not take the arguments.
    """
    for number, node in enumerate(nodes):
        if not isinstance(node, Mapping) or "_target_" not in node:
            raise ValueError(f"{where}[{number}]={node}: give _target_: mypackage.module.Class, and its options.")
    built = [build(node, {}, where=f"{where}[{number}]", trust=ANYTHING) for number, node in enumerate(nodes)]
    for number, one in enumerate(built):
        try:
            inspect.signature(one).bind(*called_with)
        except TypeError as error:
            call = f"{nodes[number]['_target_']} is called with ({', '.join(called_with)})"
            raise ValueError(f"{where}[{number}]: {call}, which it does not take: {error}.") from error
    return built


def resolve(target: str, where: str) -> Callable[..., Any]:
    """The object behind ``"module:attribute"`` or ``"module.attribute"``."""
    module, _, attribute = target.rpartition(":" if ":" in target else ".")
    if not module or not attribute:
        raise ValueError(f"{where}: _target_={target} names no class. Give _target_: package.module.Class.")
    try:
        return getattr(import_module(module), attribute)
    except SyntaxError as error:
        place = f"{error.filename}, line {error.lineno}"
        raise ValueError(f"{where}: cannot import '{target}': {error.msg} ({place})") from error
    except (ImportError, AttributeError, ValueError) as error:
        hint = "Is the package installed, or the file in the current folder?"
        raise ValueError(f"{where}: cannot import '{target}' ({error}). {hint}") from error


def _find(node: Mapping[str, Any], table: Mapping[str, str], where: str, trust: Sequence[str]) -> Callable[..., Any]:
    target, name = node.get("_target_"), str(node.get("name"))
    trust = [trust] if isinstance(trust, str) else trust  # a part of its letters is no package
    if target:
        if tuple(trust) != ANYTHING and str(target).split(".")[0] not in trust:
            package = str(target).split(".")[0]
            raise ValueError(
                f"{where}: '{target}' is code from outside videoai, named by a file. Add 'trust=[{package}]' if "
                "you trust it."
            )
        IMPORTED_TARGETS[str(target)] = None
        return resolve(str(target), where)
    if name not in table:
        choices = ", ".join(sorted(table))
        raise ValueError(f"{where}: unknown name '{name}'.{did_you_mean(name, list(table))} Choose from: {choices}.")
    return resolve(table[name], where)


def _check_keywords(target: Callable[..., Any], given: Mapping[str, Any], where: str) -> None:
    """Refuse bad keywords before calling, so that an error inside the target is not mistaken for one."""
    try:
        parameters = inspect.signature(target).parameters
    except ValueError:  # written in C: it checks its arguments itself
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    label = getattr(getattr(target, "func", target), "__name__", str(target))  # func: of a functools.partial
    for key in given:
        if key not in parameters:
            takes = ", ".join(parameters) or "nothing"
            raise ValueError(
                f"{where}: {label} does not take '{key}'.{did_you_mean(key, list(parameters))} It takes: {takes}."
            )
    required = [n for n, p in parameters.items() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    missing = [name for name in required if name not in given]
    if missing:
        raise ValueError(f"{where}: {label} needs {', '.join(missing)}. Set {where}.{missing[0]}=...")
