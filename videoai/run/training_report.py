"""The end of a training run: its best checkpoint on the validation split, and a page to look at."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from videoai.core import checkpoint, process_group
from videoai.core.build import ANYTHING
from videoai.core.label_text import label_text
from videoai.core.paths import display_path
from videoai.data.loader import train_batches
from videoai.engine.compile import not_compiled
from videoai.engine.trainer import Trainer
from videoai.inference.load import from_state
from videoai.inference.score import ViewOutputs
from videoai.report.localization import localization_report
from videoai.report.page.film import Film
from videoai.report.page.html import name, tag
from videoai.report.page.page import About, Shown
from videoai.report.page.summary import Exhibit, Gallery, path_line
from videoai.report.result_files import Evaluated, Report, write_report
from videoai.report.run_curves import RunCurves
from videoai.report.run_pictures import curves_figure, labels_figure, png, side_by_side
from videoai.run.localize import evaluated_videos
from videoai.run.page import NAME, about, with_event_page, with_page
from videoai.run.scored_split import name_of
from videoai.run.training.fit import Verdict
from videoai.run.training.folder import RunFolder
from videoai.run.training.stream import TrainStream
from videoai.tasks import build_task
from videoai.tasks.localize.task import Localize
from videoai.tasks.localize.validation import LocalizeValidation
from videoai.tasks.supervised import SupervisedLearner, SupervisedTask
from videoai.tasks.validation import SupervisedValidation

logger = logging.getLogger(__name__)

NUM_CLIPS = 8  # training clips that are shown
MAX_READ = 32  # training clips that are read for it


def training_report(folder: RunFolder, trainer: Trainer, command: str | None, fit: Verdict | None = None) -> str | None:
    """Evaluate the best checkpoint, else the last, and write ``RUN/report/``. What fails here costs a warning and not
    the run, which is saved. ``fit``: the verdict on the curves.

    Returns: the page; None where there is none, and in all processes but the first.
    """
    try:
        files = _write(folder, trainer, command, fit)
    except Exception as error:  # whatever it is, the run is done
        logger.warning("no report of the run (%s: %s); the run is saved", type(error).__name__, error)
        return None
    return str(folder.path / "report" / NAME) if NAME in files else None


def _write(folder: RunFolder, trainer: Trainer, command: str | None, fit: Verdict | None) -> Sequence[str]:
    validation, task = trainer.evaluate, build_task(trainer.facts["config"]["task"])
    if isinstance(validation, LocalizeValidation):
        return _write_events(folder, trainer, validation, command)
    assert isinstance(validation, SupervisedValidation), "the task validates in a way of its own"
    assert isinstance(task, SupervisedTask)
    path = folder.best if folder.best.exists() else folder.last
    state = checkpoint.load(path)
    with not_compiled():
        views = validation.views(validation.precision.place(from_state(state, trust=ANYTHING, may_hear=True)))
    if process_group.rank() > 0:
        return []
    evaluated = evaluated_validation(validation, task, views, state, path)
    report = task.report(evaluated, views)
    report = report._replace(results={**report.results, "fit": fit._asdict()}) if fit else report
    title = task.metrics[trainer.metric].title
    curves = RunCurves(folder.path / "metrics.jsonl", trainer.metric, title, state["step"])
    how = {"precision": str(validation.precision), "command": command or python_command(folder.path)}
    told = about(state, validation.manifest, evaluated, report.results, **how)
    films = training_films(trainer, evaluated)
    sections = [curves.section(fit.text if fit else "")]
    report = with_page(report, task, evaluated, validation.dataset, told, sections=sections, shown=films)
    report = with_pictures(report, curves, told)
    write_report(folder.path / "report", report)
    return [*report.files]


def _write_events(
    folder: RunFolder, trainer: Trainer, validation: LocalizeValidation, command: str | None
) -> Sequence[str]:
    """As ``_write``, of events on a timeline."""
    path = folder.best if folder.best.exists() else folder.last
    state = checkpoint.load(path)
    with not_compiled():
        scores, errors = validation.scores(from_state(state, trust=ANYTHING))
    task = build_task(trainer.facts["config"]["task"])
    if isinstance(task, Localize):
        scores = replace(scores, settings=task.with_threshold("auto", state).events)
    if process_group.rank() > 0:
        return []
    about_them = {
        "paths": [name_of(item, validation.manifest.root) for item in validation.items],
        "names": list(validation.outputs),
        "views": "1x1",
        "split": "val",
        "checkpoint": display_path(path),
        "fingerprint": state["versions"]["data"],
    }
    evaluated = evaluated_videos(scores, errors, about_them)
    report = localization_report(evaluated, scores)
    curves = RunCurves(folder.path / "metrics.jsonl", trainer.metric, "mAP", state["step"])
    how = {"precision": str(validation.precision), "command": command or python_command(folder.path)}
    told = about(state, validation.manifest, evaluated, report.results, **how)
    report = with_event_page(report, evaluated, scores, validation.items, told, sections=[curves.section("")])
    write_report(folder.path / "report", report)
    return [*report.files]


def evaluated_validation(
    validation: SupervisedValidation, task: SupervisedTask, views: ViewOutputs, state: Mapping[str, Any], path: Path
) -> Evaluated:
    """The validation split and its scores, under the checkpoint at ``path``."""
    return Evaluated(
        scores=task.scores(views),
        targets=validation.targets,
        paths=[name_of(item, validation.manifest.root) for item in validation.items],
        errors=views.errors,
        names=list(validation.outputs),
        views="1x1",
        split="val",
        checkpoint=display_path(path),
        fingerprint=state["versions"]["data"],
        thresholds=task.thresholds(state, "auto"),
        by_class=validation.metric == "mean_class_accuracy",
    )


def with_pictures(report: Report, curves: RunCurves, told: About) -> Report:
    """The report with ``results.png``, curves beside the task's own pictures, and ``labels.png``."""
    own = {name: cache(draw) for name, draw in report.pictures.items()}

    def results() -> bytes:
        drawn = png(curves_figure(curves.charts(), best_step=curves.best_step))
        return side_by_side([drawn, *(draw() for draw in own.values())])

    def labels() -> bytes:
        return png(labels_figure(told.counts, told.splits))

    return report._replace(pictures={**own, "results.png": results, "labels.png": labels})


