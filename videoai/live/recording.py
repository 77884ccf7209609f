"""What a run judged, on disk, so that the run can be repeated to the bit: frames as the network saw them, and which of
them were judged together.

    recording/about.json      the clip, names of streams, settings that change answers
    recording/frames.bin      each frame once, zlib of uint8 [C, H, W], one after another
    recording/judged.jsonl    a line a forward pass: its windows and where their frames are; and the ends of streams

Lines are written after their frames, so the folder of a killed run is whole up to its last line.
"""

import json
import logging
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from videoai.core.files import append_line, cannot_write, write_atomic
from videoai.live.stream import Stream, Window

logger = logging.getLogger(__name__)

FOLDER, ABOUT, FRAMES, JUDGED = "recording", "about.json", "frames.bin", "judged.jsonl"
FORMAT = 1
LEVEL = 1  # zlib's fastest: frames come faster than the others compress
KEPT = 4096  # places of frames that are remembered a stream: a window never goes back so far


class Recorder:
    """Writes while a session runs. What the bound of bytes has no room for ends the recording, not the stream."""

    def __init__(self, folder: Path, about: Mapping[str, Any], *, most_bytes: int) -> None:
        """about: plain data. Raises: OSError: the folder cannot be written."""
        self.folder, self.most_bytes = folder / FOLDER, most_bytes
        write_atomic(self.folder / ABOUT, (json.dumps({"format": FORMAT, **about}, indent=2) + "\n").encode())
        self.frames = (self.folder / FRAMES).open("wb", buffering=0)
        self.judged = (self.folder / JUDGED).open("wb", buffering=0)
        self.places: dict[str, dict[int, tuple[int, int]]] = {}  # stream -> number of a frame -> offset, length
        self.num_bytes = 0
        self.is_whole = True

    def record(self, windows: Sequence[Window]) -> None:
        """Those of one forward pass. Raises: OSError: a disk that is full."""
        if not self.is_whole:
            return
        if self.num_bytes >= self.most_bytes:
            self.is_whole = False
            logger.warning("%s: %d MB are full: nothing more is recorded", self.folder, self.most_bytes // 2**20)
            return
        self._line({"windows": [self._window(one) for one in windows]})

    def ended(self, stream: Stream) -> None:
        """A stream is over."""
        if self.is_whole:
            self._line({"over": stream.name, "end_seconds": stream.end_seconds, "dropped": stream.dropped})

    def close(self) -> None:
        """No more comes."""
        self.frames.close()
        self.judged.close()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the summary."""
        return {"recording_mb": round(self.num_bytes / 2**20, 3), "recording_is_whole": self.is_whole}

    def _window(self, window: Window) -> dict[str, Any]:
        known = self.places.setdefault(window.stream.name, {})
        for number, frame in zip(window.numbers, window.clip, strict=True):
            if number not in known:
                known[number] = self._frame(frame)
        while len(known) > KEPT:
            del known[next(iter(known))]
        return {
            "stream": window.stream.name,
            "start": window.start_seconds,
            "end": window.end_seconds,
            "numbers": window.numbers,
            "places": [known[number] for number in window.numbers],
            "begins": window.begins,
            "dropped": window.dropped,
            "hop": window.stream.hop,
        }

    def _frame(self, frame: Tensor) -> tuple[int, int]:
        packed = zlib.compress(frame.contiguous().numpy().tobytes(), LEVEL)
        rest = memoryview(packed)
        try:
            while rest:
                rest = rest[self.frames.write(rest) :]  # on a disk that fills up, the first write is a short one
        except OSError as error:
            raise cannot_write(self.folder / FRAMES, error, num_bytes=len(packed)) from error
        place = (self.num_bytes, len(packed))
        self.num_bytes += len(packed)
        return place

    def _line(self, content: Mapping[str, Any]) -> None:
        append_line(self.judged, json.dumps(content, ensure_ascii=False))


@dataclass(frozen=True)
class Recording:
    """A folder that was recorded."""

    folder: Path
    about: Mapping[str, Any]

    def lines(self) -> Iterator[dict[str, Any]]:
        """What was written, in order; a last line that was cut off is left out."""
        with (self.folder / JUDGED).open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    content = content_of(line, f"{self.folder / JUDGED}:{number}")
                    if not content.keys() & {"windows", "over"}:
                        raise ValueError(f"{self.folder / JUDGED}:{number}: no line of a recording; it is damaged.")
                    yield content

    def clip(self, places: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> Tensor:
        """uint8 [T, C, H, W]. Raises: ValueError: the file is damaged, or shorter than its lines say."""
        with (self.folder / FRAMES).open("rb") as file:
            return torch.stack([self._frame(file, *place, shape) for place in places])

    def _frame(self, file: Any, offset: int, length: int, shape: tuple[int, ...]) -> Tensor:
        file.seek(offset)
        try:
            data = bytearray(zlib.decompress(file.read(length)))
            return torch.from_numpy(np.frombuffer(data, np.uint8).reshape(shape))
        except (zlib.error, ValueError) as error:
            raise ValueError(f"{self.folder / FRAMES}: damaged at byte {offset} ({error}).") from error


def content_of(text: bytes, place: Path | str) -> dict[str, Any]:
    """Raises: ValueError: no object of JSON."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{place}: damaged ({error}). Record the stream again.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{place}: damaged: no object of JSON. Record the stream again.")
    return content


def recording_at(path: str) -> Recording | None:
    """A run's folder, or the recording in it; None = something else.

    Raises: ValueError: a recording that another version wrote.
    """
    for folder in (Path(path) / FOLDER, Path(path)):
        if (folder / ABOUT).is_file() and (folder / JUDGED).is_file():
            about = content_of((folder / ABOUT).read_bytes(), folder / ABOUT)
            if about.get("format") != FORMAT:
                raise ValueError(f"{folder}: a recording of format {about.get('format')}; this version reads {FORMAT}.")
            return Recording(folder, about)
    return None
