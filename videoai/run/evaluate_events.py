"""``evaluate`` where events are found in untrimmed videos."""

from dataclasses import replace
from typing import Any, NamedTuple

from videoai.core import process_group
from videoai.core.device import take_device
from videoai.core.paths import display_path
from videoai.data.lists.manifest import Manifest
from videoai.data.targets import FrameLabels
from videoai.inference.load import LoadedModel, from_state
from videoai.report.localization import localization_report, localization_table
from videoai.report.result_files import write_report
from videoai.run.checkpoint_data import DataChange
from videoai.run.faces import note_whole_pictures
from videoai.run.localize import evaluated_videos, find_events, open_videos
from videoai.run.page import about, python_call, with_event_page
from videoai.run.reading import note_other_pixels
from videoai.run.results_folder import evaluation_folder
from videoai.run.score_clips import evaluation_precision
from videoai.run.scored_split import Split, answer_settings, facts_of, name_of, open_split
from videoai.settings.verbs import EvaluateSettings
from videoai.tasks.localize.task import Localize
from videoai.tasks.supervised import SupervisedTask


class OpenCheckpoint(NamedTuple):
    """A checkpoint that was read, and what came with it."""

    state: dict[str, Any]
    task: SupervisedTask | Localize
    sha256: str | None
    manifest: Manifest | None  # the data, if they are read already


def evaluate_events(
    settings: EvaluateSettings, change: DataChange, command: str | None, opened: OpenCheckpoint
) -> tuple[dict[str, Any], str, list[str], list[tuple[str, str]]]:
    """Returns: the content of results.json, the folder, the names of its files, and a table for a person.

    Raises: OSError, ValueError: naming what is wrong.
    """
    check_unused(settings)
    state, task = opened.state, opened.task
    if isinstance(task, Localize):
        task.check_windows(settings.checkpoint, window_seconds=settings.window_seconds)
        task = task.with_threshold(settings.threshold, state)
    split = open_split(
        settings, change, state, task, opened.manifest, None if isinstance(task, Localize) else Localize()
    )
    assert isinstance(split.target, FrameLabels)
    model, device = from_state(state, trust=settings.trust), take_device(settings.device)
    note_other_pixels(state["config"], settings.decoder)
    facts = facts_of(settings, split)
    folder = evaluation_folder(settings.run_dir, checkpoint=settings.checkpoint, data=split.other_data, facts=facts)
    precision = evaluation_precision(settings.precision, device)
    note_whole_pictures(state, split.paths)
    videos = open_videos(split.items, split.target, {"frame_fps": split.frame_fps, "isolated": settings.isolated})
    scores, errors = find_events(model, task, videos, replace(settings, frame_fps=split.frame_fps), precision)
    evaluated = evaluated_videos(scores, errors, described(settings, split, model, opened.sha256))
    report = localization_report(evaluated, scores)
    if process_group.rank() == 0 and settings.report:
        typed = command or python_call("evaluate", settings.checkpoint, settings, leave_out=["checkpoint"])
        told = about(state, split.manifest, evaluated, report.results, precision=str(precision), command=typed)
        report = with_event_page(report, evaluated, scores, split.items, told)
    if process_group.rank() == 0:
        write_report(folder, report)
    return report.results, str(folder), ["results.json", *report.files], localization_table(report.results)


def described(settings: EvaluateSettings, split: Split, model: LoadedModel, sha256: str | None) -> dict[str, Any]:
    """What the results are of, as ``Evaluated`` has it."""
    return {
        "paths": [name_of(item, split.manifest.root) for item in split.items],
        "names": model.classes,
        "views": settings.views,
        "split": split.name,
        "checkpoint": display_path(settings.checkpoint),
        "fingerprint": split.fingerprint,
        "settings": answer_settings(settings),
        "checkpoint_sha256": sha256,
    }


def check_unused(settings: EvaluateSettings) -> None:
    """Raises: ValueError: settings of clips that say nothing about events."""
    for key, off in (("views", "1x1"), ("ablate", ()), ("explain", "off"), ("fiftyone", False)):
        if (value := getattr(settings, key)) != off:
            raise ValueError(f"{key}={value}: not for events on a timeline, which are found by windows that overlap.")
