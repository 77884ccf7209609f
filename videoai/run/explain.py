"""``explain``: which pixels and moments an answer depends on, as a page, a video, a picture and numbers."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from videoai.core.files import write_together
from videoai.core.launcher import launched_processes
from videoai.core.paths import display_path
from videoai.core.sheet import Cell, Row, png, sheet
from videoai.data.encode import write_clip
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.media import BadVideo
from videoai.inference.annotate import even
from videoai.inference.explain import Explained, Explainer, suited_method
from videoai.inference.predict import find_videos
from videoai.report.explanation import explanation_page
from videoai.report.heat import overlay
from videoai.run.predict import labelled_paths, predictor_of_pixels, without_copies
from videoai.run.results_folder import explanation_folder
from videoai.settings.explain import ExplainSettings
from videoai.settings.parse import parse
from videoai.settings.verbs import PredictSettings

logger = logging.getLogger(__name__)
JSON_FILE, PAGE, SHEET, VIDEO = "explanation.json", "explanation.html", "contact_sheet.png", "overlay.mp4"
SIDE = 256  # pixels of the overlay's height at least
SHEET_FRAMES = 16  # pictures of the contact sheet at most
# Passed on to the predictor.
OF_PREDICT = ("checkpoint", "input", "window_seconds", "frame_fps", "device", "trust")
# Other explanations otherwise.
ASKED = ("checkpoint", "input", "method", "target", "layer", "at_seconds", "window_seconds", "frame_fps")


def explain(settings: ExplainSettings) -> Iterator[dict[str, Any]]:
    """One plain dict a video, as it is explained: the content of its explanation.json and ``files``; or ``path`` and
    ``error``.

    Raises: FileNotFoundError, ValueError: before the first one, or a network that the method cannot explain. OSError: a
        folder that cannot be written.
    """
    if launched_processes() > 1:
        raise ValueError("explain runs in one process: start it without torchrun. predict shares its videos")
    if settings.layer and settings.method not in ("auto", "grad_cam", "layer_cam"):
        raise ValueError(
            f"layer={settings.layer}: method={settings.method} reads no layer. Take method=grad_cam or layer_cam."
        )
    paths = without_copies(find_videos(settings.input, VIDEO_EXTENSIONS))
    asked = {key: getattr(settings, key) for key in OF_PREDICT}
    explainer = Explainer(
        predictor=predictor_of_pixels(parse(PredictSettings, {**asked, "precision": "fp32"}), paths, "explain"),
        method=settings.method,
        layer=settings.layer,
        target=settings.target,
        at_seconds=settings.at_seconds,
    )
    if explainer.predictor.model.clip.sound:
        raise ValueError(
            f"{settings.checkpoint} hears, and explain shows pictures alone: evaluate ablate=[mute] says what sound "
            "is worth."
        )
    explainer.number()  # an unknown class is no reason to read a video
    suited_method(explainer.predictor.model.model, settings.method, settings.layer)  # nor is a method
    folder = explanation_folder(settings.run_dir, {key: getattr(settings, key) for key in ASKED})
    logger.info("the explanations go to %s", display_path(folder))
    folders = [one.with_suffix("") for one in labelled_paths(paths, folder)]
    for path, own in zip(paths, folders, strict=True):
        yield _explained(explainer, path, own)


def _explained(explainer: Explainer, path: str, folder: Path) -> dict[str, Any]:
    try:
        explained = explainer(path)
    except BadVideo as bad:
        logger.warning("%s", bad)
        return {"path": path, "error": str(bad)}
    told = explained.to_dict(path)
    colours = overlay(explained.frames, explained.found.heat)
    folder.mkdir(parents=True, exist_ok=True)
    write_overlay(folder / VIDEO, explained.frames, colours, explained.seconds)
    picture = contact_sheet(told, explained, colours)
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    write_together(
        {
            folder / JSON_FILE: text.encode("utf-8", "backslashreplace"),
            folder / SHEET: picture,
            folder / PAGE: explanation_page(told, explained.frames, colours, picture),
        }
    )
    names = {"json": JSON_FILE, "page": PAGE, "sheet": SHEET, "video": VIDEO}
    return {**told, "files": {key: display_path(folder / name) for key, name in names.items()}}


def write_overlay(path: Path, frames: Tensor, colours: Tensor, seconds: Tensor) -> None:
    """The clip beside its heat, as H.264, at the mean rate of its frames. uint8 [T, C, H, W] each."""
    times = -(-SIDE // frames.shape[2])  # each pixel is repeated
    pairs = [
        np.concatenate([even(frame), even(colour)], axis=1).repeat(times, axis=0).repeat(times, axis=1)
        for frame, colour in zip(frames, colours, strict=True)
    ]
    span = float(seconds[-1] - seconds[0])
    write_clip(path, np.stack(pairs), fps=(len(pairs) - 1) / span if span > 0 else 1.0)


def contact_sheet(told: dict[str, Any], explained: Explained, colours: Tensor) -> bytes:
    """PNG: frames above their heats, at most ``SHEET_FRAMES``, spread over the clip."""
    step = -(-len(colours) // SHEET_FRAMES)
    times, shares = explained.seconds[::step].tolist(), [one["share"] for one in told["frames"]][::step]
    return png(
        sheet(
            [
                Row(told["target"], [Cell(frame) for frame in explained.frames[::step]], told["path"]),
                Row(
                    f"heat, {told['method']}",
                    [
                        Cell(colour, f"{time:.2f} s {100 * share:.0f} %")
                        for colour, time, share in zip(colours[::step], times, shares, strict=True)
                    ],
                ),
            ]
        )
    )
