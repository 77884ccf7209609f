"""``report.html`` of an evaluation: the films of its videos, read once more, and what it takes to repeat it."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from videoai.core.checkpoint import versions
from videoai.core.types import ClipSpec
from videoai.data.augment.transforms import eval_crops
from videoai.data.dataset import EvalClips
from videoai.data.feature_sequences import file_of
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.media import BadVideo
from videoai.events.scores import Scores
from videoai.inference.load import node_name, num_values
from videoai.report.localization import localization_summary
from videoai.report.page.film import Film
from videoai.report.page.page import About, Shown, page
from videoai.report.page.summary import Gallery, Section, Summary
from videoai.report.result_files import Evaluated, Report
from videoai.run.heat_films import HeatFilms
from videoai.settings.parse import flatten
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)

NAME = "report.html"
FLATTERS = "The validation split also chose the checkpoint, so this score flatters; that of a test split does not."
MAX_SECONDS = 10.0  # for reading films; those that are left then are not shown


def with_page(
    report: Report,
    task: SupervisedTask,
    evaluated: Evaluated,
    dataset: EvalClips,
    about: About,
    *,
    sections: Sequence[Section] = (),
    shown: Sequence[Shown] = (),
    heat: HeatFilms | None = None,
) -> Report:
    """The report and its page. A page that cannot be made costs a warning, and not the evaluation.

    Args:
        dataset: what was scored; the few videos that the page shows are read again.
        sections: what stands before the task's own; ``shown``: films that stand behind its own.
        heat: shows the task's films once more, under what the answers depend on.
    """

    def films(summary: Summary) -> list[Shown]:
        read = eval_films(dataset, summary.galleries)
        heats = heat_galleries(summary.galleries, read, heat) if heat else []
        return [*(Shown(gallery, read) for gallery in summary.galleries), *heats, *shown]

    return _with_page(report, evaluated, about, sections, lambda: task.summary(evaluated, report.results), films)


def with_event_page(
    report: Report,
    evaluated: Evaluated,
    scores: Scores,
    items: Items,
    about: About,
    *,
    sections: Sequence[Section] = (),
) -> Report:
    """As ``with_page``, with a timeline of each video and what happens in it."""
    files = [file_of(item.path) for item in items]
    summarize = partial(localization_summary, evaluated, scores, report.results, files)
    return _with_page(report, evaluated, about, sections, summarize)


def _with_page(
    report: Report,
    evaluated: Evaluated,
    about: About,
    sections: Sequence[Section],
    summarize: Callable[[], Summary],
    films: Callable[[Summary], Sequence[Shown]] = lambda summary: (),
) -> Report:
    try:
        summary = summarize()
        notes = [*summary.notes, FLATTERS] if evaluated.split == "val" else summary.notes
        summary = replace(summary, notes=notes, sections=[*sections, *summary.sections])
        made = page(about, summary, films(summary))
    except Exception as error:  # whatever fails here, the numbers are there
        logger.warning("%s was not made (%s: %s); all other results are there", NAME, type(error).__name__, error)
        return report
    return report._replace(files={**report.files, NAME: made})


def eval_films(dataset: EvalClips, galleries: Sequence[Gallery]) -> dict[int, Film | str]:
    """The films of the galleries by the number of their video, as many as can be read in ``MAX_SECONDS``."""
    films: dict[int, Film | str] = {}
    end = time.monotonic() + MAX_SECONDS
    for index in dict.fromkeys(exhibit.index for gallery in galleries for exhibit in gallery.exhibits):
        if time.monotonic() > end:
            break
        try:
            films[index] = eval_film(dataset, index)
        except BadVideo as bad:
            films[index] = str(bad)
    return films


def heat_galleries(galleries: Sequence[Gallery], films: Mapping[int, Film | str], heat: HeatFilms) -> Iterator[Shown]:
    """The galleries under their heats."""
    heats = {index: heat(index, film) for index, film in films.items() if isinstance(film, Film)}
    for gallery in galleries:
        exhibits = [one for one in gallery.exhibits if one.index in heats]
        note = f"What the answers depend on, explain={heat.method}: the brighter, the more"
        yield Shown(Gallery(f"{gallery.title}: heat", note, exhibits), heats)


def eval_film(dataset: EvalClips, index: int) -> Film:
    """What the model saw of a video, before normalisation; of several views the middle one. Raises: BadVideo."""
    views = dataset.read(index)
    view = views[len(views) // 2]
    crops = eval_crops(view.video, dataset.clip.size, dataset.num_crops)
    return Film(crops[len(crops) // 2], view.first_seconds, view.last_seconds)


def about(
    state: Mapping[str, Any],
    manifest: Manifest,
    evaluated: Evaluated,
    results: Mapping[str, Any],
    *,
    precision: str,
    command: str,
) -> About:
    """What is said of the model, the data and the protocol. ``state``: the checkpoint."""
    filled = [split for split in SPLITS if len(manifest.splits[split])]
    counts = [(title, [row[SPLITS.index(split)] for split in filled]) for title, *row in manifest.table()]
    model, now = node_name(state), versions()
    trained = {key: value for key, value in state["versions"].items() if now.get(key, value) != value}
    return About(
        title=f"{model}, split {evaluated.split}",
        source=manifest.source,
        counts=counts,
        splits=filled,
        notes=manifest.notes,
        bad_videos=results["bad_videos"],
        facts=[
            ("model", f"{model}, {num_values(state) / 1e6:.2f} M values, step {state['step']}"),
            ("checkpoint", evaluated.checkpoint),
            ("clip", clip_words(ClipSpec(**state["clip"]))),
            ("views of a video", evaluated.views),
            ("precision", precision),
            ("fingerprint of the data", evaluated.fingerprint),
        ],
        settings=flatten(state["config"]),
        versions={**now, **{f"{key}, when trained": value for key, value in trained.items()}},
        command=command,
    )


def clip_words(clip: ClipSpec) -> str:
    """``16 frames, stride 2, 112 px of short side 128``"""
    rate = f" at {clip.fps:g} fps" if clip.fps else ""
    spacing = "one from each equal part" if clip.sampling == "uniform" else f"stride {clip.stride}{rate}"
    sound = ", with its sound" if clip.sound else ""
    return f"{clip.num_frames} frames, {spacing}; {clip.size} px, cut from a short side of {clip.short_side}{sound}"


def python_call(verb: str, first: str, settings: Any, leave_out: Sequence[str] = ()) -> str:
    """The call from Python with the settings that differ from their defaults."""
    changed = {
        f.name: value
        for f in fields(settings)
        if f.name not in leave_out and (value := getattr(settings, f.name)) != f.default
    }
    words = ", ".join([repr(first), *(f"{key}={value!r}" for key, value in changed.items())])
    return f"import videoai\nvideoai.{verb}({words})"
