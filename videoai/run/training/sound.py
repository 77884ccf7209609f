"""``modalities`` with a: what the sound of a clip is, and whether these videos have any."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from videoai.core import process_group
from videoai.core.messages import pluralize
from videoai.core.types import ClipSpec, SoundSpec
from videoai.data.lists.items import Items
from videoai.data.shards.shards import is_member
from videoai.data.sound import check_torchaudio
from videoai.run.training.open_run import Settings
from videoai.run.video_facts import spread
from videoai.settings.training import TrainSettings
from videoai.tasks.supervised import SupervisedTask
from videoai.tasks.task import Task

logger = logging.getLogger(__name__)
NUM_LOOKED_AT = 256  # videos; opening one takes some milliseconds


def with_heard(clip: ClipSpec, settings: Settings, task: Task) -> ClipSpec:
    """The clip with its sound, where the settings ask for it.

    Raises: ValueError: a task that knows no sound. ImportError: a package is missing.
    """
    if not isinstance(settings, TrainSettings) or not settings.hears:
        return clip
    if not isinstance(task, SupervisedTask):
        given = ",".join(settings.modalities)
        raise ValueError(f"modalities=[{given}]: task {type(task).__name__} learns from pictures alone. Use [v].")
    check_torchaudio()
    audio = settings.audio
    sound = SoundSpec(num_mels=audio.num_mels, num_steps=audio.num_steps, is_required=not settings.sees)
    return replace(clip, sound=sound)


def check_heard(items: Items, clip: ClipSpec) -> None:
    """Say how many training videos have no audio stream; what is read later counts them one by one.

    Raises: ValueError: none has any, or they lie in shards.
    """
    if clip.sound is None or process_group.rank() > 0:
        return
    from videoai.data.decode.sound import has_sound  # FFmpeg loads only where videos are read

    looked_at = spread(items, NUM_LOOKED_AT)
    check_files([item.path for item in looked_at], clip)
    silent = [item.path for item in looked_at if not has_sound(item.path)]
    if looked_at and len(silent) == len(looked_at):
        raise ValueError(
            f"none of {pluralize(len(silent), 'training video')} looked at has an audio stream, first {silent[0]}. "
            "Prepared, generated and cropped videos have none: name the originals, or leave modalities out."
        )
    if silent:
        then = "is unreadable" if clip.sound.is_required else "is answered by the picture alone"
        number = (len(silent), pluralize(len(looked_at), "training video"), then, silent[0])
        logger.warning("sound: %d of %s looked at have no audio stream; such a clip %s. The first: %s", *number)


def check_files(paths: Sequence[str], clip: ClipSpec) -> None:
    """Raises: ValueError: sound is asked for, and the videos lie in shards."""
    if clip.sound and any(map(is_member, paths)):
        raise ValueError(
            "sound is read from video files, and data=shards holds videos in tar files. Name the originals."
        )
