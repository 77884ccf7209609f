"""Features that a checkpoint learned from, beside those that it is to read."""

from pathlib import Path

import numpy as np
import pytest

from videoai.core.device import resolve_device
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.engine.precision import Precision
from videoai.inference.features import Encoder
from videoai.inference.video_features import VideoEncoder, encoder_of, learned_features
from videoai.run.recorded_features import check_features, facts_of_features, table_of_input
from videoai.settings.data import DataSettings

CLIP = {"num_frames": 8, "size": 32, "mean": [0.1, 0.2, 0.3]}
LEARNED = {"checkpoint": "enc.pt", "weights": "0a", "layer": "pooled", "clip": CLIP}
LEARNED |= {"window_seconds": 1.0, "stride_seconds": 0.5}


def data(folder: Path, **facts: object) -> DataSettings:
    """Data with a table of such features."""
    row = FeatureRow("a.mp4", 0.0, 1.0, None, None, None, None)
    path = folder / "t.npz"
    write_table(path, iter([Block([row], np.zeros((1, 2), np.float32))]), 2, {**LEARNED, **facts})
    return DataSettings(source={"name": "csv", "path": "x.csv"}, features=str(path))


PIXELS = DataSettings(source={"name": "csv", "path": "x.csv"})


def test_the_same_features_pass_wherever_their_network_lies(tmp_path: Path):
    check_features(data(tmp_path, checkpoint="moved.pt", root="/elsewhere"), {"features": LEARNED}, "best.pt")
    check_features(PIXELS, {}, "best.pt")
    assert facts_of_features(PIXELS) == {}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"weights": "0b"}, "weights: 0b, not 0a"),
        ({"layer": "stages.1"}, "layer: stages.1, not pooled"),
        ({"clip": {**CLIP, "size": 64}}, "clip: "),
        ({"stride_seconds": 0.25}, "stride_seconds: 0.25, not 0.5"),
    ],
)
def test_other_features_are_refused_with_what_differs_and_the_command(tmp_path: Path, facts: dict, said: str):
    with pytest.raises(ValueError, match="other features than best.pt learned from") as refused:
        check_features(data(tmp_path, **facts), {"features": LEARNED}, "best.pt")
    assert said in str(refused.value)
    assert "videoai features extract checkpoint=enc.pt input=FOLDER layer=pooled window_seconds=1.0" in str(
        refused.value
    )
    with pytest.raises(ValueError, match="other features"):
        table_of_input({"features": LEARNED}, str(data(tmp_path, **facts).features), "best.pt")


def test_pixels_and_features_are_not_taken_for_each_other(tmp_path: Path):
    with pytest.raises(ValueError, match=r"learned from features of enc\.pt, and data=csv has videos"):
        check_features(PIXELS, {"features": LEARNED}, "best.pt")
    with pytest.raises(ValueError, match=r"best\.pt reads pixels\. Leave data\.features out"):
        check_features(data(tmp_path), {}, "best.pt")
    with pytest.raises(ValueError, match=r"best\.pt reads pixels\. Give videos"):
        table_of_input({}, str(data(tmp_path).features), "best.pt")
    with pytest.raises(ValueError, match=r"encoder=enc\.pt: best\.pt reads pixels"):
        encoder_of({}, "best.pt", Precision("fp32", device=resolve_device("cpu")), given="enc.pt")


@pytest.mark.parametrize("learned", ["text", [1], 3])
def test_a_damaged_record_is_one_sentence(learned: object):
    with pytest.raises(ValueError, match="should say how features were made"):
        learned_features({"features": learned})
    network = Encoder.__new__(Encoder)
    precision = Precision("fp32", device=resolve_device("cpu"))
    for facts in ({"layer": "pooled"}, {**LEARNED, "clip": {"frames": 3}}, {**LEARNED, "stride_seconds": [1]}):
        with pytest.raises(ValueError, match="does not say how its features were made"):
            VideoEncoder.of(network, facts, precision)
