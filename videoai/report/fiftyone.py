"""An evaluation as a dataset of FiftyOne (docs.voxel51.com), written without it: metadata.json and samples.json.

    fiftyone.Dataset.from_dir(dataset_dir="RUN/test/fiftyone", dataset_type=fiftyone.types.FiftyOneDataset)

This is FiftyOne's JSON form: its importer takes it (class LegacyFiftyOneDatasetImporter) where metadata.json names no
version of the database. Videos stay where they are and are named by their paths.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from videoai.report.result_files import Evaluated, json_bytes, rounded

FOLDER = "fiftyone"


class Media(NamedTuple):
    """Where an evaluated video lies."""

    path: str  # absolute
    support: tuple[int, int] | None = None  # first and last frame of a stretch; that of the file is 1. None = whole


def fiftyone_files(evaluated: Evaluated, media: Sequence[Media | None], name: str) -> dict[str, bytes]:
    """The files of the dataset, by name. Stretches of one video are temporal detections of one sample.

    Args:
        evaluated: one class a video, int64 [N], or several, int64 [N, K].
        media: [N]; None = no file that FiftyOne could open, which is left out.
        name: of the dataset.
    """
    of_path: dict[str, list[int]] = defaultdict(list)
    for index, place in enumerate(media):
        if place is not None:
            of_path[place.path].append(index)
    about = {"split": evaluated.split, "views": evaluated.views, "checkpoint": evaluated.checkpoint}
    metadata = {"name": name, "info": {"classes": evaluated.names, **about}}
    samples = [_sample(evaluated, media, path, indices) for path, indices in of_path.items()]
    return {
        f"{FOLDER}/metadata.json": json_bytes(metadata),
        f"{FOLDER}/samples.json": (json.dumps({"samples": samples}, allow_nan=False) + "\n").encode(),
    }


def _sample(evaluated: Evaluated, media: Sequence[Media | None], path: str, indices: list[int]) -> dict[str, Any]:
    """One video with its labels, the answers, and why it could not be read."""
    sample = {"filepath": path, "tags": [evaluated.split], "metadata": None, "_media_type": "video"}
    if reasons := [evaluated.reasons[index] for index in indices if evaluated.reasons[index]]:
        sample["error"] = reasons[0]
    temporal = any(place and place.support for place in media)  # a field has one type in all samples
    for field, labels_of in {"ground_truth": _given, "prediction": _answered}.items():
        if temporal:
            sample[field] = {
                "_cls": "TemporalDetections",
                "detections": _detections(evaluated, media, indices, labels_of),
            }
        elif evaluated.targets.ndim == 1:
            sample[field] = next(iter(labels_of(evaluated, indices[0])), None)
        else:
            sample[field] = {"_cls": "Classifications", "classifications": labels_of(evaluated, indices[0])}
    return sample


def _detections(
    evaluated: Evaluated,
    media: Sequence[Media | None],
    indices: list[int],
    labels_of: Callable[[Evaluated, int], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """The labels of every stretch of a file whose frames are known."""
    return [
        {**label, "_cls": "TemporalDetection", "support": [*place.support]}
        for index in indices
        if (place := media[index]) and place.support
        for label in labels_of(evaluated, index)
    ]


def _given(evaluated: Evaluated, index: int) -> list[dict[str, Any]]:
    """The labels that a video has."""
    target = evaluated.targets[index]
    labels = [int(target)] if target.ndim == 0 else (target == 1).nonzero()[:, 0].tolist()
    return [{"_cls": "Classification", "label": evaluated.names[label]} for label in labels]


def _answered(evaluated: Evaluated, index: int) -> list[dict[str, Any]]:
    """The best class, or of several labels those at their thresholds and above; none where the video was not read."""
    scores: Tensor = evaluated.scores[index]
    if evaluated.unreadable[index]:
        return []
    one = evaluated.targets.ndim == 1
    labels = [int(scores.argmax())] if one else (scores >= torch.tensor(evaluated.thresholds)).nonzero()[:, 0].tolist()
    return [
        {"_cls": "Classification", "label": evaluated.names[label], "confidence": rounded(float(scores[label]))}
        for label in labels
    ]


def dataset_name(results: Mapping[str, Any]) -> str:
    """``videoai-test-0123abcd``: split, and the beginning of the checkpoint's hash."""
    return f"videoai-{results['split']}-{str(results.get('checkpoint_sha256') or results['fingerprint'])[:8]}"
