"""LeRobotDataset v3 (huggingface.co/docs/lerobot/lerobot-dataset-v3): episodes are stretches of long videos.

    meta/info.json                                 codebase_version, features, video_path
    meta/episodes/chunk-000/file-000.parquet       episode_index, tasks, videos/KEY/chunk_index, .../file_index,
                                                   .../from_timestamp, .../to_timestamp
    videos/observation.images.front/chunk-000/file-000.mp4

The task of an episode is its class.
"""

import glob
import os
from collections.abc import Iterator
from typing import Any, Unpack

from videoai.core.messages import did_you_mean
from videoai.core.types import VideoItem
from videoai.data.layouts.annotations import Annotated, manifest_from_annotations
from videoai.data.layouts.entries import Entry, load_json
from videoai.data.layouts.members import MadeSplits
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.splits import split_groups
from videoai.data.shards.rows import open_parquet

INFO = os.path.join("meta", "info.json")
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"


def detect(tree: Survey) -> Candidate | None:
    path = os.path.join(tree.root, INFO)
    if INFO not in tree.annotations or '"codebase_version"' not in peek(path):
        return None
    try:
        cameras = _cameras(_info(tree.root))
    except ValueError:  # reading it will say so
        cameras = []
    settings = {"root": tree.root, **({"camera": cameras[0]} if len(cameras) > 1 else {})}
    why = "meta/info.json of a LeRobotDataset" + (f"; cameras {', '.join(cameras)}" if len(cameras) > 1 else "")
    return Candidate("lerobot", settings, why)


def from_lerobot(root: str, *, camera: str | None = None, **options: Unpack[MadeSplits]) -> Manifest:
    """Reads the episodes. Splits are made by episode: many of them share a file.

    Args:
        root: the folder that holds meta and videos.
        camera: a feature of dtype video; None = the only one.
    Raises:
        ImportError: pyarrow is not installed. ValueError: another version of the format, or a broken one.
    """
    root = survey(root).root
    info = _info(root)
    chosen = _camera(camera, _cameras(info), os.path.join(root, INFO))
    episodes = [*_episodes(root)]
    told = [entry for entry in episodes if len(_tasks(entry)) == 1]
    notes = (
        [f"left out {len(episodes) - len(told)} episodes without a task, or with several."] if told != episodes else []
    )
    split_of = _dealt(told, options, notes)
    clips = (_clip(entry, info, chosen, split_of.get(entry.number("episode_index"))) for entry in told)
    return manifest_from_annotations(clips, root, root, notes=notes, val_fraction=0.0, test_fraction=0.0)


def _info(root: str) -> dict[str, Any]:
    path = os.path.join(root, INFO)
    info = load_json(path)
    version = str(info.get("codebase_version")) if isinstance(info, dict) else "None"
    if not version.startswith("v3."):
        raise ValueError(
            f"{path}: codebase_version is {version}; v3.0 is read. Convert it: python -m "
            "lerobot.scripts.convert_dataset_v21_to_v30 --repo-id=OWNER/NAME"
        )
    return info


def _cameras(info: dict[str, Any]) -> list[str]:
    """The features that are videos."""
    features = info.get("features")
    named = features.items() if isinstance(features, dict) else ()
    return [key for key, about in named if isinstance(about, dict) and about.get("dtype") == "video"]


def _camera(wanted: str | None, cameras: list[str], path: str) -> str:
    there = ", ".join(cameras) or "no video"
    if wanted is not None and wanted not in cameras:
        raise ValueError(f"{path}: data.camera={wanted}, but there is {there}.{did_you_mean(wanted, cameras)}")
    if wanted is None and len(cameras) != 1:
        raise ValueError(f"{path}: which camera? There is {there}: data.camera=NAME")
    return wanted or cameras[0]


def _episodes(root: str) -> Iterator[Entry]:
    paths = sorted(glob.glob(os.path.join(glob.escape(root), "meta", "episodes", "chunk-*", "file-*.parquet")))
    if not paths:
        raise ValueError(f"{root}: no meta/episodes/chunk-*/file-*.parquet in it, so the download is not complete")
    for path in paths:
        try:
            file = open_parquet(path)
            columns = [name for name in file.schema_arrow.names if not name.startswith("stats/")]
            rows = file.read(columns=columns).to_pylist()
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}; this is no Parquet file, or it is cut off") from None
        for number, row in enumerate(rows):
            yield Entry(row, lambda path=path, number=number: f"{path}, row {number}")


def _tasks(entry: Entry) -> list[str]:
    tasks = entry.fields.get("tasks")
    return sorted({str(task) for task in tasks}) if isinstance(tasks, list) else []


def _dealt(episodes: list[Entry], options: MadeSplits, notes: list[str]) -> dict[int, str]:
    """The split of each episode; none where there is nothing to divide."""
    classes = sorted({_tasks(entry)[0] for entry in episodes})
    shares = {"val": options.get("val_fraction", 0.15), "test": options.get("test_fraction", 0.15)}
    if len(classes) < 2 or not any(shares.values()):
        return {}
    numbers = {f"{entry.number('episode_index'):08d}": entry for entry in episodes}
    items = Items.of([VideoItem(name, classes.index(_tasks(entry)[0])) for name, entry in numbers.items()], "")
    made = {split: share for split, share in shares.items() if share > 0}
    seed = options.get("split_seed", 0)
    dealt = split_groups(items, {"train": 1 - sum(made.values()), **made}, seed)
    notes.append(
        f"made {' and '.join(made)} by episode with split_seed {seed}; episodes of several splits share files."
    )
    return {int(os.path.basename(item.path)): split for split, part in dealt.items() for item in part}


def _clip(entry: Entry, info: dict[str, Any], camera: str, split: str | None) -> Annotated:
    place = f"videos/{camera}/"
    numbers = {key: entry.number(f"{place}{key}") for key in ("chunk_index", "file_index")}
    video = str(info.get("video_path") or VIDEO_PATH).format(video_key=camera, **numbers)
    start, end = entry.seconds(f"{place}from_timestamp"), entry.seconds(f"{place}to_timestamp")
    return Annotated(video, _tasks(entry)[0], split or "train", start_seconds=start, end_seconds=end)
