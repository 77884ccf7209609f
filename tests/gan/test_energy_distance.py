import pytest
import torch

from videoai.gan.energy_distance import energy_similarity, motion_features, spread


def test_clips_of_the_same_class_are_more_alike_than_those_of_another(motion_clips):
    left, more, up = (motion_features(motion_clips(*which)) for which in (("left", 0), ("left", 8), ("up", 0)))
    assert energy_similarity(left, more) > 0.9
    assert energy_similarity(left, up) < energy_similarity(left, more) - 0.05
    assert energy_similarity(left, motion_features(motion_clips("left").flip(1))) < energy_similarity(
        left, more
    )  # played backwards


def test_a_collapse_to_the_mean_is_told_from_the_real_thing():
    real, more = torch.randn(2, 64, 50, generator=torch.Generator().manual_seed(0))
    collapsed = real.mean(0, keepdim=True) + 1e-3 * more
    assert energy_similarity(real, more) == pytest.approx(1, abs=0.01)  # unbiased: 64 pairs of each
    assert energy_similarity(real, collapsed) < 0.8
    assert spread(collapsed) < 0.01 * spread(real)


def test_what_has_no_slope_or_no_pair_is_refused():
    with pytest.raises(ValueError, match="clips of 2 frames, 32 x 32 px: 3 are needed"):
        motion_features(torch.zeros(1, 2, 3, 32, 32, dtype=torch.uint8))
    with pytest.raises(ValueError, match="similarity of 1 generated clips and 4 real ones"):
        energy_similarity(torch.zeros(4, 2), torch.zeros(1, 2))
