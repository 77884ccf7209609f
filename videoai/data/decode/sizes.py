"""Frames of one video in several sizes, from one decoding pass: each reader gets the pixels that it would get alone."""

from collections.abc import Sequence

from torch import Tensor

from videoai.data.decode import Video
from videoai.data.decode.pyav import PyAVVideo, Request


def frames_at_sizes(video: Video, requests: Sequence[Request]) -> list[Tensor]:
    """``video.frames`` of each request; a file is decoded once for all of them. Raises: as ``frames``."""
    if isinstance(video, PyAVVideo):
        return video.frames_at_sizes(requests)
    return [video.frames(indices, size) for indices, size in requests]
