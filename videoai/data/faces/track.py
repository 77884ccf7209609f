"""Boxes of faces at moments of a video -> the track of the main face.

Boxes of two moments belong to one face when they overlap; the closest pair is joined first. The main face is the track
with the largest sum over its moments of: the side of the box, times 1 at the middle of the picture and 0.5 in a corner.
So a face counts for more when it is seen longer, larger and nearer the middle.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MIN_IOU = 0.3  # boxes of one face at two moments overlap by as much
MAX_GAP = 5  # moments without a box that a track may pass over
MIN_SHARE = 0.2  # a face in fewer of the moments is taken for a mistake of the detector


class Box(NamedTuple):
    """A face at one moment, in pixels of the picture as shown."""

    x: float
    y: float
    w: float
    h: float
    score: float = 1.0

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2


class Track(NamedTuple):
    """One face over time."""

    seconds: tuple[float, ...]  # in order
    boxes: tuple[Box, ...]
    is_alone: bool  # no other track shares a moment with it


Moments = Sequence[tuple[float, Sequence[Box]]]  # seconds in order, and the boxes there
Places = dict[int, Box]  # place among the moments -> box


def main_track(moments: Moments, *, height: int, width: int, min_share: float = MIN_SHARE) -> Track | None:
    """The main face; None = no face in enough of the moments."""
    tracks = [track for track in linked([boxes for _, boxes in moments]) if len(track) >= min_share * len(moments)]
    if not tracks:
        return None
    main = max(tracks, key=lambda track: prominence(track, height=height, width=width))  # the earliest of equal ones
    is_alone = not any(track.keys() & main.keys() for track in tracks if track is not main)
    return Track(tuple(moments[place][0] for place in main), tuple(main.values()), is_alone)


def linked(boxes_at: Sequence[Sequence[Box]]) -> list[Places]:
    """Every track, in the order in which they begin."""
    tracks: list[Places] = []
    for place, boxes in enumerate(boxes_at):
        open_tracks = [track for track in tracks if place - max(track) <= MAX_GAP + 1]
        pairs = [(overlap(track[max(track)], box), track, box) for track in open_tracks for box in boxes]
        left = list(boxes)
        for share, track, box in sorted(pairs, key=lambda pair: -pair[0]):  # sorts stably
            if share >= MIN_IOU and place not in track and box in left:
                track[place] = box
                left.remove(box)
        tracks += [{place: box} for box in left]
    return tracks


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.w * one.h + other.w * other.h - shared)


def prominence(track: Places, *, height: int, width: int) -> float:
    """How much of the clip is about this face."""
    middle, reach = np.array([width / 2, height / 2]), float(np.hypot(width, height)) / 2
    away = [float(np.hypot(*(np.array(box.middle) - middle))) / reach for box in track.values()]
    return sum((box.w * box.h) ** 0.5 * (1 - far / 2) for box, far in zip(track.values(), away, strict=True))
