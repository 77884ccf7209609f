import torch
from torch import Tensor, nn

from videoai.attribution.occlusion import blocks_of, occlusion, temporal_occlusion


class Watch(nn.Module):
    """Output 0 is the brightness of one place, output 1 how much the clip changes between frames 5 and 6."""

    def forward(self, video: Tensor) -> Tensor:
        place = video[:, 0, 2, 1, -1]
        return torch.stack([place, (video[:, :, 6] - video[:, :, 5]).abs().mean((1, 2, 3))], 1)


def test_the_block_that_matters_is_the_hottest():
    video = torch.zeros(1, 3, 8, 14, 14)
    video[:, :, 2, 1, -1] = 1.0
    heat = occlusion(Watch(), video, 0)
    assert heat[2, 1, -1] > 0.9 * heat.max() > 0  # neighbouring blocks reach the place, too
    assert heat[6:].max() == 0 and heat[:, 8:].max() == 0 and heat[..., :8].max() == 0


def test_blocks_cover_every_pixel():
    seen = torch.zeros(5, 9, 7)
    for block in blocks_of((5, 9, 7), (4, 7, 7)):
        seen[block] += 1
    assert seen.min() >= 1 and len(list(blocks_of((5, 9, 7), (4, 7, 7)))) == 4 * 7 * 7


def test_a_clip_shorter_than_the_blocks_has_as_many_blocks_as_frames():
    assert occlusion(Watch(), torch.zeros(1, 3, 8, 14, 14), 0, cells=(20, 2, 2)).shape == (8, 14, 14)


def test_the_moment_of_a_change_is_the_hottest():
    video = torch.zeros(1, 3, 16, 4, 4)
    video[:, :, 6:] = 1.0
    heat = temporal_occlusion(Watch(), video, 1)
    assert heat.shape == (16, 4, 4) and int(heat[:, 0, 0].argmax()) in (5, 6)
    assert heat[10:].max() == 0
