"""The page of ``compare``: what differs between two runs, and films of the videos that one of them alone gets right."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from videoai.core import checkpoint
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.dataset import EvalClips
from videoai.report.comparison import Comparison
from videoai.report.page.comparison_summary import Answers, comparison_summary
from videoai.report.page.film import Film
from videoai.report.page.page import Shown, repeat_part, summary_page
from videoai.report.page.summary import Gallery, Section
from videoai.run.checkpoint_data import DataChange, choose_data, read_data
from videoai.run.page import eval_films
from videoai.run.runs import differing
from videoai.run.scored_split import name_of
from videoai.run.training.folder import RunFolder
from videoai.settings.parse import flatten

logger = logging.getLogger(__name__)


class RecordedVideos(NamedTuple):
    """Videos of a run's data, and how its model sees them."""

    videos: dict[str, VideoItem]  # by the names that predictions.csv gives them
    clip: ClipSpec
    frame_fps: float | None  # the rate of those that are folders of images


def comparison_page(
    comparison: Comparison, answers: Sequence[Answers], tables: Sequence[Path], names: tuple[str, str], command: str
) -> bytes:
    """One HTML file.

    Args:
        answers: of each video that both runs answered. tables: predictions.csv of both. names: those of the runs.
        command: makes it again.
    """
    summary = comparison_summary(comparison, answers, settings_that_differ(tables), names)
    films = films_of(tables, answers, summary.galleries)
    shown = [Shown(gallery, films) for gallery in summary.galleries]
    closing = [Section("Repeat", repeat_part(command))]
    return summary_page(f"{names[0]} and {names[1]}", summary, shown, closing)


def settings_that_differ(tables: Sequence[Path]) -> dict[str, tuple[str, str]]:
    """Name -> both values; "" where a run did not record it."""
    runs = [run_of(table) for table in tables]
    one, other = differing([flatten((run and run.recorded()) or {}) for run in runs])
    return {key: (one.get(key, ""), other.get(key, "")) for key in sorted({*one, *other})}


def films_of(
    tables: Sequence[Path], answers: Sequence[Answers], galleries: Sequence[Gallery]
) -> Mapping[int, Film | str]:
    """The films of the galleries by the number of their video; a text where a video cannot be shown.

    The videos are those of the data that the first run's checkpoint names; where it has none, those of the second's.
    """
    wanted = {exhibit.index for gallery in galleries for exhibit in gallery.exhibits}
    if not wanted:
        return {}
    try:
        known = recorded_videos(tables, {answers[index].path for index in wanted})
    except (ValueError, OSError) as error:
        logger.warning("the page has no films: %s", error)
        return dict.fromkeys(wanted, str(error))
    there = [index for index in wanted if answers[index].path in known.videos]
    missing: dict[int, Film | str] = dict.fromkeys(wanted - {*there}, "not in the data of the run")
    items = [known.videos[answers[index].path] for index in there]
    position = {index: at for at, index in enumerate(there)}
    own = [
        gallery._replace(
            exhibits=[one._replace(index=position[one.index]) for one in gallery.exhibits if one.index in position]
        )
        for gallery in galleries
    ]
    films = eval_films(EvalClips(items, known.clip, reading={"decoder": "pyav", "frame_fps": known.frame_fps}), own)
    return missing | {there[at]: film for at, film in films.items()}


def recorded_videos(tables: Sequence[Path], wanted: set[str]) -> RecordedVideos:
    """Those of the wanted videos that the first run's checkpoint leads to; where there are none, the second's.

    Raises: ValueError, OSError: why neither leads to any.
    """
    why: ValueError | OSError = ValueError("no checkpoint beside the results names the videos")
    for run in filter(None, map(run_of, tables)):
        try:
            state = checkpoint.load(run.best)
            choice = choose_data(DataChange(), state, str(run.best), scores_whole=False)
            manifest = read_data(choice, str(run.best))
        except (ValueError, OSError) as error:
            why = error
            continue
        items = (item for split in manifest.splits.values() for item in split)
        named = {name: item for item in items if (name := name_of(item, manifest.root)) in wanted}
        if named:
            return RecordedVideos(named, ClipSpec(**state["clip"]), choice.frame_fps)
        why = ValueError(f"none of the videos is in the data of {run.path}: {manifest.source}")
    raise why


def run_of(table: Path) -> RunFolder | None:
    """The run that RUN/test/predictions.csv belongs to."""
    folder = table.resolve().parent.parent
    return RunFolder(folder) if (folder / "config.yaml").exists() else None
