"""A search that asks with a text: its vector lies in the space of a table's clips, if the network saw texts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from videoai.core.messages import command_line
from videoai.data.feature_index import FeatureIndex
from videoai.data.feature_table import FeatureRow
from videoai.inference.features import POOLED
from videoai.inference.recorded_encoder import check_same_weights, recorded_path
from videoai.inference.text_models import open_text_model, reads_texts
from videoai.settings.features import VideoSearchSettings


def prepare_text(settings: VideoSearchSettings, index: FeatureIndex) -> Callable[[Path], FeatureIndex]:
    """What gives the text's vector, as ``prepare_query`` does for videos.

    Raises: OSError, ValueError: naming what is wrong. ImportError: naming the extra.
    """
    source = settings.checkpoint or recorded_path(index.provenance, index.path)
    again = command_line("features extract", "checkpoint=hf/xclip_base_patch32", "...")
    if not reads_texts(source):
        raise ValueError(
            f"text={settings.text}: {index.path} was made with {source}, which reads no texts. Ask with query=VIDEO, "
            f"or make a table with a network that does: {again}"
        )
    if index.provenance.get("layer") != POOLED:
        layer = index.provenance.get("layer")
        raise ValueError(
            f"text={settings.text}: {index.path} holds layer={layer}, and only layer={POOLED} lies in the space of "
            f"texts. Make it again without layer=: {again}"
        )
    model = open_text_model(source)
    check_same_weights(source, model.network, index.provenance, index.path)
    found = text_index(str(settings.text), model.vector(str(settings.text)).numpy(), index)
    return lambda folder: found


def text_index(text: str, vector: np.ndarray, index: FeatureIndex) -> FeatureIndex:
    """A table of one row."""
    row = FeatureRow(text, None, None, None, None, None, None)
    return FeatureIndex("text", [row], vector[None], np.zeros(1, np.int32), 0, [], index.provenance)
