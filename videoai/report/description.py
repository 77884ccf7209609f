"""The description of one video: what several models said of it, put together as plain data (docs/describe.md)."""

from collections.abc import Mapping, Sequence
from typing import Any

from videoai.events.named import events_of

FORMAT = 1


def parts_of(checkpoint: str, answer: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What one model adds to ``tags``, ``tag_events``, ``actions`` and ``curves``.

    Args:
        answer: as ``predict`` writes it. One of a task of the user's own that says neither goes to ``others`` whole.
    """
    who = {"checkpoint": checkpoint}
    if "events" in answer:
        return {"actions": [{**who, **event} for event in answer["events"]]}
    if "top" in answer:
        return tags_of(who, answer)
    if "values" in answer or "heads" in answer:
        return heads_of(who, answer, "values" if "values" in answer else "heads")
    return {"others": [{**who, **answer}]}


def tags_of(who: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Classes of the whole video, and when each is the answer. Of several labels only those that hold."""
    top = [one for one in answer["top"] if one.get("predicted", True)]
    tags = [{**who, "label": one["label"], "probability": one["probability"]} for one in top]
    return {"tags": tags, "tag_events": [{**who, **event.to_dict()} for event in events_of(answer)]}


def heads_of(who: Mapping[str, Any], answer: Mapping[str, Any], key: str) -> dict[str, list[dict[str, Any]]]:
    """Numbers as curves, classes as tags, each under the name of its target."""
    windows = answer.get("timeline") or [{"start_seconds": 0.0, "end_seconds": answer["duration_seconds"], **answer}]
    parts: dict[str, list[dict[str, Any]]] = {}
    for name, whole in answer[key].items():
        own = {**who, "target": name}
        if isinstance(whole, list):
            said = {"top": whole, "timeline": [{**times(one), **one[key][name][0]} for one in windows]}
            for kind, rows in tags_of(own, {**said, "duration_seconds": answer["duration_seconds"]}).items():
                parts.setdefault(kind, []).extend(rows)
        else:
            points = [{**times(one), "value": one[key][name]} for one in windows]
            parts.setdefault("curves", []).append({**own, "mean": whole, "points": points})
    return parts


def times(window: Mapping[str, Any]) -> dict[str, float]:
    """Start and end."""
    return {key: window[key] for key in ("start_seconds", "end_seconds")}


def description(
    *,
    video: Mapping[str, Any],
    checkpoints: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    shots: Sequence[tuple[float, float]],
    shot_detector: str | None,
    key_frames: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """All of it. ``answers``: one a checkpoint."""
    whole: dict[str, Any] = {
        "format": FORMAT,
        "video": dict(video),
        "checkpoints": [dict(one) for one in checkpoints],
        "shot_detector": shot_detector,
        "shots": [{"start_seconds": round(start, 3), "end_seconds": round(end, 3)} for start, end in shots],
        **{key: [] for key in ("tags", "tag_events", "actions", "curves", "others")},
        "key_frames": [dict(one) for one in key_frames],
    }
    for one, answer in zip(checkpoints, answers, strict=True):
        for kind, rows in parts_of(one["checkpoint"], answer).items():
            whole[kind] += rows
    return whole
