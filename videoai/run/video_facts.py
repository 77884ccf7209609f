"""What the videos of a data set are like: length, rate and size of a sample, read from their headers."""

import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any, NamedTuple

from videoai.core.messages import pluralize
from videoai.core.paths import is_url
from videoai.core.types import VideoItem
from videoai.data.decode import Video, open_video
from videoai.data.isolation import WorkerFailure, isolated
from videoai.data.media import BadVideo

LOOK_SECONDS = 60.0  # for each video, where it is opened in another process
# When lengths, sizes or rates tell classes: found on a set whose classes were cut differently (70 % against 57 %), on
# one whose lengths are all alike, and on one with eleven frame sizes in 46 sources, which tell the source alone (45 %
# for two classes of equal size, sources left out).
FEWEST_TO_TELL = 40  # videos; with fewer, chance alone reaches the margin
NUM_LOOKED_AT_STILLS = 16  # videos; opening one takes some milliseconds
STEP = 1.25  # factor between lengths
MARGIN = 0.1


class VideoFacts(NamedTuple):
    """One labelled stretch of a video."""

    label: int
    num_frames: float  # in the stretch
    fps: float
    height: int  # pixels
    width: int
    group: str | None = None  # the person or source that it shares with others; None = with none
    suffix: str = ""  # the file's, such as .mp4

    @property
    def seconds(self) -> float:
        """Duration of the stretch."""
        return self.num_frames / self.fps


def spread(items: Sequence[VideoItem], most: int) -> list[VideoItem]:
    """At most ``most`` of the items, at even distances."""
    count = min(most, len(items))
    return [items[index * len(items) // count] for index in range(count)]


def look_at(items: Sequence[VideoItem], most: int, reading: Mapping[str, Any] | None = None) -> list[VideoFacts]:
    """Facts of at most ``most`` of the items, spread evenly; those that cannot be read are left out, since the loader
    counts and reports them when their turn comes.

    Args:
        reading: options of ``open_video``, and ``isolated``.
    """
    options = dict(reading or {})
    num_workers = int(options.pop("isolated", False))
    work = partial(_facts, options=options)
    results = isolated(spread(items, most), work, num_workers=num_workers, seconds=LOOK_SECONDS)
    return [facts for _, facts in results if facts is not None and not isinstance(facts, WorkerFailure)]


def seconds_tell_class(facts: Sequence[VideoFacts]) -> bool:
    """Whether the length of a video alone says much about its class, as where classes were cut differently."""
    return tells_class(facts, _length_step)


def telling_traits(facts: Sequence[VideoFacts]) -> list[str]:
    """A sentence for each trait of the files, but for the length, that says much about the class."""
    return [
        f"the {trait} of a video alone says much about its class here ({how}): a network can learn how the set was "
        "recorded in the place of what happens. Take the videos of all classes from the same sources"
        for trait, (of, how) in TRAITS.items()
        if tells_class(facts, of)
    ]


def tells_class(facts: Sequence[VideoFacts], trait: Callable[[VideoFacts], Hashable]) -> bool:
    """Whether a trait of a file alone says much about its class.

    Each video is given the most frequent class among the others with the trait, those of its own group left out; the
    trait tells the class where that is right ``MARGIN`` more often than the largest class.
    """
    if len(facts) < FEWEST_TO_TELL:
        return False
    alike: dict[Hashable, Counter[int]] = defaultdict(Counter)
    of_group: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for one in facts:
        alike[trait(one)][one.label] += 1
        of_group[trait(one), one.group][one.label] += 1
    right = 0.0
    for one in facts:
        own = Counter([one.label]) if one.group is None else of_group[trait(one), one.group]
        right += _share_right(alike[trait(one)], own, one.label)
    largest = max(Counter(one.label for one in facts).values()) / len(facts)
    return right / len(facts) >= largest + MARGIN


def still_note(items: Sequence[VideoItem], reading: Mapping[str, Any] | None = None) -> str | None:
    """``still_words`` of some of the items; none of those behind a URL, which would be downloaded whole.

    Args:
        reading: as of ``look_at``.
    """
    local = [item for item in spread(items, NUM_LOOKED_AT_STILLS) if not is_url(item.path)]
    return still_words(look_at(local, len(local), reading))


def still_words(facts: Sequence[VideoFacts]) -> str | None:
    """A sentence where videos hold a single frame, as pictures and GIFs of one frame do. None = all of these move."""
    still = sum(one.num_frames <= 1 for one in facts)
    if not still:
        return None
    return (
        f"{still} of {pluralize(len(facts), 'video')} looked at {'has' if still == 1 else 'have'} a single frame: such "
        "a clip is one picture, repeated, and shows no motion. ablate=[shuffle,reverse,single_frame] changes "
        "nothing there."
    )


def typical(values: Sequence[float]) -> float:
    """The median; NaN of nothing."""
    return median(values) if values else float("nan")


def _length_step(facts: VideoFacts) -> int:
    """Lengths that differ by less than a step are alike."""
    return round(math.log(facts.seconds) / math.log(STEP))


def _share_right(alike: Counter[int], own: Counter[int], label: int) -> float:
    """How often the most frequent class of the others is ``label``. Classes that are equally frequent share, also where
    this one is some videos short because ``own`` are left out."""
    others = alike - own
    near = [name for name, count in others.items() if count >= max(others.values()) - own[label]]
    return (label in near) / len(near) if near else 0.0


# Traits of files that a network may see, and how it would.
TRAITS: dict[str, tuple[Callable[[VideoFacts], Hashable], str]] = {
    "frame size": (
        lambda one: (one.height, one.width),
        "resized frames still show it, by sharpness and by what is cut off",
    ),
    "frame rate": (lambda one: round(one.fps), "it changes how fast things move; clip.fps reads all at one rate"),
    "file type": (lambda one: one.suffix, "codecs leave traces"),
}


def _facts(item: VideoItem, options: Mapping[str, Any]) -> VideoFacts | None:
    """None where it cannot be read."""
    try:
        with open_video(item.path, **options) as video:
            return facts_of(item, video)
    except BadVideo:
        return None


def facts_of(item: VideoItem, video: Video) -> VideoFacts:
    """Raises: BadVideo: the stretch begins behind the end of the video."""
    end = video.duration_seconds if item.end_seconds is None else item.end_seconds
    lasts = min(end, video.duration_seconds) - item.start_seconds
    if lasts <= 0:
        detail = f"it begins at {item.start_seconds:g} s, and the video lasts {video.duration_seconds:.2f} s"
        raise BadVideo(item.path, "short", "sample", detail)
    num_frames = max(1.0, min(video.num_frames, lasts * video.fps))
    suffix = os.path.splitext(item.path)[1].lower()
    return VideoFacts(item.label, num_frames, video.fps, video.height, video.width, item.group, suffix)
