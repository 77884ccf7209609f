"""``evaluate``: score a checkpoint on a split, from the checkpoint alone."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from videoai.core import process_group
from videoai.core.device import resolve_device, take_device
from videoai.core.hub import local_file
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.dataset import EvalClips
from videoai.data.faces.crop import FaceCropping
from videoai.data.feature_sequences import file_of
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import eval_batches, resolve_workers
from videoai.data.normalize import ToModelInput
from videoai.data.targets import FrameLabels, Target, split_targets
from videoai.engine.precision import Precision
from videoai.inference.ablate import ablated_batches
from videoai.inference.bundle import MANIFEST, is_bundle
from videoai.inference.class_texts import texts_of_names
from videoai.inference.load import LoadedModel, from_state, open_checkpoint
from videoai.inference.score import ViewOutputs, view_outputs
from videoai.inference.text_models import reads_texts
from videoai.models.published import is_published
from videoai.models.published.download import digest_of
from videoai.report.localization import localization_report, localization_summary, localization_table
from videoai.report.motion import motion_rows
from videoai.report.page.page import page
from videoai.report.result_files import Evaluated, write_report
from videoai.run.ablation import (
    ablations,
    check_ablate,
    motion_sections,
    unheard_rows,
    with_ablations,
    with_unheard,
)
from videoai.run.checkpoint_data import DataChange, check_data_unchanged, choose_data, read_data
from videoai.run.faces import cropping_as_trained, note_whole_pictures
from videoai.run.fiftyone import check_fiftyone, with_fiftyone
from videoai.run.localize import evaluated_videos, find_events, open_videos
from videoai.run.page import NAME, about, python_call, with_page
from videoai.run.reading import note_other_pixels, resolve_reading
from videoai.run.recorded_features import check_features
from videoai.run.results_folder import evaluation_folder
from videoai.run.video_facts import still_note
from videoai.settings.loading import LoadingSettings
from videoai.settings.verbs import Ablation, EvaluateSettings
from videoai.tasks.answering import answering_task
from videoai.tasks.localize.task import Localize
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation gave."""

    results: dict[str, Any]  # the content of results.json
    folder: str
    files: list[str]  # names of what was written there
    table: list[tuple[str, str]]  # name and value, for a person


def evaluate(
    settings: EvaluateSettings,
    change: DataChange = DataChange(),  # noqa: B008 (frozen)
    *,
    command: str | None = None,
) -> Evaluation:
    """Rebuild model, task and preprocessing from ``checkpoint``, score every video of ``split``, write the files.

    ``change``: other data than the checkpoint's, or what is changed of its own. ``command``: what was typed, for the
    report; None = a call from Python. Several processes share the videos; the first writes the files.

    Raises: OSError, ValueError: naming what is wrong.
    """
    with process_group.process_group(resolve_device(settings.device).type):
        return _evaluate(settings, change, command)


