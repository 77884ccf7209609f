"""Clips on their way to a GPU while it trains on others."""

from collections.abc import Iterator

import torch

from videoai.core.types import Clips
from videoai.data.augment.operations import apply_ops


def prefetch(batches: Iterator[Clips], device: torch.device) -> Iterator[Clips]:
    """The same clips, on a GPU and with their operations applied; for other devices ``batches`` itself.

    Copies and operations have a stream of their own. The host does not wait for the GPU, so it asks for the next clips
    while the step before is still being computed: they arrive beside it.
    """
    if device.type != "cuda":
        return batches
    stream = torch.cuda.Stream(device)
    return (sent(clips, device, stream) for clips in batches)


def sent(clips: Clips, device: torch.device, stream: torch.cuda.Stream) -> Clips:
    """Copy on ``stream``; the current stream waits for it, the host does not."""
    with torch.cuda.stream(stream):
        clips = apply_ops(clips.to(device))
    training = torch.cuda.current_stream(device)
    training.wait_stream(stream)
    for part in (clips.video, clips.label, *([] if clips.sound is None else [clips.sound])):
        part.record_stream(training)  # its memory is not given away before training has read it
    return clips