def training_films(trainer: Trainer, evaluated: Evaluated) -> list[Shown]:
    """The first clips of the run as the model got them, augmented and mixed; none where they cannot be made again."""
    stream, learner = trainer.batches, trainer.learner
    if not isinstance(stream, TrainStream) or not isinstance(learner, SupervisedLearner):
        return []
    repeats = stream.dataset.repeats
    size = max(repeats, min(stream.settings["batch_size"], MAX_READ) // repeats * repeats)
    settings = {**stream.settings, "batch_size": size, "num_workers": 0, "pin": False}
    with torch.no_grad():
        batch = learner.to_input(next(train_batches(stream.dataset, **settings)))
        for op in () if stream.share else learner.ops:  # those of generated clips expect their places in the batch
            batch = op(batch, 0)
        videos = learner.to_input.pixels(batch.video[:NUM_CLIPS]).cpu()
    items = stream.dataset.items
    exhibits = [
        Exhibit(
            number,
            tag("span", name(label_text(label, evaluated.names))),
            [path_line(Path(items[int(index)].path).name)],
        )
        for number, (label, index) in enumerate(zip(batch.label[:NUM_CLIPS].cpu(), batch.index, strict=False))
    ]
    note = f"The first {len(exhibits)} clips of the run as the model got them, after augmentation and mixing"
    films: dict[int, Film | str] = {number: Film(video) for number, video in enumerate(videos)}
    return [Shown(Gallery("Training clips", note, exhibits), films)]


def python_command(folder: Path) -> str:
    """The call from Python that repeats the run in another folder."""
    config, other = display_path(folder / "config.yaml"), display_path(folder) + "-again"
    return f"import videoai, yaml\nvideoai.train(yaml.safe_load(open({config!r})), run_dir={other!r})"
