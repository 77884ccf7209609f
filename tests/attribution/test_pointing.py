import torch
from torch import nn

from videoai.attribution.faithfulness import area, curves
from videoai.attribution.pointing import (
    Circle,
    centre_point,
    hits_in_space,
    hits_in_time,
    motion_energy,
    over_time,
)


def point(time, row, column, shape=(4, 10, 10)):
    heat = torch.zeros(shape)
    heat[time, row, column] = 1.0
    return heat


def test_a_point_hits_the_circle_of_its_frame_alone():
    circle = Circle(torch.tensor([0.25, 0.75, 0.75, 0.75]), torch.full((4,), 0.5), torch.full((4,), 0.1))
    assert hits_in_space(point(0, 5, 2), circle)
    assert not hits_in_space(point(1, 5, 2), circle)
    assert not hits_in_space(point(0, 5, 5), circle)


def test_an_object_that_leaves_at_the_right_comes_in_at_the_left():
    circle = Circle(torch.full((4,), 0.98), torch.full((4,), 0.5), torch.full((4,), 0.1))
    assert hits_in_space(point(0, 5, 0), circle)
    assert not hits_in_space(point(0, 5, 0), circle._replace(period=1.3))  # a crop: there it comes in out of sight


def test_the_hottest_frame_is_the_one_with_the_largest_sum():
    heat = point(2, 0, 0) + 0.3 * torch.ones(4, 10, 10) * torch.tensor([0, 1, 0, 0.0])[:, None, None]
    assert hits_in_time(heat, torch.tensor([False, True, False, False]))
    assert not hits_in_time(heat, torch.tensor([True, False, True, True]))


def test_shares_over_time_add_up_to_one_and_of_no_heat_to_zero():
    torch.testing.assert_close(over_time(torch.rand(5, 3, 3)).sum(), torch.tensor(1.0))
    assert over_time(torch.zeros(5, 3, 3)).sum() == 0


def test_the_baselines_point_at_the_middle_and_at_what_changes():
    assert centre_point((4, 10, 10))[2, 5, 5] == 1
    frames = torch.zeros(4, 3, 10, 10, dtype=torch.uint8)
    frames[2:, :, 7, 2] = 255
    energy = motion_energy(frames)
    assert energy.shape == (4, 10, 10)
    time, row, column = torch.unravel_index(energy.argmax(), energy.shape)
    assert int(time) == 2 and abs(int(row) - 7) <= 2 and abs(int(column) - 2) <= 2


class Left(nn.Module):
    """Class 1 is the brightness of the left half."""

    def forward(self, video):
        half = video[..., : video.shape[-1] // 2].mean((1, 2, 3, 4))
        return torch.stack([torch.zeros_like(half), half], 1)


def test_a_heat_on_the_evidence_deletes_early_and_inserts_early():
    video = torch.zeros(1, 3, 2, 8, 8)
    video[..., :4] = 8.0
    right_heat, wrong_heat = torch.zeros(2, 8, 8), torch.zeros(2, 8, 8)
    right_heat[..., :4], wrong_heat[..., 4:] = 1.0, 1.0
    good, bad = (curves(Left(), video, 1, heat) for heat in (right_heat, wrong_heat))
    assert area(good.deletion) < area(bad.deletion) and area(good.insertion) > area(bad.insertion)
    torch.testing.assert_close(good.deletion[0], good.insertion[-1])  # nothing hidden, everything shown
    torch.testing.assert_close(good.deletion[-1], good.insertion[0])


def test_the_area_of_a_straight_line_is_its_mean():
    assert abs(area(torch.linspace(0, 1, 11)) - 0.5) < 1e-6  # float32
