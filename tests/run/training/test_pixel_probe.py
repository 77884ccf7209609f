"""Do the linear classifiers tell what a picture shows from what moves in it?"""

import torch

from videoai.run.training.pixel_probe import PixelProbe, cross_validated, small_pictures


def test_one_picture_holds_what_is_seen_and_the_other_what_moves():
    video = torch.zeros(4, 3, 32, 32)
    video[:, :, :16] = 0.5  # stays
    video[1::2, :, :, 24:] = 1.0  # blinks
    seen, moving = (picture.reshape(16, 16) for picture in small_pictures(video))
    assert seen[0, 0] == 0.5 and seen[15, 0] == 0
    assert moving[:, :12].max() == 0 and moving[15, 15] == 1


def test_classes_that_a_picture_shows_are_found_and_chance_stays_chance():
    rng = torch.Generator().manual_seed(0)
    labels, groups = torch.arange(80) % 2, [str(index) for index in range(80)]
    noise = torch.randn(80, 256, generator=rng) * 0.1
    assert cross_validated(noise + labels[:, None] * torch.ones(256), labels, groups) == 1.0
    assert 0.2 < cross_validated(noise, labels, groups) < 0.75


def test_clips_of_one_group_are_never_on_both_sides():
    rng = torch.Generator().manual_seed(0)
    pictures = torch.randn(20, 256, generator=rng).repeat_interleave(4, 0)  # four clips of each of 20 people
    labels = torch.randint(2, (20,), generator=rng).repeat_interleave(4)
    apart = [str(index) for index in range(80)]
    together = [str(index // 4) for index in range(80)]
    assert cross_validated(pictures, labels, apart) > 0.95  # the person gives the class away
    assert cross_validated(pictures, labels, together) < 0.8


def test_motion_counts_more_only_where_it_is_clearly_better():
    assert PixelProbe(seen=0.6, moving=0.7, largest=0.5).moves_more
    assert not PixelProbe(seen=0.6, moving=0.62, largest=0.5).moves_more
