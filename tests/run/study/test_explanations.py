import pytest
import torch

from videoai.attribution.pointing import motion_energy
from videoai.core.types import ClipSpec
from videoai.data.encode import write_clip
from videoai.data.motion16.motion import render
from videoai.data.motion16.truth import truth_at
from videoai.models import create_model
from videoai.report.explanations import Points, explanation_table, verdict
from videoai.run.study.explanations import circle_of, randomized, standing_still


@pytest.fixture
def rendered(tmp_path):
    """A clip of the built-in data with its truth beside it, as ``motion16`` writes them."""
    import numpy as np

    frames, where = render(label=0, seed=0, split="test", index=1, level="easy", size_px=64)
    (tmp_path / "test" / "left").mkdir(parents=True)
    write_clip(tmp_path / "test" / "left" / "00001.mp4", frames)
    columns = {name: np.stack([np.zeros_like(values), values]) for name, values in where._asdict().items()}
    np.savez(tmp_path / "truth_test.npz", **columns)
    return str(tmp_path / "test" / "left" / "00001.mp4"), frames, where


def test_the_truth_is_that_of_the_clip_and_its_frames(rendered):
    path, frames, where = rendered
    assert truth_at(path).x.tolist() == where.x.tolist()
    circle = circle_of(path, torch.tensor([0, 10]), ClipSpec(num_frames=2, size=64))
    assert circle.x.tolist() == pytest.approx([where.x[0], where.x[10]], abs=1e-6) and circle.period == 1
    bright = torch.from_numpy(frames[10].astype("float32").mean(2))
    row, column = (int(where.y[10] * 64), int(where.x[10] * 64))
    assert bright[row - 2 : row + 3, column - 2 : column + 3].mean() > bright.mean() + 40  # the object lies there


def test_a_crop_shifts_and_enlarges_the_truth(rendered):
    path, _, where = rendered
    circle = circle_of(path, torch.tensor([10]), ClipSpec(num_frames=1, size=32, resize=64))
    assert circle.period == 2
    assert float(circle.x) == pytest.approx((where.x[10] * 64 - 16) / 32, abs=1e-5)
    assert float(circle.radius) == pytest.approx(where.scale[10], abs=1e-5)


def test_a_clip_without_a_truth_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="truth_test.npz"):
        truth_at(str(tmp_path / "test" / "left" / "00001.mp4"))


def test_outside_of_a_third_a_clip_stands_still_and_shakes():
    frames, _ = render(label=0, seed=0, split="test", index=1, size_px=32, num_frames=15)
    video = torch.from_numpy(frames).permute(0, 3, 1, 2)
    still, moving = standing_still(video, 3)
    assert moving.sum() == 6 and bool((moving.nonzero().diff(dim=0) == 1).all())  # five steps
    assert torch.equal(still[moving], video[moving])
    assert not moving[int(motion_energy(still).sum((1, 2)).argmax())]  # motion alone points at the shaking
    assert torch.equal(standing_still(video, 3)[0], still)


def test_random_weights_are_other_ones_and_leave_the_network_alone():
    network = create_model("tiny_r3d", num_classes=3)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    fresh = randomized(network, 0)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert not torch.equal(fresh.head.weight, network.head.weight)


def test_the_table_and_the_sentence_hold_the_best_and_the_baselines():
    rows = [
        Points("centre of the clip", 10, 1, 5, 0.4, 0.4, 0.1),
        Points("energy of motion", 10, 8, 0, 0.3, 0.5, 0.1),
        Points("grad_cam", 10, 5, 9, 0.2, 0.6, 0.2),
        Points("grad_cam, random weights", 10, 10, 10, 0.5, 0.3, 0.2),
    ]
    assert "grad_cam                   50.0 % ( 23.7 to  76.3)" in explanation_table(rows)
    assert verdict(rows, 0.13, 0.38) == (
        "In space grad_cam points at the object in 50 % of the clips (energy of motion in 80 %), in time grad_cam in "
        "90 % (centre of the clip in 50 %); chance 13 % in space and 38 % in time."
    )
