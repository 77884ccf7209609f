"""Cuts become shots that cover a video."""

import sys

import numpy as np
import pytest
import torch

from videoai.inference.shots import CutFinder, check_package, shots_between

TIMES = np.arange(50) / 10


@pytest.mark.parametrize(
    ("cuts", "shots"),
    [
        ([], [(0.0, 5.0)]),
        ([20], [(0.0, 2.0), (2.0, 5.0)]),
        ([30, 10, 30, 0], [(0.0, 1.0), (1.0, 3.0), (3.0, 5.0)]),
    ],
)
def test_shots_cover_the_video_without_gaps(cuts, shots):
    assert shots_between(cuts, TIMES, 5.0) == shots


def test_without_the_package_the_message_names_the_extra_and_the_way_round(monkeypatch):
    monkeypatch.setitem(sys.modules, "scenedetect", None)
    with pytest.raises(ImportError, match=r"pip install 'videoai\[shots\]'.*shots=false"):
        check_package()


@pytest.mark.parametrize("cuts", [[], [20], [12, 31]])
def test_a_cut_is_found_at_its_first_frame(cuts):
    pytest.importorskip("scenedetect")
    colors = torch.tensor([[200, 30, 30], [30, 200, 90], [40, 40, 220]], dtype=torch.uint8)
    frames = torch.stack([colors[sum(at >= cut for cut in cuts)].view(3, 1, 1).expand(3, 32, 48) for at in range(50)])
    finder = CutFinder(10.0, 3.0)
    for first in range(0, 50, 7):
        finder.add(frames[first : first + 7])
    assert finder.cuts == cuts
