"""Clips that a model does not take, and the one step that makes clip and model agree."""

from collections.abc import Sequence

Size3 = tuple[int, int, int]  # T, H, W


def check_clip(name: str, given: Sequence[int], built_for: Sequence[int], patch: Size3) -> None:
    """Check the clip of a model that is built for one clip size.

    Args:
        given, built_for: (T, H, W).
        patch: (T, H, W); every clip of such a model is a multiple of it.

    Raises: ValueError: another clip, with the settings that fit.
    """
    if tuple(given) != tuple(built_for):
        raise ValueError(
            f"{name}: a clip of {size_text(given)} (T, H, W), but the model is built for {size_text(built_for)}. Set "
            f"{fitting_settings('model', given, patch)}, or {fitting_settings('clip', built_for, patch)}."
        )


def check_patches(name: str, clip: Sequence[int], patch: Size3, *, group: str = "model") -> None:
    """Check that a clip divides into patches; ``group`` is the settings group that holds its size.

    Raises: ValueError: the patches do not divide it, with the settings that fit.
    """
    if any(length % step or not length for length, step in zip(clip, patch, strict=True)):
        raise ValueError(
            f"{name}: a clip of {size_text(clip)} (T, H, W) does not divide into {size_text(patch)} patches. Set "
            f"{fitting_settings(group, clip, patch)}."
        )


def fitting_settings(group: str, clip: Sequence[int], patch: Size3) -> str:
    """The settings of the largest clip of whole patches that is no larger than this one, for the model and the clip."""
    frames, size = (max(step, length // step * step) for length, step in zip(clip[:2], patch[:2], strict=True))
    both = group == "model" and (frames, size, size) != tuple(clip)
    return " ".join(f"{one}.num_frames={frames} {one}.size={size}" for one in ((group, "clip") if both else (group,)))


def size_text(clip: Sequence[int]) -> str:
    """``16x224x224``."""
    return "x".join(map(str, clip))
