"""``predict``: answers for files, one at a time, from a checkpoint alone."""

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from videoai.core import process_group
from videoai.core.device import resolve_device, take_device
from videoai.core.files import append_line
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.core.progress import counting
from videoai.data.feature_sequences import TABLES
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.media import BadVideo
from videoai.data.normalize import ToModelInput
from videoai.inference.annotate import annotate_video
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.predict import Predictor, find_videos
from videoai.inference.video_features import encoder_of, learned_features
from videoai.run.event_files import EventFiles
from videoai.run.faces import cropping_as_trained
from videoai.run.reading import note_other_pixels, resolve_decoder
from videoai.run.recorded_features import table_of_input
from videoai.run.results_folder import prediction_folder
from videoai.run.score_clips import evaluation_precision
from videoai.settings.verbs import PredictSettings
from videoai.tasks.answering import answering_task
from videoai.tasks.localize.task import Localize
from videoai.tasks.localize.unused_settings import NO_GAPS
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)
ANSWERS, LABELLED = "predictions.jsonl", "labelled"
EVENTS = ("merge_seconds", "min_seconds")
# Other answers otherwise.
ASKED = ("checkpoint", "input", "top_k", "threshold", "window_seconds", "hop_seconds", "frame_fps", *EVENTS)
TEXTS = ("classes", "templates")  # likewise


def predict(settings: PredictSettings) -> Iterator[dict[str, Any]]:
    """One plain dict a video, as it is answered: ``path``, ``top``, and ``timeline`` for long ones; or ``path`` and
    ``error``. A multi-label model adds ``multi_label`` and ``labels``, those at their thresholds or above, and
    ``threshold``: of all classes, or of each in ``top``.

    Every line also goes to ``run_dir/predictions.jsonl``; with ``annotate`` the labelled video is written beside it.
    Answers to something else are not replaced: without ``run_dir`` they keep theirs, and runs/predict-2 is next.
    Several processes share the videos, and all get every answer; the first one writes the file.

    Raises: FileNotFoundError, ValueError: before the first answer. OSError: a folder that cannot be written, no room.
    """
    with process_group.process_group(resolve_device(settings.device).type):
        yield from _predict(settings)


def _predict(settings: PredictSettings) -> Iterator[dict[str, Any]]:
    is_table = settings.input.endswith(TABLES)
    found = [] if is_table else without_copies(find_videos(settings.input, VIDEO_EXTENSIONS))
    state = open_checkpoint(settings.checkpoint, classes=settings.classes, templates=settings.templates)
    table = table_of_input(state, settings.input, settings.checkpoint)
    found = [*table.files] if table else found
    paths = process_group.broadcast_from_rank0(lambda: found)  # a folder may change meanwhile
    if len(paths) < process_group.world_size():
        number = (pluralize(len(paths), "video"), process_group.world_size())
        logger.info("%s for %d processes: a video is not divided, so the others have nothing to do", *number)
    predictor = new_predictor(settings, paths, state, table.files if table else {})
    if isinstance(predictor.task, Localize):
        windows = {"window_seconds": settings.window_seconds, "hop_seconds": settings.hop_seconds}
        predictor.task.check_windows(settings.checkpoint, **windows)
    texts = {key: [*getattr(settings, key)] or None for key in TEXTS}
    faces = {"faces": settings.faces} if settings.faces == "off" else {}
    folder = prediction_folder(settings.run_dir, {**{key: getattr(settings, key) for key in ASKED}, **texts, **faces})
    labelled = labelled_paths(paths, folder / LABELLED)
    targets = labelled if settings.annotate else [None] * len(paths)
    names = [path.relative_to(folder / LABELLED).with_suffix("") for path in labelled]
    kinds = settings.write if process_group.rank() == 0 else ()
    files = EventFiles(folder, kinds or ("csv",) * predictor.task.per_frame * (process_group.rank() == 0), names)
    file_name = folder / ANSWERS if process_group.rank() == 0 else os.devnull
    logger.info("the answers also go to %s", display_path(folder / ANSWERS))
    with open(file_name, "wb", buffering=0) as file:  # a line is there as soon as it is answered
        for record in _with_progress(_records(predictor, list(zip(paths, targets, strict=True))), len(paths)):
            append_line(file, json.dumps(record, ensure_ascii=False))
            files.add(record)
            yield record
    if written := files.close():
        logger.info("events: %s", ", ".join(display_path(folder / name) for name in written))


