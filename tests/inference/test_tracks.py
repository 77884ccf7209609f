import numpy as np
import pytest
import torch
from torch import nn

from videoai.core.device import resolve_device
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.tracks import FrameProbabilities, TrackReader, filled, stitched


def test_windows_that_overlap_agree_with_what_they_were_cut_from():
    rate, truth = 10.0, np.random.default_rng(0).random((2, 100))
    starts = [0, 16, 32, 48, 64, 68]
    windows = np.stack([truth[:, at : at + 32] for at in starts])
    seconds = np.stack([(at + np.arange(32)) / rate for at in starts])
    track = stitched(windows, seconds, 10.0, rate)
    assert track.num_steps == 100
    assert track.probability == pytest.approx(truth, abs=1e-6)


def test_the_middle_of_a_window_counts_more_than_its_ends():
    windows, seconds = np.stack([np.zeros((1, 4)), np.ones((1, 4))]), np.array([[0, 1, 2, 3], [2, 3, 4, 5]]) / 10
    row = stitched(windows, seconds, 0.6, 10.0).probability[0]
    assert row[2] < 0.5 < row[3]


def test_small_gaps_are_filled_and_what_could_not_be_read_stays_unknown():
    mean = np.array([[0.1, np.nan, 0.3, np.nan, np.nan, np.nan, np.nan, np.nan, 0.9]])
    assert filled(mean)[0].tolist() == pytest.approx([0.1, 0.1, 0.3, 0.3, 0.3, np.nan, 0.9, 0.9, 0.9], nan_ok=True)
    assert np.isnan(filled(np.full((1, 3), np.nan))).all()


def test_a_clip_that_holds_its_last_frame_past_the_end_stays_in_the_video():
    track = stitched(np.ones((1, 1, 4)), np.array([[0.0, 0.1, 0.1, 0.1]]), 0.2, 10.0)
    assert track.num_steps == 2
    assert not np.isnan(track.probability).any()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_videos_of_which_none_can_be_opened_are_named(count):
    clip = ClipSpec(num_frames=4, stride=1, size=8, sampling="dense")
    reader = TrackReader(
        model=FrameProbabilities(nn.Identity(), torch.sigmoid),
        to_track=stitched,
        per_frame=True,
        clip=clip,
        to_input=ToModelInput(clip),
        precision=Precision("fp32", device=resolve_device("cpu")),
    )
    items = [VideoItem(f"{number}.mp4", 0) for number in range(count)]
    with pytest.raises(ValueError, match=r"evaluate: \d videos?, of which none can be opened: 0\.mp4.*Repair them"):
        reader(items, [None] * count, what="evaluate")
