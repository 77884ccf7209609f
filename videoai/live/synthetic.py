"""A camera that needs no device: the rendered motions of motion16, one after another, without end."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import torch

from videoai.core.types import ClipSpec
from videoai.data.motion16.motion import CLASSES, render
from videoai.live.regions import Region
from videoai.live.sources import Part, Shown, Timing

SCHEME = "synthetic"
FPS, FRAMES = 15.0, 64  # one motion takes so many


@dataclass(frozen=True)
class SyntheticSource:
    """``synthetic://NAME?seed=0&seconds=60``: the name tells several apart; each second is a function of the seed."""

    url: str
    clip: ClipSpec
    view_side: int | None = None
    regions: Sequence[Region] = ()
    is_live: bool = False

    @property
    def name(self) -> str:
        """What answers call it."""
        return self.url

    def frames(self, tell: Callable[[Timing], None]) -> Iterator[Shown]:
        """Raises: ValueError: options that there are not."""
        seed, most = options_of(self.url)
        tell(Timing(FPS, by_number=True))
        number = 0
        for motion in range(2**31):
            frames, _ = render(
                label=label_of(motion, seed),
                seed=seed,
                split="test",
                index=motion,
                size_px=self.clip.size,
                num_frames=FRAMES,
                fps=FPS,
            )
            for picture in torch.from_numpy(frames).permute(0, 3, 1, 2):
                if most is not None and number >= most * FPS:
                    return
                yield Shown(number / FPS, [Part(picture.contiguous(), picture if self.view_side else None)])
                number += 1


def label_of(motion: int, seed: int) -> int:
    """The class of the motion of this number."""
    return (motion + seed) % len(CLASSES)


def motions_of(url: str) -> list[tuple[str, float, float]]:
    """What a source that ends shows: class, start and end in seconds."""
    seed, most = options_of(url)
    count = 0 if most is None else math.ceil(most * FPS / FRAMES)
    spans = [(number * FRAMES / FPS, (number + 1) * FRAMES / FPS) for number in range(count)]
    return [(CLASSES[label_of(number, seed)], *span) for number, span in enumerate(spans)]


def options_of(url: str) -> tuple[int, float | None]:
    """Seed and seconds; None = without end. Raises: ValueError: others, or no numbers."""
    given = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if unknown := [*(given.keys() - {"seed", "seconds"})]:
        raise ValueError(f"source={url}: {unknown[0]} is no option of it. Choose from seed, seconds.")
    try:
        seed, seconds = int(given.get("seed", 0)), given.get("seconds")
        most = None if seconds is None else float(seconds)
    except ValueError as error:
        raise ValueError(
            f"source={url}: seed and seconds are numbers, as in synthetic://a?seed=1&seconds=60."
        ) from error
    if seed < 0 or (most is not None and not 0 < most < float("inf")):
        raise ValueError(f"source={url}: seed is 0 or more, seconds above 0.")
    return seed, most
