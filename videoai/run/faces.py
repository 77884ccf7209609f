"""How faces are cut out of videos: as the settings of ``data prepare`` say, or as a checkpoint was trained."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from videoai.core import process_group
from videoai.core.messages import command_line
from videoai.data.faces.crop import FaceCropping
from videoai.data.faces.detect import Detecting, DetectorName, open_detector
from videoai.data.faces.record import KEY, recorded_faces
from videoai.models.published.download import cache_path, digest_of, fetch

logger = logging.getLogger(__name__)

YUNET_SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
YUNET_URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/26cc381e4d2594bb9f47a26eb8fd96c94a13660d/"
    "models/face_detection_yunet/face_detection_yunet_2026may.onnx"
)
YUNET = "yunet_2026may"  # its name in the cache


def detecting(name: DetectorName, model: str | None, per_second: float, *, without: str) -> Detecting:
    """A detector that is ready to look. ``without``: a sentence on what can be done without it.

    Raises: ImportError, ValueError, OSError: it is not, and what to do.
    """
    file = str(yunet_file(model, without)) if name == "yunet" else None
    try:
        open_detector(name, file)  # now, and not in the first of many processes
    except ImportError as error:
        raise ImportError(f"{error}. {without}") from error
    return Detecting(detector=name, model=file, per_second=per_second)


def yunet_file(given: str | None, without: str) -> Path:
    """The network's file, which is fetched once. Raises: OSError: not there, and not to be had. ValueError: another."""
    if given:
        path = Path(given).expanduser().absolute()
        if not path.is_file():
            raise FileNotFoundError(f"faces_model={given}: no such file. It is fetched from {YUNET_URL}")
        return path
    try:
        with process_group.first_on_node():
            path = fetch(YUNET, url=YUNET_URL, page=None, sha256=YUNET_SHA256)
    except OSError as error:
        place = cache_path(YUNET, YUNET_URL)
        raise OSError(
            f"the file of YuNet cannot be fetched here. Fetch {YUNET_URL} elsewhere, then faces_model=FILE or put it "
            f"at {place}. {without}"
        ) from error
    if digest_of(path) != YUNET_SHA256:
        raise ValueError(f"{path}: not the published YuNet. Delete it, or name a file of yours: faces_model=FILE")
    return path


def cropping_as_trained(
    state: Mapping[str, Any],
    paths: Sequence[str],
    *,
    faces: Literal["auto", "off"],
    model: str | None,
) -> FaceCropping | None:
    """How videos are cropped for a checkpoint; None = they are read as they are, which is said where it matters.

    A checkpoint may come from a stranger: of what it says, the name of a detector and two numbers act.

    Raises: ImportError, ValueError, OSError: the detector is not there, and what to do.
    """
    trained = state.get(KEY)
    if not isinstance(trained, Mapping) or not paths:
        return None
    num_cropped = sum(recorded_faces(path) is not None for path in paths)
    if num_cropped == len(paths):
        logger.info("faces: these videos are crops already, as the checkpoint's training had them")
        return None
    how = trained.get("faces_detector")
    if faces == "off" or how not in ("yunet", "haar") or num_cropped:
        why = "some of these are crops and some are not" if num_cropped else "these are read as they are"
        advice = command_line("data prepare", "data=csv", "data.path=CLIPS.csv", "out=DIR", *prepare_words(trained))
        logger.warning("the checkpoint was trained on crops of faces, and %s. To crop first: %s", why, advice)
        return None
    per_second = number_of(trained, "faces_per_second", 10.0, least=0.1, most=1000)
    finder = detecting(how, model, per_second, without="Without it: faces=off reads whole pictures")
    margin = number_of(trained, "faces_margin", 1.3, least=0.5, most=5)
    logger.info("faces: the main face is cut out as in training, %s, x %g; faces=off reads whole pictures", how, margin)
    return FaceCropping(finder=finder, margin=margin)


def note_whole_pictures(state: Mapping[str, Any], paths: Sequence[str]) -> None:
    """A warning where a model of crops gets other videos as they are: each of their windows would look again."""
    cropping_as_trained(state, list(dict.fromkeys(paths)), faces="off", model=None)


def prepare_words(trained: Mapping[str, Any]) -> list[str]:
    """The settings of ``data prepare`` that crop as the training videos were cropped."""
    if trained.get("faces") == "precomputed":
        return ["faces=precomputed", "faces_boxes=BOXES.csv"]
    return ["faces=auto", *(["faces_detector=haar"] if trained.get("faces_detector") == "haar" else [])]


def number_of(trained: Mapping[str, Any], key: str, default: float, *, least: float, most: float) -> float:
    """A number that a checkpoint records, within limits."""
    value = trained.get(key)
    return float(value) if isinstance(value, int | float) and least <= value <= most else default