def _evaluate(settings: EvaluateSettings, change: DataChange, command: str | None) -> Evaluation:
    digest = file_digest(settings.checkpoint)  # first: a run that goes on may replace the file while it is read
    state, manifest = open_scored(settings, change)
    task = answering_task(state, settings.checkpoint, trust=settings.trust)
    if isinstance(task, Localize) or settings.events:
        return _evaluate_events(settings, change, command, state, task, digest, manifest)
    check_ablate(task, settings.ablate, ClipSpec(**state["clip"]).sound)
    thresholds = task.thresholds(state, settings.threshold)
    if settings.fiftyone:
        check_fiftyone(task)
    split = open_split(settings, change, state, task, manifest)
    model = from_state(state, trust=settings.trust, may_hear=True)
    note_other_pixels(state["config"], settings.decoder)
    facts = {"split": split.name, "views": settings.views, "fingerprint": split.fingerprint}
    folder = evaluation_folder(settings.run_dir, checkpoint=settings.checkpoint, data=split.other_data, facts=facts)
    device = take_device(settings.device)
    faces = cropping_as_trained(state, split.paths, faces=settings.faces, model=settings.faces_model)
    dataset, precision = (
        split_clips(model, split, settings, device, faces),
        evaluation_precision(settings.precision, device),
    )
    views = score(model, dataset, settings, precision)
    evaluated = replace(
        evaluated_split(task, model, split, settings, views),
        checkpoint_sha256=digest,
        thresholds=thresholds,
        by_class=chosen_by_class(state),
    )
    note = note_of_stills(split, settings)
    ablated = ablations(task, evaluated, settings.ablate, partial(score, model, dataset, settings, precision))
    report = with_unheard(with_ablations(task.report(evaluated, views), ablated), views)
    if process_group.rank() == 0 and settings.fiftyone:
        report = with_fiftyone(report, evaluated, split.items)
    if process_group.rank() == 0 and settings.report:
        typed = command or python_call("evaluate", settings.checkpoint, settings, leave_out=["checkpoint"])
        told = about(state, split.manifest, evaluated, report.results, precision=str(precision), command=typed)
        report = with_page(report, task, evaluated, dataset, told, sections=motion_sections(ablated, note))
    if process_group.rank() == 0:
        write_report(folder, report)
    drawn = [name for name in report.pictures if (folder / name).exists()]
    table = [*task.table(report.results), *motion_rows(ablated), *unheard_rows(views)]
    return Evaluation(report.results, str(folder), ["results.json", *report.files, *drawn], table)


def _evaluate_events(
    settings: EvaluateSettings,
    change: DataChange,
    command: str | None,
    state: dict[str, Any],
    task: SupervisedTask | Localize,
    digest: str | None,
    manifest: Manifest | None,
) -> Evaluation:
    """As ``_evaluate``, of untrimmed videos and what happens in them."""
    check_unused(settings)
    if isinstance(task, Localize):
        task.check_windows(settings.checkpoint, window_seconds=settings.window_seconds)
    task = task.with_threshold(settings.threshold, state) if isinstance(task, Localize) else task
    split = open_split(settings, change, state, task, manifest, None if isinstance(task, Localize) else Localize())
    assert isinstance(split.target, FrameLabels)
    model, device = from_state(state, trust=settings.trust), take_device(settings.device)
    note_other_pixels(state["config"], settings.decoder)
    facts = {"split": split.name, "views": settings.views, "fingerprint": split.fingerprint}
    folder = evaluation_folder(settings.run_dir, checkpoint=settings.checkpoint, data=split.other_data, facts=facts)
    precision = evaluation_precision(settings.precision, device)
    note_whole_pictures(state, split.paths)
    videos = open_videos(split.items, split.target, {"frame_fps": split.frame_fps, "isolated": settings.isolated})
    scores, errors = find_events(model, task, videos, replace(settings, frame_fps=split.frame_fps), precision)
    about_them = {
        "paths": [name_of(item, split.manifest.root) for item in split.items],
        "names": model.classes,
        "views": settings.views,
        "split": split.name,
        "checkpoint": display_path(settings.checkpoint),
        "fingerprint": split.fingerprint,
        "checkpoint_sha256": digest,
    }
    evaluated = evaluated_videos(scores, errors, about_them)
    report = localization_report(evaluated, scores)
    if process_group.rank() == 0:
        if settings.report:
            typed = command or python_call("evaluate", settings.checkpoint, settings, leave_out=["checkpoint"])
            told = about(state, split.manifest, evaluated, report.results, precision=str(precision), command=typed)
            summary = localization_summary(
                evaluated, scores, report.results, [file_of(item.path) for item in split.items]
            )
            report = report._replace(files={**report.files, NAME: page(told, summary, [])})
        write_report(folder, report)
    table = localization_table(report.results)
    return Evaluation(report.results, str(folder), ["results.json", *report.files], table)


def check_unused(settings: EvaluateSettings) -> None:
    """Raises: ValueError: settings of clips that say nothing about events."""
    for key, off in (("views", "1x1"), ("ablate", ()), ("fiftyone", False)):
        if (value := getattr(settings, key)) != off:
            raise ValueError(f"{key}={value}: not for events on a timeline, which are found by windows that overlap.")


