"""How the videos of a run are read: the decoder that is chosen, and how long a clip is in them."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from videoai.core import process_group
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.decode import open_video
from videoai.data.decode.choose import choose_decoder
from videoai.data.isolation import WorkerFailure, isolated
from videoai.data.lists.items import Items
from videoai.data.media import BadVideo
from videoai.data.sampling import span_frames
from videoai.settings.loading import LoadingSettings

logger = logging.getLogger(__name__)

NUM_LOOKED_AT = 8  # videos opened at the start, to say how long a clip is in them
LOOK_SECONDS = 60.0  # for each of them, where that is done in another process


def resolve_reading(loading: LoadingSettings, items: Items, clip: ClipSpec, device: torch.device) -> dict[str, Any]:
    """The options of ``read_timed_views``; ``decoder: auto`` is resolved by measuring a few of the items.

    Args:
        device: that of this process, where ``decoder: nvdec`` decodes.
    Raises: ValueError: a decoder that cannot be used here.
    """
    sample = [item.path for item in items[:: max(1, len(items) // NUM_LOOKED_AT)]]
    options = resolve_decoder(loading.decoder, sample, clip, device, frame_fps=loading.frame_fps)
    return {**options, "isolated": loading.isolated}


def resolve_decoder(
    name: str, paths: Sequence[str], clip: ClipSpec, device: torch.device, *, frame_fps: float | None
) -> dict[str, Any]:
    """The options of ``open_video``. Raises: ValueError: a decoder that cannot be used here."""
    if name == "nvdec":
        from videoai.data.decode.nvdec import check_nvdec  # imports torchvision, which takes two seconds

        check_nvdec(device)
        return {"decoder": name, "device": str(device), "frame_fps": frame_fps}
    choose = partial(choose_decoder, name, paths, clip, logger.info, frame_fps=frame_fps)
    return {"decoder": process_group.broadcast_from_rank0(choose), "frame_fps": frame_fps}


def note_other_pixels(config: Mapping[str, Any], decoder: str) -> None:
    """A line where a model reads videos with other pixels than those it was trained on. ``config``: its run's."""
    trained = (config.get("loading") or {}).get("decoder", "pyav")
    if (trained == "nvdec") != (decoder == "nvdec"):
        words = "trained with decoder=%s, and reads with decoder=%s: the pixels differ a little"
        logger.warning(words, trained, decoder)


def announce_clip(items: Sequence[VideoItem], clip: ClipSpec, reading: Mapping[str, Any] | None = None) -> None:
    """What a clip is, in seconds of these videos; a warning when most of a sample are shorter."""
    sample = [item.path for item in items[:: max(1, len(items) // NUM_LOOKED_AT)][:NUM_LOOKED_AT]]
    options = dict(reading or {})
    num_workers = int(options.pop("isolated", False))
    results = isolated(sample, partial(_length, options=options), num_workers=num_workers, seconds=LOOK_SECONDS)
    # The loader counts and reports what cannot be read when its turn comes.
    readable = [length for _, length in results if length is not None and not isinstance(length, WorkerFailure)]
    lengths = [(num_frames, span_frames(clip, fps), fps) for num_frames, fps in readable]
    rate = f" at {clip.fps:g} fps" if clip.fps else ""
    spacing = "one from each equal part" if clip.sampling == "uniform" else f"stride {clip.stride}{rate}"
    seconds = sorted(span / fps for _, span, fps in lengths)
    frames, unit = ("steps", f"{clip.features} features") if clip.features else ("frames", f"{clip.size} px")
    span = f", {seconds[len(seconds) // 2]:.1f} s" if seconds and clip.sampling == "dense" else ""
    logger.info("clip: %d %s, %s%s, %s", clip.num_frames, frames, spacing, span, unit)
    short = [frames for frames, span, _ in lengths if span > frames]
    if clip.sampling == "dense" and 2 * len(short) > len(lengths) and not clip.features:
        then = "refuses them" if clip.past_end == "error" else "fills it up"
        logger.warning(
            "most videos are shorter than a clip (%d frames, for example): clip.past_end=%s %s. "
            "Try a smaller clip.stride or clip.sampling=uniform",
            *(short[0], clip.past_end, then),
        )
    repeated = [fps for _, _, fps in lengths if clip.fps and clip.fps > 1.5 * fps * clip.stride]
    if clip.sampling == "dense" and 2 * len(repeated) > len(lengths):
        logger.warning(
            "clip.fps=%g: most videos have fewer frames a second (%g, for example), so a clip shows the same frame "
            "several times. Try a smaller clip.fps, or clip.fps=null",
            *(clip.fps, repeated[0]),
        )


def _length(path: str, options: Mapping[str, Any]) -> tuple[int, float] | None:
    """Frames and frames per second; None where it cannot be read."""
    try:
        with open_video(path, **options) as video:
            return video.num_frames, video.fps
    except BadVideo:
        return None
