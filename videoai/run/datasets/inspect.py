"""``data inspect``: which layout lies in a folder, what is in it, and the command that trains on it. Writes nothing,
unless a picture is asked for."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from videoai.core.device import resolve_device
from videoai.core.messages import command_line, pluralize, truncated_list
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec
from videoai.data.augment.directions import sided_classes
from videoai.data.decode import open_video
from videoai.data.decode.ffmpeg import open_stream
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.media import BadVideo, sniff
from videoai.data.sampling import span_frames
from videoai.data.shards.shards import is_member, read_member
from videoai.run.datasets.montage import write_montage
from videoai.run.manifests import MANIFESTS, build_manifest, class_warnings, keep_together
from videoai.run.training.choose_model import clip_of, is_open
from videoai.run.video_facts import VideoFacts, facts_of, spread, still_words, telling_traits
from videoai.settings.data import PATHS
from videoai.settings.datasets import InspectSettings
from videoai.settings.training import TrainSettings

SLACK = 0.9  # share of a clip's span; a last tenth that holds still is no reason for another clip; judgement
SHARE_SEEN = 0.25  # share of a typical video that one clip covers; below it, spreading the frames is worth a word

Defaults = Callable[[Candidate], TrainSettings]  # the settings of train with data=NAME, where nothing else is set


def inspect(settings: InspectSettings, defaults: Defaults, choices: Sequence[str] = ()) -> dict[str, Any]:
    """Asks every layout, reads the first that can be read, and opens ``look`` of its videos. ``choices`` such as
    ``model=r3d_18`` are named in every command.

    Returns: plain data: ``path``, ``seen``, ``layouts`` (each with why, command, error), ``classes``, ``multi_label``,
        ``splits``, ``groups``, ``notes``, ``videos``, ``clip``, ``warnings``, ``command``, ``montage`` (the picture
        where one was asked for). Without ``classes`` no
        layout could be read.
    Raises: FileNotFoundError: no such path. ValueError: no layout fits; what was seen, and what is known.
    """
    tree = survey(settings.path)
    fits = candidates(tree)
    if not fits:
        raise ValueError(_no_layout(tree))
    report: dict[str, Any] = {
        "path": os.path.abspath(os.path.expanduser(settings.path)),
        "seen": _totals(tree),
        "layouts": [],
    }
    for fit in fits:
        layout = {"name": fit.name, "why": fit.why, "command": None, "error": None}
        report["layouts"].append(layout)
        if "classes" not in report:
            training = defaults(fit)
            try:
                manifest = build_manifest(training.data, trust=())
                manifest.check_learnable()
            except (ValueError, OSError, ImportError) as error:
                layout["error"] = str(error)
                continue
            report |= describe(manifest, settings, training) | {"layout": fit.name}
    rate = {"loading.frame_fps": settings.frame_fps} if settings.frame_fps else {}
    changes = report.pop("changes", {}) | rate  # those of the layout that was read: the videos are the same
    together = report.pop("together", {})  # but columns and folders are its own
    for fit, layout in zip(fits, report["layouts"], strict=True):
        is_read = fit.name == report.get("layout")
        layout["command"] = command(fit, choices, (together if is_read else {}) | changes)
        if fit.name == report.get("layout") and not layout["error"]:
            report.setdefault("command", layout["command"])
    return report


def describe(manifest: Manifest, settings: InspectSettings, training: TrainSettings) -> dict[str, Any]:
    """What is in a manifest, what to mind, and the settings that should differ from the defaults."""
    videos, facts = inspect_videos(manifest, settings.look, settings.frame_fps)
    clip = clip_of(training.clip, facts, resolve_device("auto"))
    if is_open(training):  # train chooses a clip that fits
        fitted, about_clip = {}, telling_traits(facts)
    else:
        fitted, about_clip = fit_clip(clip, [one.num_frames for one in facts], videos["fps"])
    sided = sided_classes(manifest.classes)
    flip = {"data.flip": 0} if sided and training.data.flip else {}
    if settings.out:
        write_montage(Path(settings.out), manifest, settings.frame_fps)
    warnings = class_warnings(manifest, training.data)
    warnings += [*([_sided(sided)] if flip else []), *about_clip, *_file_warnings(videos)]
    warnings += [note] if (note := still_words(facts)) else []
    return {
        "classes": {name: dict(zip(SPLITS, counts, strict=True)) for name, *counts in manifest.table()},
        "multi_label": manifest.is_multi_label,
        "splits": {split: len(items) for split, items in manifest.splits.items()},
        "groups": len({item.group for items in manifest.splits.values() for item in items} - {None}),
        "notes": list(manifest.notes),
        "videos": videos,
        "clip": {"frames": clip.num_frames, "stride": clip.stride, "size": clip.size, "change": fitted},
        "warnings": warnings,
        "changes": flip | fitted,
        "together": keep_together(manifest),
        **({"montage": os.path.abspath(settings.out)} if settings.out else {}),
    }


def command(fit: Candidate, choices: Sequence[str], more: dict[str, Any] | None = None) -> str:
    """The line to paste into a shell."""
    data = {f"data.{key}": display_path(value) if key in PATHS else value for key, value in fit.settings.items()}
    values = {**data, **(more or {})}
    words = [f"{key}={'true' if value is True else value}" for key, value in values.items()]
    return command_line("train", f"data={fit.name}", *words, *choices)


def inspect_videos(manifest: Manifest, look: int, frame_fps: float | None) -> tuple[dict[str, Any], list[VideoFacts]]:
    """Opens some videos, spread evenly. Returns: what they are, and the facts of each clip that can be read."""
    items = spread([item for split in SPLITS for item in spread(manifest.splits[split], look * 2)], look)
    facts, sizes, codecs, unreadable = [], Counter(), Counter(), {}
    for item in items:
        try:
            with open_video(item.path, frame_fps=frame_fps) as video:
                facts.append(facts_of(item, video))
                sizes[f"{video.width}x{video.height}"] += 1
                codecs[_codec(item.path)] += 1
        except BadVideo as bad:
            unreadable[item.path] = str(bad)
    ranges = {
        "seconds": _range([one.seconds for one in facts]),
        "fps": _range([one.fps for one in facts]),
        "frames": _range([one.num_frames for one in facts]),
    }
    counts = {"sizes": dict(sizes.most_common()), "codecs": dict(codecs.most_common()), "unreadable": unreadable}
    return {"looked_at": len(items), **ranges, **counts}, facts


def fit_clip(clip: ClipSpec, frames: Sequence[float], fps: dict[str, float] | None) -> tuple[dict[str, Any], list[str]]:
    """What to change about a clip that does not fit the videos, and why. Nothing where it fits, or none was read."""
    if not frames or not fps or clip.sampling == "uniform":
        return {}, []
    span, typical = span_frames(clip, fps["median"]), median(frames)
    if 2 * sum(count < SLACK * span for count in frames) > len(frames):
        stride = int((typical - 1) / max(1, clip.num_frames - 1))
        change = {"clip.stride": stride} if 1 <= stride < clip.stride else {"clip.sampling": "uniform"}
        return change, [
            f"most videos are shorter than the default clip: {typical:.0f} frames, typically, and a clip spans "
            f"{span:.0f}; the command changes it."
        ]
    if span < SHARE_SEEN * typical:
        return {}, [
            f"one clip shows {span / typical:.0%} of a typical video; clip.sampling=uniform spreads it over the whole."
        ]
    return {}, []


def _codec(path: str) -> str:
    if os.path.isdir(path):
        return "images"
    source = read_member(path) if is_member(path) else None
    container, stream = open_stream(path, sniff(path, source), source, probe=False)
    with container:
        return stream.codec_context.codec.canonical_name  # name of the codec, not of its decoder


def _range(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {name: round(float(of(values)), 3) for name, of in (("min", min), ("median", median), ("max", max))}


def _sided(names: list[str]) -> str:
    return f"classes have a side ({truncated_list(names, 3)}): data.flip=0, so that no clip is mirrored."


def _file_warnings(videos: dict[str, Any]) -> list[str]:
    bad = videos["unreadable"]
    first = next(iter(bad.values()), "")
    check = "videoai data check looks at all of them."
    return (
        [f"{len(bad)} of {videos['looked_at']} videos looked at cannot be read, first {first}. {check}"] if bad else []
    )


def _totals(tree: Survey) -> dict[str, Any]:
    return {"folders": tree.num_folders, "annotations": len(tree.annotations), "whole": tree.is_whole}


def _no_layout(tree: Survey) -> str:
    content = (
        [f"{pluralize(len(tree.annotations), 'annotation file')} ({truncated_list(tree.annotations, 3)})"]
        if tree.annotations
        else []
    )
    content += [f"{pluralize(len(tree.videos), 'video')} ({truncated_list(tree.videos, 3)})"] if tree.videos else []
    content += [f"{pluralize(len(tree.frame_folders), 'folder')} of frames"] if tree.frame_folders else []
    kinds = [kind or "no extension" for kind in tree.others]
    content += [f"{pluralize(sum(tree.others.values()), 'other file')} ({truncated_list(kinds, 4)})"] if kinds else []
    known = ", ".join(name for name in MANIFESTS if name != "motion16")
    return (
        f"{tree.root}: no known layout. Seen: {', '.join(content) or 'nothing'}. Known: {known}. The simplest: one "
        "folder a class (data=folder), or a csv with the header path,label (data=csv); docs/data.md shows each"
    )