def file_digest(checkpoint_path: str) -> str | None:
    """SHA-256 of a checkpoint's file, of an export that of its manifest, which holds those of its files; None = there
    is none: published weights, or a path that leads nowhere."""
    path = Path() if is_published(checkpoint_path) else local_file(checkpoint_path)
    path = path / MANIFEST if is_bundle(path) else path
    return digest_of(path) if path.is_file() else None


class Split(NamedTuple):
    """The videos that are scored."""

    name: str
    items: Items
    target: Target
    frame_fps: float | None  # the rate of those that are folders of images
    manifest: Manifest  # which they were chosen from
    fingerprint: str
    other_data: str | None  # the name of other data than the checkpoint's own

    @property
    def paths(self) -> list[str]:
        """The files, each once."""
        return list(dict.fromkeys(item.path for item in self.items))


def open_scored(settings: EvaluateSettings, change: DataChange) -> tuple[dict[str, Any], Manifest | None]:
    """The checkpoint. Of one that compares videos with texts the classes are those of the data, which are read then.

    Raises: OSError, ValueError.
    """
    source, texts = settings.checkpoint, {"classes": settings.classes, "templates": settings.templates}
    if not reads_texts(source) or settings.classes:
        return open_checkpoint(source, **texts), None
    parse_views(settings.views)
    manifest = read_data(choose_data(change, {"config": {"data": {}}}, source), source)
    return open_checkpoint(source, **{**texts, "classes": texts_of_names(manifest.classes)}), manifest


def open_split(
    settings: EvaluateSettings,
    change: DataChange,
    state: Mapping[str, Any],
    task: SupervisedTask | Localize,
    manifest: Manifest | None = None,
    finder: Localize | None = None,
) -> Split:
    """The videos of ``split``, of the checkpoint's own data or of others that it can score. ``manifest``: the data, if
    they are read already.

    finder: what finds events where the checkpoint's task names clips.

    Raises: OSError, ValueError: nothing there, labels that the checkpoint does not know, a list that changed.
    """
    checkpoint_path = settings.checkpoint
    parse_views(settings.views)  # raise early
    choice = choose_data(change, state, checkpoint_path)
    check_features(choice.data, state, checkpoint_path)
    if finder and change.named:  # segments of the videos whose clips were trained on are another list
        choice = replace(choice, is_own=False)
    asked = finder if finder and not choice.is_own else task
    choice = replace(choice, data=asked.prefer_data(choice.data))
    manifest = task.arrange(manifest or read_data(choice, checkpoint_path))
    if choice.is_own:
        check_data_unchanged(manifest, state, checkpoint_path)
    if finder:
        manifest = finder.arrange(manifest)
    target = (finder or task).target(manifest, state["classes"], checkpoint_path)
    name, items = choose_split(manifest, settings.split)
    logger.info("data %s: %s of split %s", display_path(manifest.source), pluralize(len(items), "video"), name)
    frame_fps = settings.frame_fps or choice.frame_fps
    other = None if choice.is_own else choice.data.title or "data"
    return Split(name, items, target, frame_fps, manifest, manifest.fingerprint(), other)


def chosen_by_class(state: Mapping[str, Any]) -> bool:
    """Whether the checkpoint was chosen by mean class accuracy, UAR."""
    return (state["config"].get("trainer") or {}).get("metric") == "mean_class_accuracy"


def evaluated_split(
    task: SupervisedTask, model: LoadedModel, split: Split, settings: EvaluateSettings, views: ViewOutputs
) -> Evaluated:
    """What was scored, and the scores."""
    return Evaluated(
        scores=task.scores(views),
        targets=task.truth(split_targets(split.items, split.target)),
        paths=[name_of(item, split.manifest.root) for item in split.items],
        errors=views.errors,
        names=model.classes,
        views=settings.views,
        split=split.name,
        checkpoint=display_path(settings.checkpoint),
        fingerprint=split.fingerprint,
    )


