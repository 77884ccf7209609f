"""What a search asks: features made as those of the index were, or another table of the same network."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from videoai.core.checkpoint import weights_hash
from videoai.core.messages import command_line
from videoai.core.paths import is_url
from videoai.data.feature_index import FeatureIndex, open_index
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.inference.features import Encoder, open_encoder
from videoai.inference.predict import find_videos
from videoai.models.published import is_published
from videoai.run.features.extract import extract
from videoai.settings.features import ExtractSettings, VideoSearchSettings

logger = logging.getLogger(__name__)
TABLES = (".parquet", ".npz")
HOW = ("layer", "window_seconds", "stride_seconds", "precision")  # settings of extract that an index records
WINDOWS = ("window_seconds", "stride_seconds")


def prepare_query(settings: VideoSearchSettings, index: FeatureIndex) -> Callable[[Path], FeatureIndex]:
    """What gives the query's features when it is called with a folder to make them in; what can be wrong is looked at
    before.

    Raises: OSError, ValueError: naming what is wrong.
    """
    asked = str(settings.query)
    if asked.lower().endswith(TABLES):
        queries = open_index(asked)
        check_same_network(index, queries, asked)
        return lambda folder: queries
    find_videos(asked, VIDEO_EXTENSIONS, "query")
    return partial(extracted, settings, index, open_recorded(settings, index))


def extracted(settings: VideoSearchSettings, index: FeatureIndex, encoder: Encoder, folder: Path) -> FeatureIndex:
    """The features of the videos of a query, as those of the index were made."""
    made = extract(extraction(settings, index, folder), encoder=encoder)
    queries = open_index(made.path)
    check_same_network(index, queries, str(settings.query))
    return queries


def open_recorded(settings: VideoSearchSettings, index: FeatureIndex) -> Encoder:
    """The network that made the index. Raises: OSError, ValueError: it is not there, or another one."""
    source = settings.checkpoint or recorded_checkpoint(index)
    encoder = open_encoder(source, trust=settings.trust)
    check_same_weights(source, encoder.network, index)
    return encoder


def check_same_weights(source: str, network: nn.Module, index: FeatureIndex) -> None:
    """Raises: ValueError: another network than the one that made the index."""
    given, recorded = weights_hash(network), index.provenance.get("weights")
    if given != recorded:
        again = command_line("features extract", f"checkpoint={source}", "...")
        raise ValueError(
            f"checkpoint={source}: its weights are {given}, and {index.path} was made with {recorded} "
            f"({index.provenance.get('checkpoint')}). Give that checkpoint, or make the index again: {again}"
        )


def recorded_checkpoint(index: FeatureIndex) -> str:
    """Where the index says that its network lies. Raises: FileNotFoundError; ValueError: a URL, as an index may come
    from a stranger."""
    source = str(index.provenance.get("checkpoint") or "")
    if is_published(source):
        return source
    if is_url(source):
        raise ValueError(
            f"{index.path} was made with {source}, which is not fetched on its word. Add checkpoint={source}"
        )
    path = os.path.join(str(index.provenance.get("folder") or ""), source)
    for place in (source, path):
        if os.path.isfile(place):
            return place
    raise FileNotFoundError(f"{index.path} was made with {path}, which is not there. Say where it is: checkpoint=PATH")


def extraction(settings: VideoSearchSettings, index: FeatureIndex, folder: Path) -> ExtractSettings:
    """The extraction that made the index, of the query."""
    recorded = index.provenance
    missing = [key for key in HOW if key not in recorded]
    if missing:
        raise ValueError(f"{index.path} does not say its {missing[0]}. Make it again with videoai features extract")
    preset = recorded.get("preset")
    how = {key: recorded[key] for key in HOW if not (preset and key in WINDOWS)}
    return ExtractSettings(
        checkpoint=settings.checkpoint or str(recorded.get("checkpoint")),
        input=settings.query,
        preset=preset,
        format="npz" if index.path.endswith(".npz") else "parquet",
        batch_size=settings.batch_size,
        num_workers=settings.num_workers,
        decoder=settings.decoder,
        frame_fps=settings.frame_fps or recorded.get("frame_fps"),
        device=settings.device,
        trust=settings.trust,
        run_dir=str(folder),
        **how,
    )


def check_same_network(index: FeatureIndex, queries: FeatureIndex, query: str) -> None:
    """Raises: ValueError: features of another network, layer or clip, naming what differs."""
    one, other = (facts_of(table.provenance) for table in (index, queries))
    differing = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
    if differing:
        said = ", ".join(f"{key}: {other.get(key)}, not {one.get(key)}" for key in differing)
        raise ValueError(
            f"query={query}: its features are no neighbours of those of {index.path} ({said}). Make them with the same "
            "checkpoint=, layer= and preset="
        )
    windows = [key for key in WINDOWS if index.provenance.get(key) != queries.provenance.get(key)]
    if windows:
        values = (windows[0], queries.provenance.get(windows[0]), index.provenance.get(windows[0]))
        logger.warning("the windows of the query are others than those of the index: %s %s, not %s", *values)


def facts_of(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two features comparable, flat."""
    clip = {f"clip.{key}": value for key, value in dict(provenance.get("clip") or {}).items()}
    return {"weights": provenance.get("weights"), "layer": provenance.get("layer"), **clip}
