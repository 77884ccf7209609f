"""Which videos a verb reads that opens a checkpoint: those that the user names, or the checkpoint's own.

A checkpoint may come from a stranger, so its data node is a description and never an order. What is taken from it: the
name of a layout, local paths that exist, and settings that select clips, each checked by ``recorded_settings``. Nothing
else acts: no URL, no code, nothing to render, to write or to start. What the user names with ``data=NAME`` or
``data.KEY=VALUE`` is not checked.
"""

import logging
import math
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from videoai.core.build import ANYTHING
from videoai.core.cache import cache_folder
from videoai.core.messages import command_line, pluralize
from videoai.core.paths import display_path, is_url
from videoai.data.lists.manifest import Manifest
from videoai.data.motion16.dataset import CLASSES_VARIANT, is_rendered
from videoai.data.motion16.motion import CLASSES
from videoai.data.shards.ranges import RANGE
from videoai.data.shards.rows import ROW
from videoai.data.shards.shards import MARK
from videoai.run.manifests import MANIFESTS, build_manifest
from videoai.run.recorded_settings import (
    HOW_TO_READ,
    belongs_to_system,
    fault_of,
    in_short,
    settings_of,
)
from videoai.settings.data import PATHS, DataSettings
from videoai.settings.parse import parse, to_dict
from videoai.settings.renamed import LOADING

logger = logging.getLogger(__name__)

OTHER_DATA = "Name the videos: data=folder data.root=PATH, or data=csv data.path=FILE"
RENDERING = ("variant", "size", "level", "seed")  # which clips motion16 renders
SAME_RENDERING = ("name", *RENDERING, "only")  # wherever they lie; each rendering comes with its test split
UNSAID = {"variant": CLASSES_VARIANT}  # what older checkpoints do not say
SAME_DATA = ("name", "root", "path", "only")


@dataclass(frozen=True)
class DataChange:
    """What the user says of the data beside the checkpoint."""

    named: DataSettings | None = None  # other data than the checkpoint's
    changed: Mapping[str, Any] = field(default_factory=dict)  # keys of the checkpoint's own data, and their values


@dataclass(frozen=True)
class DataChoice:
    """Which videos to read, and who says so."""

    data: DataSettings
    is_own: bool  # the list of videos must be the one that the checkpoint was trained with
    is_recorded: bool  # the checkpoint says which, so that nothing of the settings may act
    changed: tuple[str, ...] = ()  # keys of recorded data that the user changed
    frame_fps: float | None = None  # the rate of folders of images that the checkpoint was trained with


def choose_data(change: DataChange, state: Mapping[str, Any], source: str, *, scores_whole: bool = True) -> DataChoice:
    """The data that the user names, or the checkpoint's own with the keys that the user changed. ``source``: the
    checkpoint. Decides only: looks whether files exist, opens none.

    With ``scores_whole`` other data without their own splits stay whole: no split is made of what was never trained on.

    Raises: ValueError, FileNotFoundError: what the checkpoint may not name, or does not have.
    """
    recorded, before = state["config"].get("data"), {}
    if change.named is None and recorded == {}:
        raise ValueError(f"checkpoint={source}: published weights bring no data. {OTHER_DATA}")
    if change.named is None:
        before = recorded_node(recorded, change.changed, source)
    node = before if change.named is None else with_targets(to_dict(change.named), recorded)
    same = SAME_RENDERING if node.get("name") == "motion16" else SAME_DATA if change.named else ()
    known = recorded if isinstance(recorded, Mapping) else {}
    is_own = all(_same(node.get(key, UNSAID.get(key)), known.get(key, UNSAID.get(key))) for key in same)
    if scores_whole and not is_own:
        node = node | {key: 0.0 for key in ("val_fraction", "test_fraction") if key in node}
    data = parse(DataSettings, {key: value for key, value in node.items() if key not in LOADING}).absolute()
    recorded_only = change.named is None
    frame_fps = node.get("frame_fps") or recorded_rate(state) if recorded_only else None
    return DataChoice(data, is_own, recorded_only, tuple(change.changed), frame_fps)


