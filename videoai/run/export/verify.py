"""Does the file give the original's outputs? Asked on a rendered clip, before any video."""

from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from videoai.inference.load import LoadedModel
from videoai.run.export.stored_clip import TOLERANCE, different_clips, rendered_clip


def verify(file: str, original: LoadedModel, network: nn.Module | None, *, is_exact: bool) -> dict[str, Any]:
    """The largest difference from the original's outputs for one clip and for three, and what is allowed wherever the
    bundle runs: rounding, and with smaller numbers twice what they cost here.

    Args:
        file: in messages. network: None = it cannot run here, so nothing is compared. is_exact: float32, which may
            differ by rounding alone.
    Raises: ValueError: more than that, or numbers that are not finite.
    """
    clips = rendered_clips(original)
    with torch.inference_mode():
        wanted = [original.model(video) for video in (clips[:1], clips)]
        given = [network(video) for video in (clips[:1], clips)] if network else []
    limit = TOLERANCE * float(wanted[1].abs().max())
    if not given:
        return {"max_difference": None, "limit": limit}
    difference = max(float((one - other).abs().max()) for one, other in zip(given, wanted, strict=True))
    if not is_exact and isfinite(difference):
        limit += 2 * difference
    if not difference <= limit:
        raise ValueError(
            f"{file}: its outputs differ from the original's by {difference:.3g} on a rendered clip; up to {limit:.3g} "
            "is rounding. It was not written: please report the model."
        )
    return {"max_difference": difference, "limit": limit}


def rendered_clips(original: LoadedModel) -> Tensor:
    """Three, as the network takes them: float [3, C, T, S, S]."""
    return different_clips(rendered_clip(original.clip), original.clip)
