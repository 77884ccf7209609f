"""``study label_noise``: which labels of the training split are probably wrong."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.checkpoint import versions
from videoai.core.files import write_together
from videoai.core.messages import command_line, pluralize, same_command
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.lists.folds import check_groups, fold_numbers
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.lists.splits import unit_of
from videoai.report.label_noise import Noise, Suspect, find_suspects, fit_noise, headline, probable, verdict
from videoai.report.page.html import Html, name, tag
from videoai.report.page.page import About, Shown, page
from videoai.report.page.summary import Exhibit, Gallery, Summary, path_line
from videoai.report.result_files import csv_for_people
from videoai.run.manifests import build_manifest
from videoai.run.outside_clips import check_outside_clips
from videoai.run.page import eval_films
from videoai.run.scored_split import name_of
from videoai.run.study.held_out import classifier_of, key_of, read_probabilities
from videoai.run.training.folder import RunFolder
from videoai.settings.parse import parse
from videoai.settings.study import LabelNoiseSettings
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)
COLUMNS = ("path", "label", "suggested", "label_probability", "suggested_probability", "margin", "label_wrong")
MAX_FILMS = 24
SHOWN = ClipSpec(num_frames=16, size=112, sampling="uniform")  # films of the page


class Judged(NamedTuple):
    """Clips, and what classifiers that had not seen them say."""

    manifest: Manifest
    items: Items  # N
    probabilities: ndarray  # float64 [N, K], NaN rows could not be read
    frame_fps: float | None = None  # the rate of those that are folders of images


def study_label_noise(settings: LabelNoiseSettings, training: TrainSettings) -> dict[str, Any]:
    """Judge every clip, write ``suspects.csv``, ``results.json`` and ``report.html``.

    Returns: the content of results.json, ``suspects`` (rows of the probable ones), ``folder`` and ``files``.
    Raises: OSError, ValueError: naming what is wrong.
    """
    check_outside_clips(training.data, settings.run_dir)
    folder = RunFolder(Path(settings.run_dir).absolute())
    with folder.locked():
        judged = of_folds(settings) if settings.runs else of_training_split(settings, training, folder.path)
        noise = fit_noise(judged.probabilities, judged.items.label)
        found = find_suspects(judged.probabilities, judged.items.label, noise)
        said = verdict(judged.probabilities, judged.items.label, found, noise)
        results = {"verdict": said, "noise": noise._asdict(), "clips": len(judged.items), "confident": len(found),
                   "probable": len(probable(found)), "fingerprint": judged.manifest.fingerprint()}  # fmt: skip
        rows = [row_of(one, judged) for one in found]
        files = {
            "suspects.csv": csv_for_people(COLUMNS, [list(row.values()) for row in rows]),
            "report.html": suspects_page(judged, found, noise, said, settings),
            "results.json": (json.dumps(results, indent=2, ensure_ascii=False) + "\n").encode(),
        }
        write_together({folder.path / file: data for file, data in files.items()})
    return results | {
        "suspects": [row_of(one, judged) for one in probable(found)],
        "folder": str(folder.path),
        "files": list(files),
    }


def of_training_split(settings: LabelNoiseSettings, training: TrainSettings, folder: Path) -> Judged:
    """Each fold of the training split, answered by a classifier of the others. Raises: ValueError: too few groups."""
    manifest = build_manifest(training.data, trust=settings.trust)
    manifest.check_single_label("the study needs one label each")
    manifest.check_learnable()
    items = manifest.splits["train"]
    check_groups(items, manifest.classes, settings.folds, "folds", "training")
    classifier = classifier_of(settings, training, manifest, items)
    number = fold_numbers(items, settings.folds, settings.seed)
    how = "linear heads" if settings.checkpoint else f"{pluralize(settings.steps, 'step')} each"
    logger.info("%s, by %s: %s", pluralize(settings.folds, "classifier"), unit_of(items), how)
    probabilities = np.full((len(items), len(manifest.classes)), np.nan)
    for fold in range(settings.folds):
        home = folder / f"fold{fold}"
        probabilities[number == fold] = classifier(items[number != fold], items[number == fold], settings.seed, home)
        logger.info("fold %d of %d is judged", fold + 1, settings.folds)
    return Judged(manifest, items, probabilities, training.loading.frame_fps)


def of_folds(settings: LabelNoiseSettings) -> Judged:
    """The test clips of every fold of a cross-validation, as its networks answered.

    Raises: FileNotFoundError, ValueError: it is none, is not finished, or its videos are other ones now.
    """
    root = Path(str(settings.runs))
    folds = [path for path in root.glob("fold*") if path.is_dir() and re.fullmatch(r"fold\d+", path.name)]
    folds.sort(key=lambda path: int(path.name[4:]))
    again = command_line("train", "data.folds=5", f"run_dir={display_path(root)}", "data=...")
    if not folds or not all((fold / "test" / "predictions.csv").is_file() for fold in folds):
        raise FileNotFoundError(
            f"runs={settings.runs}: no finished cross-validation (foldN/test/predictions.csv). Make one: {again}"
        )
    parts = [_of_fold(fold, settings) for fold in folds]
    items = Items.join([part.items for part in parts])
    return parts[0]._replace(items=items, probabilities=np.concatenate([part.probabilities for part in parts]))


def _of_fold(fold: Path, settings: LabelNoiseSettings) -> Judged:
    training = parse(TrainSettings, RunFolder(fold).recorded() or {})
    manifest = build_manifest(training.data, trust=settings.trust)
    manifest.check_single_label("the study needs one label each")
    found, items = read_probabilities(fold / "test", manifest, "test"), manifest.splits["test"]
    if len(found) < len(items):
        raise ValueError(f"{fold}: {len(items) - len(found)} of its test clips have no prediction: the videos changed.")
    return Judged(manifest, items, np.array([found[key_of(item)] for item in items]), training.loading.frame_fps)


def row_of(one: Suspect, judged: Judged) -> dict[str, Any]:
    """A row of suspects.csv."""
    classes, path = judged.manifest.classes, name_of(judged.items[one.index], judged.manifest.root)
    numbers = (one.given_probability, one.suggested_probability, one.margin, one.is_wrong)
    values = (path, classes[one.given], classes[one.suggested], *(f"{number:.4f}" for number in numbers))
    return dict(zip(COLUMNS, values, strict=True))


def suspects_page(
    judged: Judged, found: Sequence[Suspect], noise: Noise, said: str, settings: LabelNoiseSettings
) -> bytes:
    """``report.html``: films of the suspects, the largest margin first."""
    chosen = (probable(found) or list(found))[:MAX_FILMS]
    title = "Labels that are probably wrong" if probable(found) else "Confident contradictions"
    gallery = Gallery(title, f"{len(chosen)} of {len(found)}, by how much more probable the suggested class is",
                      list(_exhibits(chosen, judged)))  # fmt: skip
    films = eval_films(EvalClips(judged.items, SHOWN, reading={"frame_fps": judged.frame_fps}), [gallery])
    wrong = f"{100 * noise.low:.0f} to {100 * noise.high:.0f} %"
    tiles = [("clips judged", str(len(judged.items))), ("confident contradictions", str(len(found))),
             ("labels wrong, 90 % interval", wrong), ("probably wrong", str(len(probable(found))))]  # fmt: skip
    summary = Summary(
        headline=headline(found, noise, len(judged.items)), notes=[said], tiles=tiles, galleries=[gallery]
    )
    return page(_about(judged, settings), summary, [Shown(gallery, films)])


def _exhibits(chosen: Sequence[Suspect], judged: Judged) -> Iterator[Exhibit]:
    for one in chosen:
        classes = judged.manifest.classes
        answer = tag("span", name(classes[one.suggested]), class_="wrong")
        title = Html(answer + tag("b", f"{100 * one.suggested_probability:.0f} %"))
        label = tag("span", "labelled ", tag("b", name(classes[one.given])), f", {100 * one.given_probability:.1f} %")
        yield Exhibit(one.index, title, [label, path_line(name_of(judged.items[one.index], judged.manifest.root))])


def _about(judged: Judged, settings: LabelNoiseSettings) -> About:
    manifest = judged.manifest
    filled = [split for split in SPLITS if len(manifest.splits[split])]
    source = settings.runs or settings.checkpoint or "networks trained here"
    return About(
        title="label noise",
        source=manifest.source,
        counts=[(title, [row[SPLITS.index(split)] for split in filled]) for title, *row in manifest.table()],
        splits=filled,
        notes=manifest.notes,
        bad_videos=[],
        facts=[("answers of", str(source)), ("fingerprint of the data", manifest.fingerprint())],
        settings={key: value for key, value in vars(settings).items() if value is not None},
        versions=versions(),
        command=same_command() or command_line("study label_noise", f"run_dir={display_path(settings.run_dir)}"),
    )