def with_targets(node: dict[str, Any], recorded: Any) -> dict[str, Any]:
    """A node of other data, with the columns that the checkpoint has learned from where it names none."""
    columns = recorded.get("columns") if isinstance(recorded, Mapping) else None
    return {**node, "columns": columns} if columns and node.get("columns") is None else node


def recorded_rate(state: Mapping[str, Any]) -> float | None:
    """The rate of folders of images that a checkpoint records, if it is one."""
    loading = state["config"].get("loading")
    rate = loading.get("frame_fps") if isinstance(loading, Mapping) else None
    return rate if isinstance(rate, int | float) and 0 < rate < math.inf else None


def read_data(choice: DataChoice, checkpoint_path: str) -> Manifest:
    """The manifest of a choice; of a recorded one it says what is read. Raises: OSError, ValueError."""
    if not choice.is_recorded:
        return build_manifest(choice.data, trust=ANYTHING)
    manifest = build_manifest(choice.data, trust=())
    if not any(is_url(str(choice.data.source.get(key))) for key in choice.changed):  # a URL that the user names
        check_local_videos(manifest, checkpoint_path)
    but = f", but for data.{', data.'.join(choice.changed)}" if choice.changed else ""
    count = pluralize(sum(map(len, manifest.splits.values())), "video")
    where = "" if is_url(manifest.source) else "local, "
    about = (but, choice.data.name, display_path(manifest.source), where, count)
    logger.info("data as the checkpoint says%s: %s %s (%s%s)", *about)
    return manifest


def check_data_unchanged(manifest: Manifest, state: Mapping[str, Any], checkpoint_path: str) -> None:
    """Raises: ValueError: videos came or went since training, so that a split made now may hold training clips; or an
    ensemble of folds, whose networks have seen all of them together."""
    if manifest.fingerprint() == state["versions"].get("data"):
        return
    model = state["config"].get("model")
    if isinstance(model, Mapping) and model.get("name") == "ensemble":
        raise ValueError(
            f"{checkpoint_path}: together the networks of this ensemble have seen all videos of {manifest.source}. "
            "folds.csv of the same run says how each does on clips that are new to it. To score other videos: "
            f"{evaluation_of_others(state, checkpoint_path)}"
        )
    raise ValueError(
        f"{manifest.source}: the list of videos is not the one that {checkpoint_path} was trained with, so its "
        "test split may hold training clips. Restore it, or name videos that are new to it: "
        f"{evaluation_of_others(state, checkpoint_path)}"
    )


def evaluation_of_others(state: Mapping[str, Any], checkpoint_path: str) -> str:
    """The command that scores other data of the same layout as the checkpoint's own."""
    recorded = (state["config"].get("data") or {}).get("name")
    layout = recorded if recorded in MANIFESTS and recorded != "motion16" else "folder"
    where = "data.path=FILE" if "path" in settings_of(layout) else "data.root=FOLDER"
    return command_line("evaluate", f"checkpoint={checkpoint_path}", f"data={layout}", where)


def layout_of(recorded: Any, checkpoint_path: str) -> str:
    """The name of the layout in a checkpoint's data node, one of this project's. Raises: ValueError."""
    if not isinstance(recorded, Mapping):
        raise _refused(checkpoint_path, f"data={in_short(recorded)}, which is no set of settings", OTHER_DATA)
    if target := recorded.get("_target_"):
        what = f"data._target_={in_short(target)}, code from outside videoai"
        own_file = "For a file of yours that names it: --config-dir DIR data=NAME"
        raise _refused(checkpoint_path, what, f"{OTHER_DATA}. {own_file}")
    name = recorded.get("name")
    if not isinstance(name, str) or name not in MANIFESTS:
        raise _refused(
            checkpoint_path, f"data.name={in_short(name)}, a layout that this videoai does not have", OTHER_DATA
        )
    return name


