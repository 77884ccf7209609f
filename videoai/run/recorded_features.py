"""Where the features come from that a checkpoint learned from: kept in it, and compared with those it is to read."""

from collections.abc import Mapping
from typing import Any

from videoai.core.messages import command_line
from videoai.data.feature_sequences import TABLES, FeatureSequences, open_sequences
from videoai.inference.video_features import learned_features
from videoai.settings.data import DataSettings

KEPT = ("checkpoint", "folder", "weights", "layer", "clip", "window_seconds", "stride_seconds", "preset", "precision")
SAME = ("weights", "layer", "clip", "window_seconds", "stride_seconds")  # other features where one of these differs


def facts_of_features(data: DataSettings) -> dict[str, Any]:
    """What made the features of ``data``; {} = its videos are read. Raises: as ``open_sequences``."""
    known = open_sequences(data.features).facts if data.features else {}
    return {key: known[key] for key in KEPT if key in known}


def check_features(data: DataSettings, state: Mapping[str, Any], checkpoint: str) -> None:
    """Raises: ValueError: features of another network or of other windows than ``checkpoint`` learned from, or pixels
    in their place, or features for a model of pixels."""
    learned = learned_features(state)
    if not learned:
        if data.features:
            raise ValueError(
                f"data.features={data.features}: {checkpoint} reads pixels. Leave data.features out, or train a head "
                f"on features: {command_line('train', 'task=localize', 'data.features=' + data.features, '...')}"
            )
        return
    if not data.features:
        raise ValueError(
            f"{checkpoint} learned from features of {learned.get('checkpoint')}, and data={data.name} has videos. "
            f"Extract them first: {extraction_of(learned)} Then add data.features=runs/features/features.parquet"
        )
    check_same(f"data.features={data.features}", facts_of_features(data), learned, checkpoint)


def check_same(given: str, now: Mapping[str, Any], learned: Mapping[str, Any], checkpoint: str) -> None:
    """Raises: ValueError: a table, named as ``given``, of other features than ``checkpoint`` learned from."""
    if differing := [key for key in SAME if now.get(key) != learned.get(key)]:
        said = ", ".join(f"{key}: {now.get(key)}, not {learned.get(key)}" for key in differing)
        raise ValueError(
            f"{given}: other features than {checkpoint} learned from ({said}). Extract them alike: "
            f"{extraction_of(learned)}"
        )


def table_of_input(state: Mapping[str, Any], given: str, checkpoint: str) -> FeatureSequences | None:
    """The table that ``predict`` is to read; None = ``input`` names videos. Raises: ValueError: one of other features,
    or for a model of pixels."""
    if not given.endswith(TABLES):
        return None
    if not (learned := learned_features(state)):
        raise ValueError(f"input={given}: features, and {checkpoint} reads pixels. Give videos.")
    sequences = open_sequences(given)
    check_same(f"input={given}", sequences.facts, learned, checkpoint)
    return sequences


def extraction_of(learned: Mapping[str, Any]) -> str:
    """The command that makes such features of a folder of videos."""
    keys = ("preset", "layer") if learned.get("preset") else ("layer", "window_seconds", "stride_seconds")
    how = [f"{key}={learned[key]}" for key in keys if learned.get(key) is not None]
    return command_line("features extract", f"checkpoint={learned.get('checkpoint')}", "input=FOLDER", *how)