def _with_progress(records: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    """Answers that a person reads as they come are progress enough."""
    if sys.stdout.isatty():
        yield from records
        return
    with counting("predict", total) as add:
        for record in records:
            add(1)
            yield record


def _records(predictor: Predictor, videos: Sequence[tuple[str, Path | None]]) -> Iterator[dict[str, Any]]:
    """The answers in order. Each process answers one video of a round; the next round waits for the longest."""
    rank, processes = process_group.rank(), process_group.world_size()
    for start in range(0, len(videos), processes):
        own = [_record(predictor, *video) for video in videos[start + rank : start + rank + 1]]
        for answered in process_group.all_gather(own):
            yield from answered


def new_predictor(
    settings: PredictSettings, paths: Sequence[str], state: dict[str, Any], tables: Mapping[str, str]
) -> Predictor:
    """The model of ``checkpoint``, whose content is ``state``, ready to answer; ``decoder=auto`` measures some of
    ``paths``. ``tables``: where the features of these are, if they are made."""
    device = take_device(settings.device)
    task = with_event_settings(answering_task(state, settings.checkpoint, trust=settings.trust), settings, state)
    model = from_state(state, trust=settings.trust, may_hear=True)
    note_other_pixels(state["config"], settings.decoder)
    precision = evaluation_precision(settings.precision, device)
    precision.place(model)
    reading = resolve_decoder(settings.decoder, paths, model.clip, device, frame_fps=settings.frame_fps)
    faces = cropping_as_trained(state, paths, faces=settings.faces, model=settings.faces_model)
    return Predictor(
        model=model,
        task=task,
        to_input=ToModelInput(model.clip).to(device),
        precision=precision,
        top_k=settings.top_k,
        thresholds=task.thresholds(state, settings.threshold),
        window_seconds=settings.window_seconds,
        hop_seconds=settings.hop_seconds,
        reading={**reading, "faces": faces},
        encoder=None
        if tables
        else encoder_of(state, settings.checkpoint, precision, given=settings.encoder, trust=settings.trust),
        tables=tables,
    )


def predictor_of_pixels(settings: PredictSettings, paths: Sequence[str], verb: str) -> Predictor:
    """The model of ``checkpoint``, ready to answer. Raises: ValueError: one that reads features, which ``verb`` does
    not make."""
    state = open_checkpoint(settings.checkpoint, classes=settings.classes, templates=settings.templates)
    if learned_features(state):
        raise ValueError(f"{settings.checkpoint} learned from features, and {verb} reads pixels: use videoai predict")
    return new_predictor(settings, paths, state, {})


def with_event_settings(
    task: SupervisedTask | Localize, settings: PredictSettings, state: Mapping[str, Any]
) -> SupervisedTask | Localize:
    """The task with what the settings say of events. Raises: ValueError: it finds none."""
    given = {key: value for key in EVENTS if (value := getattr(settings, key)) is not None}
    if isinstance(task, Localize) and settings.top_k != PredictSettings.top_k:
        raise ValueError(
            f"top_k={settings.top_k}: {settings.checkpoint} finds events and ranks no classes. Leave it out."
        )
    if isinstance(task, Localize):
        if task.gives_ends and settings.merge_seconds:
            raise ValueError(f"merge_seconds={settings.merge_seconds:g}: {NO_GAPS}")
        return replace(task.with_threshold(settings.threshold, state), **given)
    for key, value in given.items():
        raise ValueError(f"{key}={value}: {settings.checkpoint} names clips and finds no events. Leave it out.")
    return task


def without_copies(paths: list[str]) -> list[str]:
    """Labelled copies of an earlier ``predict`` that lie among the inputs are none; alone they are."""
    folders = {parent for path in paths for parent in Path(path).parents if parent.name == LABELLED}
    made = {folder for folder in folders if (folder.parent / ANSWERS).is_file()}
    others = [path for path in paths if made.isdisjoint(Path(path).parents)]
    if not others or len(others) == len(paths):
        return paths
    where = display_path(min(made, key=lambda folder: len(folder.parts)))
    copies = pluralize(len(paths) - len(others), "labelled copy", "labelled copies")
    logger.info("left out %s of an earlier time, below %s", copies, where)
    return others


def labelled_paths(paths: Sequence[str], folder: Path) -> list[Path]:
    """Where the labelled copies go: the tree of the inputs below ``folder``; ``a.avi`` becomes ``a.mp4``, and
    ``a.avi.mp4`` when the tree holds two files that would share a name."""
    absolute = [os.path.abspath(path) for path in paths]
    parent = os.path.commonpath([os.path.dirname(path) for path in absolute])
    names = [os.path.relpath(path, parent) for path in absolute]
    stems = [os.path.splitext(name)[0] for name in names]
    return [folder / f"{name}.mp4" for name in (stems if len(set(stems)) == len(stems) else names)]


def _record(predictor: Predictor, path: str, target: Path | None) -> dict[str, Any]:
    record: dict[str, Any] = {"path": path}
    try:
        answer = predictor(path)
        record = answer.to_dict()
        if target:
            target.parent.mkdir(parents=True, exist_ok=True)
            annotate_video(path, target, answer.captions(), frame_fps=predictor.reading["frame_fps"])
            record["annotated"] = display_path(target)
    except BadVideo as bad:
        logger.warning("%s", bad)
        record["error"] = str(bad)  # with the answer, when only the labelled copy failed
    return record
