"""What a search asks: features made as those of the index were, or another table of the same network."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from videoai.data.feature_index import FeatureIndex, open_index
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.inference.features import Encoder
from videoai.inference.predict import find_videos
from videoai.inference.recorded_encoder import open_recorded
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
    encoder = open_recorded(index.provenance, index.path, settings.checkpoint, trust=settings.trust)
    return partial(extracted, settings, index, encoder)


def extracted(settings: VideoSearchSettings, index: FeatureIndex, encoder: Encoder, folder: Path) -> FeatureIndex:
    """The features of the videos of a query, as those of the index were made."""
    made = extract(extraction(settings, index, folder), encoder=encoder)
    queries = open_index(made.path)
    check_same_network(index, queries, str(settings.query))
    return queries


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
