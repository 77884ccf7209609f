"""Faces found by OpenCV: YuNet, a small network, or the Haar cascade that ships inside opencv-python-headless 4."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from videoai.data.decode import Video
from videoai.data.faces.track import Box, Moments, Track, main_track
from videoai.data.media import BadVideo

DetectorName = Literal["yunet", "haar"]
Picture = npt.NDArray[np.uint8]  # [H, W, 3] RGB
LONG_SIDE = 640  # pixels; larger pictures are scaled down before a face is looked for
CHUNK_FRAMES = 16  # decoded at a time
MIN_SCORE = 0.7  # YuNet's, from 0 to 1
NEEDS_OPENCV = "finding faces needs OpenCV: pip install 'videoai[faces]'"


@dataclass(frozen=True, kw_only=True)
class Detecting:
    """Looks for faces some times a second of each video."""

    detector: DetectorName
    model: str | None = None  # YuNet's ONNX file
    per_second: float = 10.0

    def track(self, video: Video, name: str) -> Track | None:
        """The main face; None = there is none. Raises: BadVideo. ImportError: OpenCV is not installed."""
        del name
        try:
            moments = self._moments(video)
        except BadVideo as bad:
            if bad.reason != "short":
                raise
            moments = self._moments(video)  # the count of frames is known now
        return main_track(moments, height=video.height, width=video.width)

    def _moments(self, video: Video) -> Moments:
        find = open_detector(self.detector, self.model)
        scale = min(1.0, LONG_SIDE / max(video.height, video.width))
        size = max(1, round(video.height * scale)), max(1, round(video.width * scale))
        shown = looked_at(video.timestamps, self.per_second)
        moments: list[tuple[float, list[Box]]] = []
        for start in range(0, len(shown), CHUNK_FRAMES):
            chunk = shown[start : start + CHUNK_FRAMES]
            pictures = video.frames(chunk.tolist(), size=size).permute(0, 2, 3, 1).contiguous().cpu().numpy()
            for number, picture in zip(chunk, pictures, strict=True):
                boxes = [scaled(box, video.height / size[0], video.width / size[1]) for box in find(picture)]
                moments.append((float(video.timestamps[number]), boxes))
        return moments


def looked_at(timestamps: npt.NDArray[np.float64], per_second: float) -> npt.NDArray[np.int64]:
    """The numbers of the frames to look at: the first of each interval."""
    return np.unique(np.floor(timestamps * per_second + 1e-6), return_index=True)[1]


def scaled(box: Box, down: float, across: float) -> Box:
    """To hundredths of a pixel, as the table of boxes keeps them."""
    sides = (box.x * across, box.y * down, box.w * across, box.h * down)
    return Box(*(round(side, 2) for side in sides), score=round(box.score, 4))


@lru_cache(maxsize=2)
def open_detector(name: DetectorName, model: str | None) -> Callable[[Picture], list[Box]]:
    """What finds the faces of a picture, the surest first.

    Raises: ImportError: OpenCV is not installed. ValueError: this OpenCV has no such detector, or cannot read the file.
    """
    try:
        import cv2  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError(NEEDS_OPENCV) from error
    cv2.setNumThreads(1)  # a process per core already; threads would also change the order of what is found
    return _yunet(cv2, model) if name == "yunet" else _haar(cv2)


def _yunet(cv2: Any, model: str | None) -> Callable[[Picture], list[Box]]:
    try:
        network = cv2.FaceDetectorYN.create(model, "", (320, 320), MIN_SCORE)
    except (cv2.error, AttributeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"faces_model={model}: OpenCV {cv2.__version__} cannot read it as YuNet ({reason}). It takes "
            "face_detection_yunet_2023mar.onnx of https://github.com/opencv/opencv_zoo"
        ) from error

    def find(picture: Picture) -> list[Box]:
        network.setInputSize((picture.shape[1], picture.shape[0]))
        found = network.detect(np.ascontiguousarray(picture[:, :, ::-1]))[1]
        rows = [] if found is None else found.tolist()
        return _surest_first([Box(*row[:4], score=row[14]) for row in rows])

    return find


def _haar(cv2: Any) -> Callable[[Picture], list[Box]]:
    path = os.path.join(os.path.dirname(cv2.__file__), "data", "haarcascade_frontalface_default.xml")
    if not hasattr(cv2, "CascadeClassifier") or not os.path.isfile(path):
        raise ValueError(
            f"faces_detector=haar: OpenCV {cv2.__version__} has no Haar cascades, which version 4 has: "
            "pip install 'opencv-python-headless<5'. Or faces_detector=yunet"
        )
    cascade = cv2.CascadeClassifier(path)

    def find(picture: Picture) -> list[Box]:
        smallest = max(24, min(picture.shape[:2]) // 10)
        gray = cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
        boxes, _, weights = cascade.detectMultiScale3(
            gray, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest), outputRejectLevels=True
        )
        rows, scores = np.reshape(boxes, (-1, 4)).astype(float).tolist(), np.ravel(weights).tolist()
        return _surest_first([Box(*row, score=score) for row, score in zip(rows, scores, strict=True)])

    return find


def _surest_first(boxes: list[Box]) -> list[Box]:
    """In an order of their own; boxes without a side, which a network may give at the edge, are none."""
    return sorted((box for box in boxes if box.w > 0 and box.h > 0), key=lambda box: (-box.score, box))
