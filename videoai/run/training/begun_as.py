"""What ``auto`` is in a run that goes on: the task, the model and the clip that it began with."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from videoai.run.training.choose_model import AUTO, AUTO_MODEL, is_open
from videoai.settings.gan import TrainGanSettings
from videoai.settings.model import ClipSettings
from videoai.settings.parse import parse, to_dict
from videoai.settings.training import TrainSettings
from videoai.tasks import AUTO as AUTO_TASK
from videoai.tasks import build_task, completed

Settings = TrainSettings | TrainGanSettings


def begun_as(settings: Settings, recorded: Mapping[str, Any]) -> Settings:
    """The settings with what ``recorded``, the config of a run, has in the place of ``auto``; the other settings stay
    open, since a comparison of settings fills them in."""
    if settings.task == AUTO_TASK:
        node = recorded["task"]
        settings = replace(settings, task=completed({"name": node} if isinstance(node, str) else node))
    if not isinstance(settings, TrainSettings) or not is_open(settings):
        return settings
    model = recorded["model"] if settings.model == AUTO_MODEL else settings.model
    then, now = recorded["clip"], to_dict(settings.clip)
    clip = {key: then.get(key) if value in (AUTO, None) else value for key, value in now.items()}
    settings = replace(settings, model=model, clip=parse(ClipSettings, clip))
    return settings if is_open(settings) else build_task(settings.task).resolve(settings)  # open: it ended at once
