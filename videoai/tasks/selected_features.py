"""A head on some of the features of a frozen body: the list that ``features select`` wrote (``finetune.features``)."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from videoai.models.heads import body_hash
from videoai.settings.training import FinetuneSettings, TrainSettings

logger = logging.getLogger(__name__)
AGAIN = "Extract and select again with this videoai: videoai features extract, then videoai features select"


def with_selection(settings: TrainSettings) -> TrainSettings:
    """The settings with the columns that the file lists. Where the file is gone they stay open: a run that goes on
    recorded them.

    Raises: ValueError: a body that learns, a file that is none, or one without columns of a network.
    """
    finetune = settings.finetune
    if finetune.columns not in ("auto", ()) or finetune.features:
        check_frozen(finetune)
    if finetune.columns != "auto":
        return settings
    if finetune.features and not Path(finetune.features).is_file():
        return settings
    columns = tuple(read_selection(finetune.features)["features"]) if finetune.features else ()
    return replace(settings, finetune=replace(finetune, columns=columns))


def check_frozen(settings: FinetuneSettings) -> None:
    """Raises: ValueError: features of a body that learns are soon others; a head that has features of its own."""
    if not settings.freeze or settings.unfreeze_epoch is not None or settings.head != "linear":
        raise ValueError(
            f"finetune.features={settings.features} takes columns of a body that stays as it is, under a linear head. "
            "Use finetune=linear_probe."
        )


def chosen_columns(settings: FinetuneSettings) -> tuple[int, ...]:
    """The columns; () = all. Raises: FileNotFoundError: the file that lists them is gone."""
    if settings.columns == "auto":
        if settings.features:
            raise FileNotFoundError(
                f"finetune.features={settings.features}: no such file. videoai features select writes selected.json; a "
                "run that goes on knows its columns."
            )
        return ()
    return settings.columns


def check_selection(settings: FinetuneSettings, model: nn.Module) -> None:
    """Raises: ValueError: the list is of the features of another network, or of another layer."""
    if not settings.features or not Path(settings.features).is_file():
        return
    network = read_selection(settings.features)["network"]
    where = f"finetune.features={settings.features}"
    if network["layer"] != "pooled":
        raise ValueError(f"{where}: of layer {network['layer']}, and a head reads the pooled features. {AGAIN}.")
    if network["body"] != (given := body_hash(model)):
        raise ValueError(
            f"{where}: selected from {network['width']} features of {network['checkpoint']} (weights below the head "
            f"{network['body']}); this run begins with others ({given}). Set weights={network['checkpoint']} and its "
            "model, or select from features of these weights."
        )
    logger.info("head: on %d of %d features, by %s", len(chosen_columns(settings)), network["width"], settings.features)


def read_selection(path: str) -> dict[str, Any]:
    """The content of selected.json. Raises: FileNotFoundError; ValueError: another file, or an older one."""
    try:
        content = json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: not selected.json of videoai features select ({error}).") from error
    columns = content.get("features") if isinstance(content, dict) else None
    if not isinstance(columns, list) or not all(type(number) is int and number >= 0 for number in columns):
        raise ValueError(f"{path}: not selected.json of videoai features select (no list of features).")
    if not isinstance(network := content.get("network"), dict) or not network.get("body"):
        raise ValueError(f"{path}: does not say of which network its columns are. {AGAIN}.")
    if not columns:
        raise ValueError(f"{path}: none of its columns is a feature of the network.")
    return content
