"""Clips whose motion or sound is taken away, to see how much of an answer depends on it."""

from collections.abc import Iterable, Iterator

import torch

from videoai.core.seeding import generator_for
from videoai.core.types import Clips
from videoai.settings.verbs import Ablation


def ablated_batches(batches: Iterable[Clips], ablation: Ablation) -> Iterator[Clips]:
    """The batches with the frames of each clip in another order: shuffled, the middle one alone, or backwards. Or as
    if the files had no sound.

    The random order is a function of the video and the view, so it is the same for every model and every time.
    """
    for clips in batches:
        if ablation == "mute":
            assert clips.sound is not None, "check_ablate asks for a model that hears"
            yield clips._replace(sound=torch.full_like(clips.sound, torch.nan))
            continue
        places = zip(clips.index.tolist(), clips.view.tolist(), strict=True)
        orders = [frame_order(ablation, clips.video.shape[1], index, view) for index, view in places]
        video = torch.stack([video[order] for video, order in zip(clips.video, orders, strict=True)])
        yield clips._replace(video=video)


def frame_order(ablation: Ablation, num_frames: int, index: int, view: int) -> torch.Tensor:
    """int64 [T], the frame that stands in each place of a clip."""
    if ablation == "reverse":
        return torch.arange(num_frames).flip(0)
    if ablation == "single_frame":
        return torch.full((num_frames,), num_frames // 2)
    return torch.randperm(num_frames, generator=generator_for(0, "ablate", index, view))
