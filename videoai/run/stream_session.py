"""What judges streams, from settings and a predictor."""

from collections.abc import Callable, Sequence
from functools import partial

from videoai.data.untrimmed import BACKGROUND
from videoai.inference.predict import Predictor
from videoai.inference.step import stepper_of
from videoai.live.decide import Rules
from videoai.live.follow import Memories
from videoai.live.session import Session
from videoai.live.sources import Source
from videoai.live.stream import Plan, Policy
from videoai.settings.stream import StreamSettings
from videoai.tasks.classify import ClassTask

ON, OFF_SHARE = 0.5, 0.7  # an event begins; and ends at 0.35, as ``task=localize`` has them


def new_session(settings: StreamSettings, predictor: Predictor, sources: Sequence[Source], policy: Policy) -> Session:
    """All that runs; nothing is opened yet."""
    follow = follow_of(settings, predictor)
    return Session(
        sources=sources,
        plan=Plan(
            clip=predictor.model.clip,
            policy=policy,
            window_seconds=predictor.window_seconds,
            hop_seconds=None if follow else settings.hop_seconds,
            one_by_one=follow is not None,
        ),
        judge=predictor.scores,
        follow=follow,
        classes=predictor.model.classes,
        rules=rules_of(settings, predictor),
        realtime=settings.pace == "realtime",
        top_k=settings.top_k,
        max_batch=settings.max_batch,
    )


def follow_of(settings: StreamSettings, predictor: Predictor) -> Callable[[], Memories] | None:
    """What begins to follow a stream frame by frame; None = windows are judged.

    Raises: ValueError: the network needs whole clips.
    """
    stepper = None if settings.mode == "windows" or settings.window_seconds else stepper_of(predictor)
    if stepper is None:
        if settings.mode == "frames":
            raise ValueError(
                f"mode=frames: {settings.checkpoint} reads whole clips. Leave it out, or train a network that answers "
                "frame by frame; docs/stream.md lists them."
            )
        if settings.reset_seconds != "auto":
            raise ValueError(f"reset_seconds={settings.reset_seconds} has no effect: windows are judged. Leave it out.")
        return None
    words: dict[str, float | None] = {"auto": None, "never": float("inf")}
    reset = words[settings.reset_seconds] if isinstance(settings.reset_seconds, str) else settings.reset_seconds
    frames = predictor.model.clip.num_frames
    return partial(Memories, stepper, frames, reset_seconds=reset, hop_seconds=settings.hop_seconds)


def rules_of(settings: StreamSettings, predictor: Predictor) -> Rules:
    """Raises: ValueError: an event would end as it begins."""
    classes = predictor.model.classes
    tuned = list(predictor.thresholds) or [ON] * len(classes)
    on = tuned if settings.on_threshold == "auto" else [settings.on_threshold] * len(classes)
    off = [OFF_SHARE * one for one in on] if settings.off_threshold == "auto" else [settings.off_threshold] * len(on)
    if above := [name for name, high, low in zip(classes, on, off, strict=True) if low > high]:
        raise ValueError(
            f"off_threshold={settings.off_threshold}: above the on_threshold of {above[0]}. Leave it out, or set both."
        )
    return Rules(
        on=on,
        off=off,
        min_seconds=settings.min_seconds,
        smoothing=settings.smoothing,
        smooth_windows=settings.smooth_windows,
        quiet=[label for label, name in enumerate(classes) if name.lower() in BACKGROUND],
    )


def check_answers(checkpoint: str, predictor: Predictor) -> None:
    """Raises: ValueError: its answers are no classes of windows, or need sound."""
    if not isinstance(predictor.task, ClassTask):
        raise ValueError(f"{checkpoint}: stream names classes, and this one answers otherwise. Use videoai predict.")
    if predictor.model.clip.sound:
        raise ValueError(f"{checkpoint} hears, and stream shows pictures alone. Use videoai predict.")
