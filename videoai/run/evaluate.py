"""``evaluate``: score a checkpoint on a split, from the checkpoint alone."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from videoai.core import process_group
from videoai.core.device import resolve_device, take_device
from videoai.core.hub import local_file
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec
from videoai.data.targets import split_targets
from videoai.inference.bundle import MANIFEST, is_bundle
from videoai.inference.load import LoadedModel, from_state
from videoai.inference.score import ViewOutputs
from videoai.models.published import is_published
from videoai.models.published.download import digest_of
from videoai.report.motion import motion_rows
from videoai.report.result_files import Evaluated, write_report
from videoai.run.ablation import (
    ablations,
    check_ablate,
    motion_sections,
    unheard_rows,
    with_ablations,
    with_unheard,
)
from videoai.run.checkpoint_data import DataChange
from videoai.run.evaluate_events import OpenCheckpoint, evaluate_events
from videoai.run.faces import cropping_as_trained
from videoai.run.fiftyone import check_fiftyone, with_fiftyone
from videoai.run.heat_films import HeatFilms, check_explain
from videoai.run.page import about, python_call, with_page
from videoai.run.reading import note_other_pixels
from videoai.run.results_folder import evaluation_folder
from videoai.run.score_clips import evaluation_precision, score, split_clips
from videoai.run.scored_split import Split, answer_settings, facts_of, name_of, open_scored, open_split
from videoai.run.training.sound import check_files
from videoai.run.video_facts import still_note
from videoai.settings.verbs import EvaluateSettings
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
        opened = OpenCheckpoint(state, task, digest, manifest)
        return Evaluation(*evaluate_events(settings, change, command, opened))
    clip = ClipSpec(**state["clip"])
    check_ablate(task, settings.ablate, clip.sound)
    if settings.explain != "off":
        check_explain(task, clip, settings.explain)
    thresholds = task.thresholds(state, settings.threshold)
    if settings.fiftyone:
        check_fiftyone(task)
    split = open_split(settings, change, state, task, manifest)
    model = from_state(state, trust=settings.trust, may_hear=True)
    check_files(split.paths, model.clip)
    if settings.explain != "off":
        HeatFilms(model, torch.empty(0), settings.explain).check()
    note_other_pixels(state["config"], settings.decoder)
    facts = facts_of(settings, split)
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
        heat = None if settings.explain == "off" else HeatFilms(model, evaluated.scores, settings.explain)
        report = with_page(report, task, evaluated, dataset, told, sections=motion_sections(ablated, note), heat=heat)
    if process_group.rank() == 0:
        write_report(folder, report)
    drawn = [name for name in report.pictures if (folder / name).exists()]
    table = [*task.table(report.results), *motion_rows(ablated), *unheard_rows(views)]
    return Evaluation(report.results, str(folder), ["results.json", *report.files, *drawn], table)


def file_digest(checkpoint_path: str) -> str | None:
    """SHA-256 of a checkpoint's file, of an export that of its manifest, which holds those of its files; None = there
    is none: published weights, or a path that leads nowhere."""
    path = Path() if is_published(checkpoint_path) else local_file(checkpoint_path)
    path = path / MANIFEST if is_bundle(path) else path
    return digest_of(path) if path.is_file() else None


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
        settings=answer_settings(settings),
    )


def note_of_stills(split: Split, settings: EvaluateSettings) -> str | None:
    """What an ablation cannot show, said once: videos of a single frame."""
    if process_group.rank() > 0 or not settings.ablate:
        return None
    note = still_note(split.items, {"frame_fps": split.frame_fps, "isolated": settings.isolated})
    if note:
        logger.warning(note)
    return note
