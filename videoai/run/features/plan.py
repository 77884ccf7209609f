"""What an extraction reads: the windows of every video, in blocks that are done one by one."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any

from videoai.core.progress import counting
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.decode import open_video
from videoai.data.feature_table import FeatureRow
from videoai.data.fingerprint import video_fingerprint
from videoai.data.isolation import WorkerFailure, isolated
from videoai.data.media import BadVideo
from videoai.data.sampling import span_frames
from videoai.data.windows import Segment, Span, segments_of, sliding_windows
from videoai.run.features.sources import Sources

logger = logging.getLogger(__name__)
BLOCK_WINDOWS = 1024  # rows that are written together, and lost when a run is killed
SEGMENT_WINDOWS = 16  # decoded in one pass; no setting, so that a run that goes on has the same blocks
LOOK_SECONDS = 300.0  # for opening one video where it is isolated: files are read to their end


@dataclass(frozen=True)
class Windows:
    """How windows lie in a video."""

    length: float | None  # seconds; None = what one clip of the model spans
    stride: float | None  # seconds; None = side by side

    @property
    def whole(self) -> bool:
        """Whether each video is one row."""
        return self.length is None and self.stride is None


@dataclass(frozen=True)
class Plan:
    """The rows of a table, and the segments that they are read in."""

    segments: list[Segment]
    fingerprints: list[str | None]  # one for each item
    sources: Sources

    @cached_property
    def blocks(self) -> list[range]:
        """Neighbouring segments that together have ``BLOCK_WINDOWS`` windows or a few more."""
        blocks, first, windows = [], 0, 0
        for position, segment in enumerate(self.segments):
            windows += len(segment.spans)
            if windows >= BLOCK_WINDOWS or position == len(self.segments) - 1:
                blocks.append(range(first, position + 1))
                first, windows = position + 1, 0
        return blocks

    @property
    def num_windows(self) -> int:
        """Rows of the table."""
        return self.num_windows_of(range(len(self.segments)))

    def num_windows_of(self, block: range) -> int:
        """Rows of some segments."""
        return sum(len(self.segments[number].spans) for number in block)

    def rows(self, block: range) -> list[FeatureRow]:
        """The rows of a block, in order."""
        return [self._row(self.segments[number], span) for number in block for span in self.segments[number].spans]

    def _row(self, segment: Segment, span: Span) -> FeatureRow:
        index, sources = segment.item, self.sources
        whole = span == (0.0, None)
        start, end = (None, None) if whole else (round(span[0], 6), None if span[1] is None else round(span[1], 6))
        about = (sources.splits[index], sources.labels[index], sources.items[index].group)
        return FeatureRow(sources.names[index], start, end, *about, self.fingerprints[index])

    def digest(self) -> str:
        """16 hex digits over the rows: other videos, times or labels have other ones."""
        digest = blake2b(digest_size=8)
        for segment in self.segments:
            for span in segment.spans:
                digest.update(repr(self._row(segment, span)).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()


def plan_windows(sources: Sources, windows: Windows, clip: ClipSpec, reading: Mapping[str, Any]) -> Plan:
    """Look at every video for its fingerprint and, where windows slide, for how long it is."""
    options = {**reading}
    num_workers = int(options.pop("isolated", False))
    look = partial(_look, windows=windows, clip=clip, reading=options)
    segments, fingerprints = [], []
    with counting("look", len(sources.items)) as add:
        for index, item in enumerate(sources.items):
            ((_, found),) = isolated([item], look, num_workers=num_workers, seconds=LOOK_SECONDS)
            fingerprint, spans = (None, _stretch(item)) if isinstance(found, WorkerFailure) else found
            fingerprints.append(fingerprint)
            segments += segments_of(index, spans, SEGMENT_WINDOWS)
            add(1)
    return Plan(segments, fingerprints, sources)


def _look(
    item: VideoItem, *, windows: Windows, clip: ClipSpec, reading: Mapping[str, Any]
) -> tuple[str | None, list[Span]]:
    """The fingerprint and the windows; of what cannot be opened one, whose reading will say why."""
    fingerprint = video_fingerprint(item.path)
    if windows.whole:
        return fingerprint, _stretch(item)
    try:
        with open_video(item.path, **reading) as video:
            end = video.duration_seconds if item.end_seconds is None else min(item.end_seconds, video.duration_seconds)
            length = windows.length or span_frames(clip, video.fps) / video.fps
    except BadVideo:
        return fingerprint, _stretch(item)
    if end <= item.start_seconds:
        return fingerprint, _stretch(item)
    return fingerprint, [*sliding_windows(item.start_seconds, end, length, windows.stride or length)]


def _stretch(item: VideoItem) -> list[Span]:
    return [(item.start_seconds, item.end_seconds)]
