"""Clips that a model does not take, and the one step that makes clip and model agree."""

from collections.abc import Sequence

Size3 = tuple[int, int, int]  # T, H, W


def check_clip(name: str, given: Sequence[int], built_for: Sequence[int], patch: Size3) -> None:
    """Of a model that is built for one clip.

    Args:
        given, built_for: (T, H, W).
        patch: (T, H, W), of which every clip of such a model must be a multiple.

    Raises: ValueError: another clip, with the settings that fit.
    """
    if tuple(given) != tuple(built_for):
        raise ValueError(
            f"{name}: a clip of {times(given)} (T, H, W), but the model is built for {times(built_for)}. Set "
            f"{settings('model', given, patch)}, or {settings('clip', built_for, patch)}."
        )


def check_patches(name: str, clip: Sequence[int], patch: Size3, *, group: str = "model") -> None:
    """Of any clip that is cut into patches; ``group`` names where its size is set.

    Raises: ValueError: the patches do not divide it, with the settings that fit.
    """
    if any(length % step or not length for length, step in zip(clip, patch, strict=True)):
        raise ValueError(
            f"{name}: a clip of {times(clip)} (T, H, W) does not divide into {times(patch)} patches. Set "
            f"{settings(group, clip, patch)}."
        )


def settings(group: str, clip: Sequence[int], patch: Size3) -> str:
    """What to set: the largest clip of whole patches that is no larger than this one, for the model and the clip."""
    frames, size = (max(step, length // step * step) for length, step in zip(clip[:2], patch[:2], strict=True))
    both = group == "model" and (frames, size, size) != tuple(clip)
    return " ".join(f"{one}.num_frames={frames} {one}.size={size}" for one in ((group, "clip") if both else (group,)))


def times(clip: Sequence[int]) -> str:
    """``16x224x224``."""
    return "x".join(map(str, clip))