def note_of_stills(split: Split, settings: EvaluateSettings) -> str | None:
    """What an ablation cannot show, said once: videos of a single frame."""
    if process_group.rank() > 0 or not settings.ablate:
        return None
    note = still_note(split.items, {"frame_fps": split.frame_fps, "isolated": settings.isolated})
    if note:
        logger.warning(note)
    return note


def split_clips(
    model: LoadedModel, split: Split, settings: EvaluateSettings, device: torch.device, faces: FaceCropping | None
) -> EvalClips:
    """Every view of every video, as the settings say."""
    num_clips, num_crops = parse_views(settings.views)
    reading = resolve_reading(loading_of(settings, split.frame_fps), split.items, model.clip, device)
    views = {"num_clips": num_clips, "num_crops": num_crops}
    return EvalClips(split.items, model.clip, **views, target=split.target, reading={**reading, "faces": faces})


def score(
    model: LoadedModel,
    dataset: EvalClips,
    settings: EvaluateSettings,
    precision: Precision,
    ablation: Ablation | None = None,
) -> ViewOutputs:
    """Every view of every item, through the model as the config says."""
    device, num_views = precision.device, dataset.num_clips * dataset.num_crops
    batches = eval_batches(
        dataset,
        videos_per_batch=max(1, settings.batch_size // num_views),
        num_workers=resolve_workers(settings.num_workers, device.type, dataset.reading["decoder"]),
        pin=device.type == "cuda",
        shared=True,
    )
    return view_outputs(
        precision.place(model),
        ablated_batches(batches, ablation) if ablation else batches,
        to_input=ToModelInput(model.clip).to(device),
        precision=precision,
        num_videos=len(dataset),
        num_views=num_views,
        max_views=settings.batch_size,
    )


def loading_of(settings: EvaluateSettings, frame_fps: float | None) -> LoadingSettings:
    """How the videos are read."""
    return LoadingSettings(decoder=settings.decoder, isolated=settings.isolated, frame_fps=frame_fps)


def parse_views(views: str) -> tuple[int, int]:
    """``"4x3"`` -> 4 clips along the video, 3 crops each. Raises: ValueError."""
    clips, _, crops = str(views).lower().partition("x")
    if not (clips.isdigit() and crops.isdigit() and int(clips) > 0 and crops in ("1", "3")):
        raise ValueError(f"views={views}: give CLIPSxCROPS such as 1x1, 4x3 or 10x3; crops are 1 or 3.")
    return int(clips), int(crops)


def choose_split(manifest: Manifest, split: str) -> tuple[str, Items]:
    """``auto`` = test, else val (and say so), else everything; ``all`` = everything. Raises: ValueError: an empty
    split."""
    filled = {name: items for name, items in manifest.splits.items() if items}
    if split == "auto":
        split = "test" if "test" in filled else "val" if "val" in filled else "all"
        if split == "val":
            logger.warning(
                "no test split: evaluating on val, which also chose the best checkpoint, so the score flatters"
            )
    if split == "all":
        return split, Items.join(list(filled.values()))
    if split not in filled:
        raise ValueError(f"split={split}: no videos in it. {manifest.source} has {', '.join(filled)}; or split=all.")
    return split, filled[split]


def name_of(item: VideoItem, root: str) -> str:
    """The path below the data's folder; a stretch of it as a media fragment (W3C): ``a.mp4#t=1.5,4``."""
    path = os.path.relpath(item.path, root) if root else item.path
    if not item.start_seconds and item.end_seconds is None:
        return path
    return f"{path}#t={item.start_seconds:g}" + ("" if item.end_seconds is None else f",{item.end_seconds:g}")


def evaluation_precision(name: str, device: torch.device) -> Precision:
    """fp32 unless asked: the same numbers everywhere matter more here than speed."""
    return Precision("fp32" if name == "auto" else name, device=device)
