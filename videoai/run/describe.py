"""``describe``: what is in videos, as one JSON file and one page a video."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from videoai.core.files import write_together
from videoai.core.launcher import launched_processes
from videoai.core.paths import display_path
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.media import BadVideo
from videoai.events.files import url_of
from videoai.inference.describe import Contents, Describer, new_describer
from videoai.inference.load import open_checkpoint
from videoai.inference.predict import Predictor, find_videos
from videoai.inference.shots import DETECTOR, check_package
from videoai.inference.text_models import reads_texts
from videoai.inference.video_features import learned_features
from videoai.report.description import description, parts_of
from videoai.report.description_page import description_page
from videoai.run.predict import labelled_paths, new_predictor, without_copies
from videoai.run.results_folder import description_folder
from videoai.settings.describe import DescribeSettings
from videoai.settings.parse import parse
from videoai.settings.verbs import PredictSettings

logger = logging.getLogger(__name__)
JSON_FILE, PAGE, PICTURES = "description.json", "description.html", "key_frames"
# Passed on to each model; other descriptions otherwise.
OF_MODELS = ("input", "top_k", "window_seconds", "hop_seconds", "frame_fps", "precision", "device", "trust")
ASKED = ("checkpoint", "shots", "shot_threshold", "key_frames", "classes", "templates", *OF_MODELS[:5])


def describe(settings: DescribeSettings) -> Iterator[dict[str, Any]]:
    """One plain dict a video, as it is described: the content of its description.json and ``files``; or ``path`` and
    ``error``.

    Raises: FileNotFoundError, ValueError, ImportError: before the first one. OSError: a folder that cannot be written.
    """
    if launched_processes() > 1:
        raise ValueError("describe runs in one process: start it without torchrun. predict shares its videos")
    if settings.shots:
        check_package()
    paths = without_copies(find_videos(settings.input, VIDEO_EXTENSIONS))
    describer = new_describer(
        [opened(one, paths) for one in settings_of_models(settings)],
        shot_threshold=settings.shot_threshold if settings.shots else None,
        num_key_frames=settings.key_frames,
    )
    facts = {key: getattr(settings, key) for key in ASKED}
    folder = description_folder(
        settings.run_dir, {key: [*value] if isinstance(value, tuple) else value for key, value in facts.items()}
    )
    logger.info("the descriptions go to %s", display_path(folder))
    folders = [one.with_suffix("") for one in labelled_paths(paths, folder)]
    for path, own in zip(paths, folders, strict=True):
        yield _described(describer, settings, path, own)


def opened(settings: PredictSettings, paths: Sequence[str]) -> Predictor:
    """A model, ready to answer. Raises: ValueError: one that reads features, which are not made in the common pass."""
    state = open_checkpoint(settings.checkpoint, classes=settings.classes, templates=settings.templates)
    if learned_features(state):
        raise ValueError(f"{settings.checkpoint} learned from features, and describe reads pixels: use videoai predict")
    return new_predictor(settings, paths, state, {})


def settings_of_models(settings: DescribeSettings) -> list[PredictSettings]:
    """What each checkpoint is asked. Texts go to those that read them; where none does, the first one refuses them."""
    given = {key: getattr(settings, key) for key in OF_MODELS}
    texts = {"classes": settings.classes, "templates": settings.templates}
    readers = [one for one in settings.checkpoint if reads_texts(one)] or settings.checkpoint[:1]
    asked = [{"checkpoint": one, **given, **(texts if one in readers else {})} for one in settings.checkpoint]
    return [parse(PredictSettings, one) for one in asked]


def _described(describer: Describer, settings: DescribeSettings, path: str, folder: Path) -> dict[str, Any]:
    try:
        contents = describer(path)
    except BadVideo as bad:
        logger.warning("%s", bad)
        return {"path": path, "error": str(bad)}
    told = put_together(describer, settings, contents)
    pictures = [one.jpeg for one in contents.key_frames]
    names = [one["file"] for one in told["key_frames"]]
    url = url_of(path) if Path(path).is_file() else None
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    files = {
        **{folder / name: picture for name, picture in zip(names, pictures, strict=True)},
        folder / JSON_FILE: text.encode("utf-8", "backslashreplace"),
        folder / PAGE: description_page(told, pictures, url),
    }
    for old in {*(folder / PICTURES).glob("[0-9]*s.jpg")} - {*files}:  # pictures of a description that is replaced
        old.unlink()
    write_together(files)
    return {**told, "files": {"json": display_path(folder / JSON_FILE), "page": display_path(folder / PAGE)}}


def put_together(describer: Describer, settings: DescribeSettings, contents: Contents) -> dict[str, Any]:
    """The content of description.json."""
    answers = [one.answer.to_dict() for one in contents.seen]
    checkpoints = [
        checkpoint_facts(name, predictor, len(seen.spans), answer)
        for name, predictor, seen, answer in zip(
            settings.checkpoint, describer.predictors, contents.seen, answers, strict=True
        )
    ]
    key_frames = [
        {
            "seconds": round(one.moment.seconds, 3),
            "shot": one.moment.shot,
            "file": f"{PICTURES}/{number:03d}_{one.moment.seconds:.2f}s.jpg",  # no digit at its end: frames of no video
            "checkpoint": settings.checkpoint[describer.chooser],
            "chosen_by": "pooled features" if describer.pooled.kind == "pooled" else "scores",
        }
        for number, one in enumerate(contents.key_frames, start=1)
    ]
    return description(
        video=contents.facts,
        checkpoints=checkpoints,
        answers=answers,
        shots=contents.shots,
        shot_detector=DETECTOR if settings.shots else None,
        key_frames=key_frames,
    )


def checkpoint_facts(name: str, predictor: Predictor, windows: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint is, and which parts of the description it gives."""
    gives = [kind for kind in parts_of(name, answer) if kind != "tag_events"]
    return {"checkpoint": name, "outputs": len(predictor.model.classes), "windows": windows, "gives": gives}


def summary_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """A short line on a description: where it lies, and what it says most."""
    if "error" in told:
        return dict(told)
    tags = [f"{one['label']} {one['probability']:.2f}" for one in told["tags"][:3]]
    counts = {key: len(told[key]) for key in ("shots", "actions", "curves", "key_frames")}
    return {"path": told["video"]["path"], **told["files"], "tags": tags, **counts}