def recorded_node(recorded: Any, changed: Mapping[str, Any], checkpoint_path: str) -> dict[str, Any]:
    """What of a checkpoint's data node may be used, with the keys that the user ``changed``.

    Raises: ValueError: a key or a value that may not act. FileNotFoundError: data that are not there any more.
    """
    layout = layout_of(recorded, checkpoint_path)
    said = {key: value for key, value in recorded.items() if key not in ("name", *changed)}
    left = {key: said.pop(key) for key in [*said] if key in HOW_TO_READ or (layout, key) == ("motion16", "root")}
    for key, value in said.items():
        _check_setting(layout, key, value, checkpoint_path)
    node = {"name": layout, **said, **changed}
    if layout == "motion16":
        _check_rendered(node, checkpoint_path)
    if ignored := [f"{key}={in_short(value)}" for key, value in left.items() if not _same(value, HOW_TO_READ.get(key))]:
        logger.info("not taken from the checkpoint: data.%s", ", data.".join(ignored))
    return node


def check_local_videos(manifest: Manifest, checkpoint_path: str) -> None:
    """Raises: ValueError: a list that a checkpoint names leads to a URL, or into what is no disk. It may lead out of
    its root, as tables of absolute paths do; the readers open regular files only."""
    for root, files in {(items.root, items.files) for items in manifest.splits.values()}:
        for name in files:
            path = os.path.join(root, name).removeprefix(RANGE).removeprefix(ROW)
            if is_url(path.partition(MARK)[0]) or belongs_to_system(path):
                what = f"the list {manifest.source}, which holds {in_short(path)}: no local video"
                raise _refused(checkpoint_path, what, OTHER_DATA)


def _same(one: Any, other: Any) -> bool:
    """Compares the types first: a checkpoint may hold tensors, whose == is no bool."""
    return type(one) is type(other) and one == other


def _check_setting(layout: str, key: Any, value: Any, checkpoint_path: str) -> None:
    if key not in settings_of(layout):
        raise _refused(checkpoint_path, f"data.{in_short(key)}, no setting of data={layout}", OTHER_DATA)
    if not (fault := fault_of(layout, key, value)):
        return
    if fault == "is not there":
        raise FileNotFoundError(
            f"checkpoint={checkpoint_path}: data.{key}={in_short(value)} of its run is not there. If the data has "
            f"moved: data.{key}=PATH"
        )
    way_out = f"Say where your data lie: data.{key}=PATH" if key in PATHS else f"Set it yourself: data.{key}=VALUE"
    raise _refused(checkpoint_path, f"data.{key}={in_short(value)}, which {fault}", way_out)


def _check_rendered(node: Mapping[str, Any], checkpoint_path: str) -> None:
    """Raises: ValueError: clips of motion16 that would have to be rendered first, which only the user may ask for."""
    rendering = {key: node[key] for key in RENDERING if key in node}
    if is_rendered(**rendering, root=node.get("root")):
        return
    settings = [f"data.{key}={value}" for key, value in rendering.items()]
    settings += [f"data.root={node['root']}"] if node.get("root") else []
    only = [name for name in node.get("only") or () if name in CLASSES]
    settings += [f"data.only=[{','.join(only)}]"] if only else []
    where = display_path(node.get("root") or cache_folder())
    command = " ".join(map(shlex.quote, ["data=motion16", *settings]))
    what = f"the built-in clips, which are not rendered in {where}"
    raise _refused(checkpoint_path, what, f"To render them, add to the command: {command}")


def _refused(checkpoint_path: str, what: str, way_out: str) -> ValueError:
    return ValueError(
        f"checkpoint={checkpoint_path} names {what}; a checkpoint may only name local videos that exist. {way_out}"
    )
